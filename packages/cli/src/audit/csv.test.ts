import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvLine } from './csv.ts';

/** Reads fields back. @source RFC 4180 §2 */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') return pattern.lastIndex === line.length ? fields : [];
  }
  return [];
}

test('S-06 every field reads back, and none begins as a formula', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', '+', '-', '@', '\t', 'あ') }),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (given) => {
      const read = fieldsOf(csvLine(given));
      assert.equal(read.length, given.length);
      for (const [at, field] of read.entries()) {
        assert.doesNotMatch(field, /^[=+\-@\t\r]/);
        assert.ok(field === given[at] || field === `'${given[at]}`);
      }
    }),
  );
});
