import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { writeSync } from 'node:fs';
import { nextValue } from './counters.ts';
import { openStore } from './open-store.ts';
import { recordChange } from './record-change.ts';

// For crash.test.ts: commits transactions of several rows, one after the other, and says each number once it is committed.
const [database = '', dataFolder = ''] = process.argv.slice(2);
const store = await openStore({ database, dataFolder, clock: systemClock, log: silentLog() });
for (;;) {
  const n = await store.transaction(async (tx) => {
    const value = await nextValue(tx, 'crash');
    for (const part of ['a', 'b', 'c']) {
      await tx
        .insertInto('settings')
        .values({ key: `${value}${part}`, value: part, changed_at_ms: 0 })
        .execute();
    }
    await recordChange(tx, 'settings', `${value}`);
    return value;
  });
  writeSync(1, `${n}\n`);
}
