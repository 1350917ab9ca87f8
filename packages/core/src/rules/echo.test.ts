import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeld, wantedSerial } from './echo.ts';

const cases: readonly [string, [number, number, number | undefined], boolean][] = [
  ['what the step made is held', [12, 12, 12], true],
  ['what was made before it is not', [11, 12, 12], false],
  ['the newest version of a document that the step left as it was is', [5, 12, 5], true],
  ['an older version of that is not', [4, 12, 5], false],
  ['what the step made counts, though it was made again since', [12, 12, 15], true],
  ['a number that was never given counts for nothing', [99, 12, 15], false],
  ['without a document for it a host holds what the step made, or not', [12, 12, undefined], true],
  ['and an older one not', [11, 12, undefined], false],
  ['a step that makes no document asks for none', [0, 0, 12], true],
];
for (const [title, [serial, wanted, newest], expected] of cases)
  test(`F-37 ${title}`, () => {
    assert.equal(isHeld(serial, wanted, newest), expected);
  });

test('F-37 a document that a step leaves as it was lowers no gate', () => {
  assert.equal(wantedSerial([5, 12, 13], 11), 12);
  assert.equal(wantedSerial([5, 9], 11), 9);
  assert.equal(wantedSerial([], 11), 0);
});
