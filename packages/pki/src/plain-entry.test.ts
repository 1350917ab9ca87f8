import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRL_REASONS, parseCrlTbs } from './crl.ts';
import { contextConstructed, element, nullElement, sequence, smallInteger, TAG, time } from './der/write.ts';
import { extension } from './extensions.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { passPlainEntry, plainDateMs } from './plain-entry.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

const REASONS = new Map([...CRL_REASONS].map(([name, code]) => [code, name]));
const serial = (...bytes: number[]): Uint8Array => element(TAG.integer, Uint8Array.from(bytes));
const utc = (digits: string): Uint8Array => element(TAG.utcTime, Buffer.from(digits, 'latin1'));
const DATE = utc('260115123456Z');
const DATE_MS = Date.UTC(2026, 0, 15, 12, 34, 56);
const reason = (code: number): Uint8Array =>
  sequence(extension(OID.crlReason, false, element(TAG.enumerated, Uint8Array.of(code))));
const joined = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
/** A sequence of raw bytes, with its length in the short form. */
const raw = (...parts: Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  return joined(Uint8Array.of(TAG.sequence, content.length), content);
};
const many = (count: number, byte: number): Uint8Array => serial(...new Array<number>(count).fill(byte));

const BEFORE = Uint8Array.of(0xff, 0x30, 0x02, 0x17, 13);
/** Where an entry ends, said from where it begins; zero: it is not passed. */
function passed(entry: Uint8Array, after: Uint8Array = DATE, cut = 0): number {
  const bytes = joined(BEFORE, entry, after);
  const start = BEFORE.length;
  const end = passPlainEntry(bytes, start, start + entry.length - cut, REASONS);
  if (end !== 0) assert.equal(plainDateMs(bytes, start), DATE_MS);
  return end === 0 ? 0 : end - start;
}

const plain: readonly (readonly [what: string, entry: Uint8Array])[] = [
  ['of a serial of two bytes', sequence(serial(0x12, 0x34), DATE)],
  ['of a serial of twenty bytes', sequence(many(20, 0x7f), DATE)],
  ['of a serial that begins with a zero byte', sequence(serial(0, 0x80), DATE)],
  ...[...REASONS.keys()].map(
    (code) => [`of the reason ${code}`, sequence(serial(1, 2), DATE, reason(code))] as const,
  ),
];
for (const [what, entry] of plain)
  test(`T-41 an entry ${what} is passed at a glance`, () => {
    assert.equal(passed(entry), entry.length);
    assert.equal(passed(entry, new Uint8Array(0)), entry.length);
    assert.equal(passed(entry, DATE, 1), 0);
  });

const others: readonly (readonly [what: string, entry: Uint8Array])[] = [
  ['that is a set', element(TAG.set, serial(1, 2), DATE)],
  ['that is a number', serial(1, 2)],
  ['whose length is in the long form', joined(Uint8Array.of(TAG.sequence, 0x81, 19), serial(1, 2), DATE)],
  ['whose serial is no number', sequence(element(TAG.octetString, Uint8Array.of(1, 2)), DATE)],
  ['of an empty serial', sequence(element(TAG.integer), DATE)],
  ['of a serial of one byte', sequence(serial(7), DATE)],
  ['of serial zero', sequence(serial(0), DATE)],
  ['of a serial of 21 bytes', sequence(many(21, 1), DATE)],
  ['of a negative serial', sequence(serial(0x80, 1), DATE)],
  ['of a negative serial of one bits', sequence(serial(0xff, 0x7f), DATE)],
  ['of a serial with a zero byte too many', sequence(serial(0, 0x7f), DATE)],
  ['without a date', sequence(serial(1, 2))],
  ['whose date is no date', sequence(serial(1, 2), element(TAG.octetString, Buffer.from('260115123456Z')))],
  [
    'whose date is in the other form',
    sequence(serial(1, 2), element(TAG.generalizedTime, Buffer.from('260115123456Z'))),
  ],
  [
    'whose date says its length otherwise',
    raw(serial(1, 2), Uint8Array.of(TAG.utcTime, 12), DATE.subarray(2)),
  ],
  ['whose date is none of the calendar', sequence(serial(1, 2), utc('260230123456Z'))],
  ['whose date has no Z', sequence(serial(1, 2), utc('2601151234560'))],
  ['with a byte after its date', raw(serial(1, 2), DATE, Uint8Array.of(1))],
  ['with NULL after its date', sequence(serial(1, 2), DATE, nullElement)],
  ['with a reason that is not known', sequence(serial(1, 2), DATE, reason(7))],
  ['with a reason and something after it', sequence(serial(1, 2), DATE, reason(1), nullElement)],
  [
    'with another extension',
    sequence(
      serial(1, 2),
      DATE,
      sequence(extension('2.5.29.24', false, element(TAG.enumerated, Uint8Array.of(1)))),
    ),
  ],
  [
    'with a reason that is a number',
    sequence(serial(1, 2), DATE, sequence(extension(OID.crlReason, false, smallInteger(1)))),
  ],
  [
    'with a critical reason',
    sequence(
      serial(1, 2),
      DATE,
      sequence(extension(OID.crlReason, true, element(TAG.enumerated, Uint8Array.of(1)))),
    ),
  ],
];
for (const [what, entry] of others)
  test(`T-41 an entry ${what} is left to the grammar`, () => {
    assert.equal(passed(entry), 0);
  });

/** A list of that one entry, in whatever form. */
const listOf = (entry: Uint8Array): Uint8Array =>
  sequence(
    smallInteger(1),
    SIGNATURE_ALGORITHM_DER.p256,
    commonNameDer('CA'),
    time(0),
    time(1000),
    sequence(entry),
    element(contextConstructed(0), sequence(extension(OID.crlNumber, false, smallInteger(1)))),
  );

test('T-41 whatever bytes an entry has, what is passed at a glance is what the grammar reads', () => {
  let count = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...plain),
      fc.array(fc.tuple(fc.nat(36), fc.oneof(fc.nat(255), fc.constantFrom(0x30, 0x31, 0x39, 0, 1, 2))), {
        minLength: 1,
        maxLength: 3,
      }),
      ([, original], changes) => {
        const entry = Buffer.from(original);
        for (const [at, value] of changes) if (at < entry.length) entry[at] = value;
        if (passPlainEntry(entry, 0, entry.length, REASONS) !== entry.length) return;
        count += 1;
        const tbs = parseCrlTbs(listOf(entry));
        const [read, ...more] = [...tbs.entries()];
        assert.deepEqual(more, []);
        assert.deepEqual([...tbs.serials], [read?.serial]);
        assert.equal(plainDateMs(entry, 0), read?.revokedAtMs);
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(count > 0);
});
