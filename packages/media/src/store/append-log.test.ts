import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppendLog } from './append-log.ts';

test(
  'invariant 7 appends that follow each other without a pause are all written',
  { timeout: 20_000 },
  async (t) => {
    const path = join(await tempFolder(t), 'log');
    const { log } = await AppendLog.open(path, (lines) => lines);
    await log.append({ n: 1 });
    await log.append({ n: 2 });
    await Promise.all([log.append({ n: 3 }), log.append({ n: 4 }).then(() => log.append({ n: 5 }))]);
    await log.close();
    const again = await AppendLog.open(path, (lines) => lines);
    await again.log.close();
    assert.deepEqual(
      again.lines,
      [1, 2, 3, 4, 5].map((n) => JSON.stringify({ n })),
    );
  },
);
