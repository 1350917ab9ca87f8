import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeld, judgeAhead, wantedSerial } from './echo.ts';

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

const ahead: readonly [string, number, ReturnType<typeof judgeAhead>][] = [
  ['a process that was behind owes nothing', 12, 'held'],
  ['nor does an older one', 5, 'held'],
  ['the serial of another document was given', 13, 'given'],
  ['so was the last of all', 20, 'given'],
  ['one of the past that nobody knows of may be lost', 21, 'lost'],
  ['so may one of a moment ago', 999, 'lost'],
  ['the next one of this moment would be no higher', 1_000, 'never'],
  ['one of the future was never given', 1_001, 'never'],
];
for (const [title, serial, expected] of ahead)
  test(`F-37 ${title}`, () => {
    assert.equal(judgeAhead(serial, { newest: 12, last: 20, nowMs: 1_000 }), expected);
  });
