import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkDer, decodeOid, decodeTimeMs, DerError, DerReader, parsing, readElement } from './read.ts';
import {
  element,
  namedBits,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
  time,
  unsignedInteger,
} from './write.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('what the writer nests, the reader finds again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.nat(200), (content, number) => {
      const whole = sequence(element(TAG.octetString, content), smallInteger(number));
      checkDer(whole);
      const reader = new DerReader(whole).enter(TAG.sequence, 'it');
      assert.deepEqual(Buffer.from(reader.octets('content')), Buffer.from(content));
      assert.equal(reader.small('number'), number);
      reader.finish('it');
    }),
    { numRuns: 200 },
  );
});

test('numbers, object identifiers and times come back as they went in', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: -631_152_000, max: 253_402_300_799 }),
      (number, arcs, seconds) => {
        assert.equal(new DerReader(smallInteger(number)).small('it'), number);
        const dotted = `1.3.${arcs.join('.')}`;
        assert.equal(new DerReader(oid(dotted)).oid('it'), dotted);
        assert.equal(new DerReader(time(seconds * 1000 + 999)).timeMs('it'), seconds * 1000);
      },
    ),
  );
});

test('integers are written in their shortest form, and sets in order', () => {
  assert.deepEqual(Buffer.from(unsignedInteger(hex('00 00 80'))), hex('02 02 00 80'));
  assert.deepEqual(Buffer.from(unsignedInteger(hex('00'))), hex('02 01 00'));
  assert.deepEqual(Buffer.from(setOf(hex('04 01 02'), hex('02 01 05'))), hex('31 06 02 01 05 04 01 02'));
  assert.deepEqual(Buffer.from(namedBits([0])), hex('03 02 07 80'));
  assert.deepEqual(Buffer.from(namedBits([5, 6])), hex('03 02 01 06'));
  assert.deepEqual(Buffer.from(namedBits([8])), hex('03 03 07 00 80'));
});

for (const [what, bytes] of [
  ['nothing', ''],
  ['a tag alone', '30'],
  ['an indefinite length', '30 80 00 00'],
  ['a length in five bytes', '04 85 00 00 00 00 01 00'],
  ['a length with a leading zero', '04 82 00 80' + '00'.repeat(128)],
  ['a long form for a short length', '04 81 05 00 00 00 00 00'],
  ['a length that is cut off', '04 82 01'],
  ['content that is cut off', '04 05 00'],
  ['a length of four gigabytes', '30 84 ff ff ff ff 00'],
  ['a high tag number', '1f 81 01 00'],
  ['trailing bytes', '05 00 00'],
  ['a child that leaves its parent', '30 03 04 05 00'],
  ['an empty integer', '02 00'],
  ['an integer with a needless zero', '02 02 00 01'],
  ['an integer with needless ones', '02 02 ff 80'],
  ['a boolean of two bytes', '01 02 ff ff'],
  ['a boolean that is half true', '01 01 01'],
  ['a null with content', '05 01 00'],
  ['an empty object identifier', '06 00'],
  ['an object identifier that is cut off', '06 02 2a 86'],
  ['an object identifier with padding', '06 03 2a 80 01'],
  ['an object identifier with a huge arc', '06 0a 2a ff ff ff ff ff ff ff ff 7f'],
  ['an empty bit string', '03 00'],
  ['a bit string with eight unused bits', '03 02 08 00'],
  ['a bit string with unused bits and no bits', '03 01 03'],
  ['a bit string with unused bits set', '03 02 03 ff'],
  ['a constructed octet string', '24 02 04 00'],
  ['a primitive sequence', '10 00'],
  ['end-of-contents', '00 00'],
] as const)
  test(`${what} is not DER`, () => {
    assert.throws(() => checkDer(hex(bytes)), DerError);
  });

test('T-15 nesting is bounded: ten thousand levels are refused without a deep stack', () => {
  let nested: Uint8Array = new Uint8Array(0);
  for (let level = 0; level < 10_000; level += 1) nested = sequence(nested);
  assert.throws(() => checkDer(nested), /nested too deeply/);
  const [allowed, tooMany] = [16, 17].map((levels) => {
    let one: Uint8Array = new Uint8Array(0);
    for (let level = 0; level < levels; level += 1) one = sequence(one);
    return one;
  });
  checkDer(allowed!);
  assert.throws(() => checkDer(tooMany!), DerError);
});

for (const [tag, text] of [
  [TAG.utcTime, '2401010000Z'],
  [TAG.utcTime, '240101000000'],
  [TAG.utcTime, '240101000000+0100'],
  [TAG.utcTime, '241301000000Z'],
  [TAG.utcTime, '240230000000Z'],
  [TAG.utcTime, '240101240000Z'],
  [TAG.utcTime, '240101006000Z'],
  [TAG.utcTime, '240101000060Z'],
  [TAG.utcTime, '24010100000 Z'],
  [TAG.generalizedTime, '20240101000000Z'],
  [TAG.generalizedTime, '20510101000000.5Z'],
  [TAG.generalizedTime, '20510229000000Z'],
  [TAG.ia5String, '240101000000Z'],
] as const)
  test(`${text} under tag ${tag} is not a time of a certificate`, () => {
    assert.throws(() => decodeTimeMs(tag, Buffer.from(text, 'latin1'), 'it'), DerError);
  });

test('random bytes give elements or DerError, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const read of [
        () => checkDer(bytes),
        () => decodeOid(bytes),
        () => readElement(bytes, 0, bytes.length),
      ])
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof DerError);
        }
    }),
    { numRuns: 2000 },
  );
});

test('a parser turns DerError into its own refusal and lets everything else through', () => {
  assert.throws(
    () =>
      parsing('CSR_MALFORMED', () => {
        throw new DerError('wrong');
      }),
    (error) =>
      error instanceof AppError && error.code === 'CSR_MALFORMED' && error.params['detail'] === 'wrong',
  );
  assert.throws(
    () =>
      parsing('CSR_MALFORMED', () => {
        throw new RangeError('a bug');
      }),
    RangeError,
  );
});
