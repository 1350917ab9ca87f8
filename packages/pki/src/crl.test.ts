import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CRL_REASONS, parseCrl, verifyCrl, type Crl, type CrlEntry, type CrlReason } from './crl.ts';
import {
  bitString,
  contextConstructed,
  element,
  nullElement,
  sequence,
  smallInteger,
  TAG,
  time,
} from './der/write.ts';
import { authorityKeyId, extension } from './extensions.ts';
import { OID } from './oids.ts';
import { RevocationSet } from './revocation-set.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';
import { signCrl } from './sign-crl.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const foreign = await TestAuthority.create({ nowMs: NOW_MS });
const { issuing, root } = authority;

const refusedWith = (code: ErrorCode, detail?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, code);
  if (detail !== undefined) assert.match(String(error.params['detail'] ?? error.params['findings']), detail);
  return true;
};

const entry = fc.record(
  {
    serial: fc
      .uint8Array({ minLength: 1, maxLength: 16 })
      .map((bytes) =>
        Buffer.from(bytes)
          .toString('hex')
          .replace(/^(00)+/, ''),
      )
      .filter((serial) => serial !== ''),
    revokedAtMs: fc.integer({ min: 0, max: NOW_MS / 1000 }).map((seconds) => seconds * 1000),
    reason: fc.constantFrom<CrlReason>(...CRL_REASONS.keys()),
  },
  { noNullPrototype: true },
);

test('what a list says is what it was signed with, whatever its entries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(entry, { maxLength: 40, selector: ({ serial }) => serial }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      async (entries, number) => {
        const crl = await authority.crl({ entries, number });
        verifyCrl(crl, issuing.certificate);
        assert.equal(crl.number, number);
        assert.equal(crl.thisUpdateMs, NOW_MS);
        assert.equal(crl.nextUpdateMs, NOW_MS + 7 * DAY_MS);
        assert.deepEqual([...crl.entries()], entries);
        assert.deepEqual(
          [...crl.serials],
          entries.map(({ serial }) => serial),
        );
        assert.equal(crl.authorityKeyId, issuing.certificate.subjectKeyId);
      },
    ),
    { numRuns: 100 },
  );
});

test('T-41 a list of a hundred thousand entries is signed, read and verified', async () => {
  const entries = Array.from({ length: 100_000 }, (): CrlEntry => {
    const serial = randomBytes(16);
    serial[0]! |= 1;
    return { serial: serial.toString('hex'), revokedAtMs: NOW_MS - DAY_MS, reason: 'superseded' };
  });
  const crl = await authority.crl({ entries });
  verifyCrl(crl, issuing.certificate);
  assert.equal(crl.serials.size, entries.length);
  assert.ok(entries.every(({ serial }) => crl.serials.has(serial)));
});

test('T-02 a list of another CA, or one that was touched, is refused', async () => {
  const crl = await authority.crl({ revoke: [authority.server.certificate] });
  assert.throws(() => verifyCrl(crl, root.certificate), refusedWith('CRL_ISSUER_WRONG'));
  assert.throws(() => verifyCrl(crl, foreign.issuing.certificate), refusedWith('CRL_ISSUER_WRONG'));
  const host = await authority.host();
  assert.throws(() => verifyCrl(crl, host.certificate), refusedWith('CRL_ISSUER_WRONG'));
  const bytes = Buffer.from(crl.der);
  const at = bytes.indexOf(Buffer.from(authority.server.certificate.serial, 'hex'));
  bytes[at + 5]! ^= 1;
  assert.throws(() => verifyCrl(parseCrl(bytes), issuing.certificate), refusedWith('CRL_SIGNATURE_INVALID'));
});

