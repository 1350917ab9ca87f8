import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSha256Hex } from '../ids.ts';
import { decideAdoption } from './adoption.ts';

const [ONE, OTHER] = [parseSha256Hex('1'.repeat(64))!, parseSha256Hex('2'.repeat(64))!];

test('the first document of its type is adopted, whatever its serial', () => {
  assert.equal(decideAdoption(undefined, { serial: 0, contentSha256: ONE }), 'adopt');
});

for (const { serial, contentSha256, decision } of [
  { serial: 11, contentSha256: ONE, decision: 'adopt' },
  { serial: 11, contentSha256: OTHER, decision: 'adopt' },
  { serial: 10, contentSha256: ONE, decision: 'same' },
  { serial: 10, contentSha256: OTHER, decision: 'fork' },
  { serial: 9, contentSha256: ONE, decision: 'lower' },
  { serial: 9, contentSha256: OTHER, decision: 'lower' },
])
  test(`serial ${serial} with ${contentSha256 === ONE ? 'the same' : 'other'} content after serial 10: ${decision}`, () => {
    assert.equal(decideAdoption({ serial: 10, contentSha256: ONE }, { serial, contentSha256 }), decision);
  });

test('in whatever order documents arrive, the highest serial that was seen first is held', () => {
  const versions = fc.array(fc.record({ serial: fc.nat(20), contentSha256: fc.constantFrom(ONE, OTHER) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(versions, (arriving) => {
      let held: (typeof arriving)[number] | undefined;
      for (const next of arriving) if (decideAdoption(held, next) === 'adopt') held = next;
      const highest = Math.max(...arriving.map(({ serial }) => serial));
      assert.deepEqual(
        held,
        arriving.find(({ serial }) => serial === highest),
      );
    }),
  );
});
