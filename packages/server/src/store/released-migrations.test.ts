import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf } from './migrations.ts';

const FOLDER = join(import.meta.dirname, 'migrations');

/** Files of `migrations/` that differ from what was released, or that are gone. */
function changedSince(
  released: ReadonlyMap<string, string>,
  read: (file: string) => string | undefined,
): string[] {
  return [...released]
    .filter(([file, checksum]) => {
      const text = read(file);
      return text === undefined || checksumOf(text) !== checksum;
    })
    .map(([file]) => file);
}

/** Lines `<sha256>  <file>`, as sha256sum writes them; `#` begins a comment. */
const readReleased = (text: string): Map<string, string> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, checksum, file] = /^([0-9a-f]{64}) {2}(\S+\.sql)$/.exec(line) ?? [];
        assert.ok(checksum !== undefined && file !== undefined, `not a line of sha256sum: ${line}`);
        return [file, checksum];
      }),
  );

test('S-07 released migrations are frozen', () => {
  const present = new Set(readdirSync(FOLDER));
  const released = readReleased(readFileSync(join(FOLDER, 'RELEASED'), 'utf8'));
  const changed = changedSince(released, (file) =>
    present.has(file) ? readFileSync(join(FOLDER, file), 'utf8') : undefined,
  );
  assert.deepEqual(changed, [], 'write a new migration instead of changing a released one');
});

test('the guard sees an edited and a removed migration', () => {
  const released = readReleased(`# note\n${checksumOf('a')}  0001_a.sql\n${checksumOf('b')}  0002_b.sql\n`);
  const texts = new Map([['0001_a.sql', 'a changed']]);
  assert.deepEqual(
    changedSince(released, (file) => texts.get(file)),
    ['0001_a.sql', '0002_b.sql'],
  );
  texts.set('0001_a.sql', 'a').set('0002_b.sql', 'b');
  assert.deepEqual(
    changedSince(released, (file) => texts.get(file)),
    [],
  );
});
