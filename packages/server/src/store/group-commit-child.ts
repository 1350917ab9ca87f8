import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { writeSync } from 'node:fs';
import { openStore } from './open-store.ts';
import { recordChange } from './record-change.ts';

// For group-commit.test.ts: many acts of several rows at a time, each said once it is acknowledged, until the process is killed.
const CALLERS = 24;
const [database = '', dataFolder = '', round = ''] = process.argv.slice(2);
const store = await openStore({ database, dataFolder, clock: systemClock, log: silentLog() });
const call = async (caller: number): Promise<void> => {
  for (let n = 0; ; n += 1) {
    const act = `${round}.${caller}.${n}`;
    await store.submit(async (tx) => {
      for (const part of ['a', 'b', 'c'])
        await tx
          .insertInto('settings')
          .values({ key: `${act}.${part}`, value: part, changed_at_ms: 0 })
          .execute();
      await recordChange(tx, 'settings', act);
    });
    writeSync(1, `${act}\n`);
  }
};
await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
