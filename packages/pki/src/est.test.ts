import { AppError } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contextConstructed, element, nullElement, oid, sequence, setOf, smallInteger } from './der/write.ts';
import { certsOnlyPkcs7, parseCertsOnly } from './est.ts';
import { OID } from './oids.ts';

const authority = await TestAuthority.create({ nowMs: Date.UTC(2026, 0, 15) });
const both = [authority.root.certificate, authority.issuing.certificate];

const isMalformed = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'CERTIFICATE_MALFORMED';

test('T-06 certificates come back out of a certs-only message in their order', () => {
  assert.deepEqual(
    parseCertsOnly(certsOnlyPkcs7(both)).map(({ fingerprint }) => fingerprint),
    both.map(({ fingerprint }) => fingerprint),
  );
});

const message = (content: readonly Uint8Array[], type: string = OID.signedData): Uint8Array =>
  sequence(oid(type), element(contextConstructed(0), sequence(...content)));
const certificates = element(contextConstructed(0), both[0]!.der);
const head = [smallInteger(1), setOf(), sequence(oid(OID.data))];

for (const [what, bytes] of [
  ['of another type', message([...head, certificates, setOf()], OID.data)],
  ['without certificates', message([...head, setOf()])],
  ['with an empty list', certsOnlyPkcs7([])],
  ['with a signer', message([...head, certificates, setOf(sequence())])],
  ['with something after it', Buffer.concat([certsOnlyPkcs7(both), nullElement])],
  ['with something inside', message([...head, certificates, setOf(), nullElement])],
  ['with seventeen certificates', certsOnlyPkcs7(Array.from({ length: 17 }, () => both[0]!))],
  ['that is empty', new Uint8Array(0)],
  ['of ten megabytes', new Uint8Array(10 * 1024 * 1024)],
] as const)
  test(`T-06 a message ${what} is refused`, () => {
    assert.throws(() => parseCertsOnly(bytes), isMalformed);
  });

test('whatever bytes of a message change, it is read or refused', () => {
  const original = Buffer.from(certsOnlyPkcs7(both));
  fc.assert(
    fc.property(
      fc.nat(original.length - 1),
      fc.nat(255),
      fc.nat(original.length - 1),
      (offset, value, cut) => {
        const bytes = Buffer.from(original);
        bytes[offset] = value;
        for (const one of [bytes, bytes.subarray(0, cut)])
          try {
            parseCertsOnly(one);
          } catch (error) {
            assert.ok(isMalformed(error), String(error));
          }
      },
    ),
    { numRuns: 1000 },
  );
});