for (const [rule, what, changed] of [
  [/R5/, 'ends before it begins', { nextUpdateMs: NOW_MS - 1000 }],
  [/R5/, 'ends when it begins', { nextUpdateMs: NOW_MS }],
  [/R5/, 'begins before its CA', { thisUpdateMs: issuing.certificate.notBeforeMs - DAY_MS }],
  [
    /R5/,
    'begins after its CA expired',
    {
      thisUpdateMs: issuing.certificate.notAfterMs + DAY_MS,
      nextUpdateMs: issuing.certificate.notAfterMs + 2 * DAY_MS,
    },
  ],
  [/R4/, 'has number zero', { number: 0 }],
  [
    /R6/,
    'has a serial twice',
    {
      entries: ['ab', 'ab'].map((serial) => ({
        serial,
        revokedAtMs: NOW_MS,
        reason: 'unspecified' as const,
      })),
    },
  ],
  [
    /R6/,
    'revokes in the future',
    { entries: [{ serial: 'ab', revokedAtMs: NOW_MS + DAY_MS, reason: 'keyCompromise' as const }] },
  ],
  [
    /R6/,
    'has a serial that is not hex',
    { entries: [{ serial: 'xyz', revokedAtMs: NOW_MS, reason: 'keyCompromise' as const }] },
  ],
  [
    /zero/,
    'has serial zero',
    { entries: [{ serial: '00', revokedAtMs: NOW_MS, reason: 'keyCompromise' as const }] },
  ],
  [
    /R2/,
    'is signed by a certificate that is no CA',
    { issuer: { certificate: authority.server.certificate, signer: authority.server.signer } },
  ],
  [/R7/, 'is signed by another key', { issuer: { certificate: issuing.certificate, signer: root.signer } }],
] as const)
  test(`T-08 a list that ${what} is not signed`, async () => {
    const wish = {
      issuer: issuing,
      number: 1,
      thisUpdateMs: NOW_MS,
      nextUpdateMs: NOW_MS + DAY_MS,
      entries: [],
    };
    await assert.rejects(signCrl({ ...wish, ...changed }), refusedWith('ISSUANCE_LINT_REFUSED', rule));
  });

interface Parts {
  version?: Uint8Array;
  issuer?: Uint8Array;
  nextUpdate?: Uint8Array;
  entries?: readonly Uint8Array[] | undefined;
  extensions?: readonly Uint8Array[];
  outerAlgorithm?: Uint8Array;
}
const number = extension(OID.crlNumber, false, smallInteger(1));
const aki = authorityKeyId(issuing.certificate.subjectKeyId!);
async function build(parts: Parts): Promise<Uint8Array> {
  const tbs = sequence(
    parts.version ?? smallInteger(1),
    SIGNATURE_ALGORITHM_DER.p256,
    parts.issuer ?? issuing.certificate.subjectDer,
    time(NOW_MS),
    parts.nextUpdate ?? time(NOW_MS + DAY_MS),
    ...(parts.entries === undefined ? [] : [sequence(...parts.entries)]),
    element(contextConstructed(0), sequence(...(parts.extensions ?? [aki, number]))),
  );
  return sequence(
    tbs,
    parts.outerAlgorithm ?? SIGNATURE_ALGORITHM_DER.p256,
    bitString(await issuing.signer.sign(tbs)),
  );
}
const entryOf = (...extensions: Uint8Array[]): Uint8Array =>
  sequence(smallInteger(7), time(NOW_MS), ...(extensions.length > 0 ? [sequence(...extensions)] : []));
const reason = (code: number): Uint8Array =>
  extension(OID.crlReason, false, element(TAG.enumerated, Uint8Array.of(code)));

test('the list that the following are made from is read', async () => {
  verifyCrl(parseCrl(await build({ entries: [entryOf(reason(1))] })), issuing.certificate);
});

