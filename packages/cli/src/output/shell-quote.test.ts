import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { test } from 'node:test';
import { quoteCommand } from './shell-quote.ts';

test('S-01 a corrected command can be pasted: a shell reads back what was meant', () => {
  const word = fc.string().filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const read = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${quoteCommand(words)}`], {
        encoding: 'utf8',
      });
      assert.deepEqual(read.split('\0').slice(0, -1), words);
    }),
    { numRuns: 25 },
  );
});
