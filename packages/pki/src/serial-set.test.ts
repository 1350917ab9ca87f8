import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsignedInteger } from './der/write.ts';
import { SerialSet } from './serial-set.ts';

/** A set over INTEGERs one after the other, with something before them. */
function setOf(serials: readonly string[]): SerialSet {
  const encoded = serials.map((serial) => unsignedInteger(Buffer.from(serial, 'hex')));
  const starts: number[] = [];
  let at = 3;
  for (const one of encoded) {
    starts.push(at + 2);
    at += one.length;
  }
  return new SerialSet(Buffer.concat([Buffer.alloc(3, 2), ...encoded]), Uint32Array.from(starts));
}

const serials = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .filter((bytes) => bytes[0] !== 0 && (bytes.length < 20 || bytes[0]! < 0x80))
  .map((bytes) => Buffer.from(bytes).toString('hex'));
/** Many that are alike: a byte of one or another, so that they come twice and share their places in the table. */
const alike = fc.constantFrom('01', '02', '80', 'ff', '0100', '0180', 'ff00', 'ffff', '010000');

test('T-41 a set of serials is the set of their texts', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(serials, alike)), fc.array(fc.oneof(serials, alike)), (given, others) => {
      const [found, expected] = [setOf(given), new Set(given)];
      assert.deepEqual([...found], given);
      assert.deepEqual([...found.keys()], given);
      for (const one of [...given, ...others]) assert.equal(found.has(one), expected.has(one), one);
      assert.equal(found.size, expected.size);
    }),
  );
});

test('T-41 how many different serials there are does not depend on what was asked before', () => {
  assert.deepEqual([setOf([]).size, setOf(['01']).size, setOf(['01', '02', '01']).size], [0, 1, 2]);
  const asked = setOf(['01', '02', '01']);
  assert.ok(asked.has('02'));
  assert.deepEqual([asked.size, asked.size], [2, 2]);
});

test('T-41 what is no serial is in no set', () => {
  const found = setOf(['0102', 'ab', `7f${'01'.repeat(19)}`]);
  for (const text of [
    '',
    '0',
    '010',
    '01020',
    '0102zz',
    'zz',
    'xab',
    '00ab',
    'ab00',
    `7f${'01'.repeat(20)}`,
    '01'.repeat(50),
  ])
    assert.equal(found.has(text), false, text);
  for (const text of ['0102', 'ab', 'AB', `7f${'01'.repeat(19)}`]) assert.equal(found.has(text), true, text);
  for (const text of ['', '01', 'ab']) assert.equal(setOf([]).has(text), false, text);
});

test('T-41 ten thousand serials are found, and those beside them are not', () => {
  const given = Array.from({ length: 10_000 }, (_, index) =>
    (index * 2 + 0x100_0000).toString(16).padStart(8, '0'),
  );
  const found = setOf(given.map((serial) => serial.replace(/^(00)+/, '')));
  assert.equal(found.size, 10_000);
  for (let index = 0; index < 20_000; index += 1)
    assert.equal(found.has((index + 0x100_0000).toString(16).padStart(8, '0')), index % 2 === 0);
});
