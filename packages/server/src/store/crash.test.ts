import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { lastChange } from './change-feed.ts';

const ROUNDS = 6;

/** Lets a process commit until it has said so `commits` times, kills it, and returns the last number it said. */
async function commitAndKill(database: string, folder: string, commits: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-child.ts'), database, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8');
  for await (const chunk of child.stdout) {
    said += String(chunk);
    // the kill comes at some point of a later transaction; what was said before it arrived counts too
    if (said.split('\n').length > commits) child.kill('SIGKILL');
  }
  return Number(said.split('\n').at(-2));
}

eachStore((_dialect, open) => {
  test('S-07 a process killed in the middle of transactions loses nothing it had committed', async (t) => {
    const opened = await open(t);
    await opened.store.close();
    const random = new SeededRandom('crash');
    for (let round = 1; round <= ROUNDS; round += 1) {
      const said = await commitAndKill(
        opened.database,
        opened.folder,
        3 + Math.floor(random.fraction() * 40),
      );
      const store = await opened.another();
      const rows = await store.db.selectFrom('settings').select('key').execute();
      const values = new Set(rows.map(({ key }) => Number(key.slice(0, -1))));
      const last = await lastChange(store);
      assert.ok(last >= said, 'what was said to be committed is there');
      assert.ok(last <= said + 1, 'and at most one more, whose answer was lost');
      assert.deepEqual([values.size, rows.length], [last, last * 3], 'all of each transaction, or nothing');
      await store.close();
    }
  });
});