for (const [what, parts, detail] of [
  ['of version 1', { version: new Uint8Array(0) }, /version/],
  ['without nextUpdate', { nextUpdate: new Uint8Array(0) }, /nextUpdate/],
  ['without a number', { extensions: [aki] }, /cRLNumber/],
  ['with two numbers', { extensions: [number, number] }, /twice/],
  [
    'that is a delta',
    { extensions: [number, extension('2.5.29.27', true, smallInteger(1))] },
    /2\.5\.29\.27/,
  ],
  ['that is indirect', { entries: [entryOf(extension('2.5.29.29', true, nullElement))] }, /2\.5\.29\.29/],
  ['with an empty list of entries', { entries: [] }, /empty/],
  ['with an entry of serial zero', { entries: [sequence(smallInteger(0), time(NOW_MS))] }, /zero/],
  ['with a reason that takes back (8)', { entries: [entryOf(reason(8))] }, /reason/],
  ['with an unknown reason', { entries: [entryOf(reason(11))] }, /reason/],
  ['with a reason twice', { entries: [entryOf(reason(1), reason(1))] }, /twice/],
  ['with an entry that is no sequence', { entries: [nullElement] }, /entry/],
  [
    'with something after an entry',
    { entries: [sequence(smallInteger(7), time(NOW_MS), sequence(reason(1)), nullElement)] },
    /follows/,
  ],
  ['with an empty issuer', { issuer: sequence() }, /issuer/],
  ['with two signature algorithms', { outerAlgorithm: SIGNATURE_ALGORITHM_DER.p384 }, /not the one/],
] as const)
  test(`T-41 a list ${what} is refused`, async () => {
    const der = await build(parts);
    assert.throws(() => parseCrl(der), refusedWith('CRL_MALFORMED', detail));
  });

test('whatever bytes of a list change, reading gives facts or CRL_MALFORMED', async () => {
  const original = Buffer.from((await authority.crl({ revoke: [authority.server.certificate] })).der);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.nat(original.length - 1),
      (changes, cut) => {
        const bytes = Buffer.from(original);
        for (const [offset, value] of changes) bytes[offset] = value;
        for (const one of [bytes, bytes.subarray(0, cut), Buffer.concat([bytes, Buffer.of(0)])])
          try {
            parseCrl(one);
          } catch (error) {
            assert.ok(refusedWith('CRL_MALFORMED')(error));
          }
      },
    ),
    { numRuns: 2000 },
  );
});

test('ten megabytes of garbage are refused at once', () => {
  for (const garbage of [randomBytes(10 * 1024 * 1024), Buffer.alloc(10 * 1024 * 1024, 0x30)])
    assert.throws(() => parseCrl(garbage), refusedWith('CRL_MALFORMED'));
});

test('T-42 a revocation set is keyed by issuer key and serial', async () => {
  const set = new RevocationSet();
  assert.equal(set.crlNumber, 0);
  assert.equal(set.nextUpdateMs, undefined);
  const { serial } = authority.server.certificate;
  set.add(await authority.crl({ revoke: [authority.server.certificate], number: 5 }), issuing.certificate);
  set.add(await foreign.crl({ number: 3, thisUpdateMs: NOW_MS - 3600_000 }), foreign.issuing.certificate);
  assert.equal(set.isRevoked(issuing.certificate.keyId, serial), true);
  assert.equal(set.isRevoked(foreign.issuing.certificate.keyId, serial), false);
  assert.equal(set.isRevoked(root.certificate.keyId, serial), false);
  assert.equal(set.isRevoked(issuing.certificate.keyId, 'ab'), false);
  assert.equal(set.crlNumber, 5);
  assert.equal(set.nextUpdateMs, NOW_MS - 3600_000 + 7 * DAY_MS);
});

test('T-42 a revocation set takes no lower number, no second list of one number, and no list of a stranger', async () => {
  const set = new RevocationSet();
  const add = (crl: Crl): void => set.add(crl, issuing.certificate);
  const held = await authority.crl({ revoke: [authority.server.certificate], number: 5 });
  add(held);
  add(held);
  add(parseCrl(held.der));
  const lower = await authority.crl({ number: 4 });
  const reused = await authority.crl({ number: 5 });
  const strange = await foreign.crl({ number: 9 });
  assert.throws(() => add(lower), refusedWith('CRL_NUMBER_LOWER'));
  assert.throws(() => add(reused), refusedWith('CRL_NUMBER_REUSED'));
  assert.throws(() => add(strange), refusedWith('CRL_ISSUER_WRONG'));
  assert.equal(set.isRevoked(issuing.certificate.keyId, authority.server.certificate.serial), true);
  add(await authority.crl({ number: 6 }));
  assert.equal(set.isRevoked(issuing.certificate.keyId, authority.server.certificate.serial), false);
});
