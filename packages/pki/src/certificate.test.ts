import { AppError } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { certificateToPem, chainToPem, parseCertificate, parsePemCertificates } from './certificate.ts';
import {
  bitString,
  contextConstructed,
  element,
  nullElement,
  oid,
  sequence,
  setOf,
  smallInteger,
  time,
} from './der/write.ts';
import { basicConstraints, extension, keyUsage, subjectAltName, subjectKeyId } from './extensions.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const host = await authority.host({ name: 'client.example', crlUrl: 'http://server.example:8014/crl' });
const { signer } = authority.issuing;

test('T-03 a host certificate reads as node reads it, and its facts are as issued', () => {
  const certificate = parseCertificate(host.certificate.der);
  const node = new X509Certificate(certificate.der);
  assert.equal(certificate.fingerprint, createHash('sha256').update(certificate.der).digest('hex'));
  assert.equal(certificate.fingerprint, node.fingerprint256.replaceAll(':', '').toLowerCase());
  assert.equal(certificate.serial.padStart(node.serialNumber.length, '0'), node.serialNumber.toLowerCase());
  assert.equal(certificate.subjectCn, host.hostId);
  assert.equal(certificate.notBeforeMs, node.validFromDate.getTime());
  assert.equal(certificate.notAfterMs, node.validToDate.getTime());
  assert.deepEqual(certificate.san, {
    uris: [`spiffe://${authority.domainId}/host/${host.hostId}`],
    dns: ['client.example', 'localhost'],
    ips: ['127.0.0.1', '::1'],
    others: 0,
  });
  assert.deepEqual(certificate.crlUrls, ['http://server.example:8014/crl']);
  assert.deepEqual([...certificate.keyUsages], ['digitalSignature']);
  assert.deepEqual(certificate.extKeyUsages, [OID.clientAuth]);
  assert.equal(certificate.isCa, false);
  assert.equal(certificate.authorityKeyId, authority.issuing.certificate.subjectKeyId);
  assert.equal(certificate.keyId, host.signer.keyId);
  assert.ok(node.verify(authority.issuing.certificate.publicKey));
});

test('what was parsed is a copy: changing the bytes afterwards changes nothing', () => {
  const bytes = Buffer.from(host.certificate.der);
  const certificate = parseCertificate(bytes);
  const { fingerprint } = certificate;
  bytes.fill(0);
  assert.equal(certificate.subjectCn, host.hostId);
  assert.equal(certificate.fingerprint, fingerprint);
});

test('PEM goes out without a blank line and comes back, text between the blocks or not', () => {
  const pem = chainToPem([host.certificate, authority.issuing.certificate]);
  assert.doesNotMatch(pem, /\n\n/);
  for (const text of [pem, `subject=x\n${pem.replaceAll('\n', '\r\n')}trailing`]) {
    const [leaf, issuing] = parsePemCertificates(text);
    assert.equal(leaf!.fingerprint, host.certificate.fingerprint);
    assert.equal(issuing!.fingerprint, authority.issuing.certificate.fingerprint);
  }
});

const isMalformed = (detail?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, 'CERTIFICATE_MALFORMED');
  if (detail !== undefined) assert.match(String(error.params['detail']), detail);
  return true;
};

for (const [what, text] of [
  ['no block', 'hello'],
  ['a block that does not end', '-----BEGIN CERTIFICATE-----\nAAAA'],
  ['a block that is not base64', certificateToPem(host.certificate.der).replace('\n', '\n!')],
  ['more blocks than allowed', certificateToPem(host.certificate.der).repeat(65)],
] as const)
  test(`PEM with ${what} is refused`, () => {
    assert.throws(() => parsePemCertificates(text), isMalformed());
  });

interface Parts {
  version?: Uint8Array;
  serial?: Uint8Array;
  algorithm?: Uint8Array;
  outerAlgorithm?: Uint8Array;
  issuer?: Uint8Array;
  subject?: Uint8Array;
  validity?: Uint8Array;
  extensions?: readonly Uint8Array[];
  tail?: readonly Uint8Array[];
}

/** A certificate of parts of one's own choice. */
async function build(parts: Parts): Promise<Uint8Array> {
  const algorithm = parts.algorithm ?? SIGNATURE_ALGORITHM_DER.p256;
  const tbs = sequence(
    parts.version ?? element(contextConstructed(0), smallInteger(2)),
    parts.serial ?? smallInteger(77),
    algorithm,
    parts.issuer ?? commonNameDer('CA'),
    parts.validity ?? sequence(time(NOW_MS), time(NOW_MS + 1000)),
    parts.subject ?? commonNameDer('x'),
    host.signer.spkiDer,
    element(contextConstructed(3), sequence(...(parts.extensions ?? [basicConstraints(false)]))),
    ...(parts.tail ?? []),
  );
  return sequence(tbs, parts.outerAlgorithm ?? algorithm, bitString(await signer.sign(tbs)));
}

const critical = (type: string, value: Uint8Array): Uint8Array => extension(type, true, value);
const san = subjectAltName({ dns: ['a.example'] });
const refused: readonly (readonly [string, Parts, RegExp])[] = [
  ['of version 1', { version: new Uint8Array(0) }, /version/],
  ['of version 2', { version: element(contextConstructed(0), smallInteger(1)) }, /version/],
  ['with a negative serial', { serial: Buffer.from([2, 1, 0x80]) }, /negative/],
  ['with serial zero', { serial: Buffer.from([2, 1, 0]) }, /zero/],
  ['with a serial of 21 bytes', { serial: element(2, Buffer.alloc(21, 1)) }, /too long/],
  [
    'with a serial of 20 bytes and a sign byte',
    { serial: element(2, Buffer.of(0), Buffer.alloc(20, 0xff)) },
    /too long/,
  ],
  ['with a padded serial', { serial: Buffer.from([2, 2, 0, 1]) }, /shortest/],
  [
    'with two signature algorithms',
    { outerAlgorithm: SIGNATURE_ALGORITHM_DER.p384 },
    /not the one that is signed/,
  ],
  [
    'with parameters after ECDSA',
    { algorithm: sequence(oid(OID.ecdsaSha256), nullElement) },
    /signature algorithm/,
  ],
  ['with RSA without NULL', { algorithm: sequence(oid(OID.rsaSha256)) }, /NULL/],
  ['with an empty issuer', { issuer: sequence() }, /issuer is empty/],
  ['with an empty RDN', { subject: sequence(setOf()) }, /cut off|expected/],
  [
    'with text that is not UTF-8',
    { subject: sequence(setOf(sequence(oid(OID.commonName), element(0x0c, Buffer.of(0xff))))) },
    /UTF-8/,
  ],
  [
    'with a common name that is a number',
    { subject: sequence(setOf(sequence(oid(OID.commonName), smallInteger(1)))) },
    /not text/,
  ],
  [
    'with forty name parts',
    {
      subject: sequence(
        ...Array.from({ length: 40 }, () =>
          setOf(sequence(oid('2.5.4.11'), element(0x0c, Buffer.from('x')))),
        ),
      ),
    },
    /too many parts/,
  ],
  [
    'with a year in two digits after 2049',
    { validity: sequence(time(NOW_MS), element(0x18, Buffer.from('20480101000000Z'))) },
    /UTCTime/,
  ],
  ['with a validity of three times', { validity: sequence(time(0), time(1), time(2)) }, /follows/],
  ['without extensions', { extensions: [] }, /empty/],
  ['with an extension twice', { extensions: [san, san] }, /twice/],
  [
    'with FALSE written out',
    { extensions: [sequence(oid(OID.basicConstraints), Buffer.from([1, 1, 0]), element(4, sequence()))] },
    /TRUE/,
  ],
  [
    'with bytes after an extension value',
    { extensions: [critical(OID.basicConstraints, Buffer.concat([sequence(), nullElement]))] },
    /follows/,
  ],
  [
    'with a path length but no CA',
    { extensions: [critical(OID.basicConstraints, sequence(smallInteger(1)))] },
    /pathLen/,
  ],
  [
    'with key usage bits that end in zero',
    { extensions: [critical(OID.keyUsage, Buffer.from([3, 2, 0, 0x80]))] },
    /shortest/,
  ],
  ['with an empty key usage', { extensions: [critical(OID.keyUsage, Buffer.from([3, 1, 0]))] }, /keyUsage/],
  [
    'with an empty extended key usage',
    { extensions: [extension(OID.extKeyUsage, false, sequence())] },
    /empty/,
  ],
  ['with an empty key identifier', { extensions: [subjectKeyId('')] }, /key identifier/],
  [
    'with a name of an unknown kind',
    { extensions: [extension(OID.subjectAltName, false, sequence(element(0x89, Buffer.of(1))))] },
    /no known kind/,
  ],
  [
    'with forty extensions',
    {
      extensions: Array.from({ length: 40 }, (_, index) =>
        extension(`1.3.6.1.4.1.58888.9.${index}`, false, nullElement),
      ),
    },
    /too many extensions/,
  ],
  ['with something after the extensions', { tail: [nullElement] }, /follows/],
];
for (const [what, parts, detail] of refused)
  test(`T-02 a certificate ${what} is refused`, async () => {
    const der = await build(parts);
    assert.throws(() => parseCertificate(der), isMalformed(detail));
  });

test('unknown extensions are read: critical ones are listed, so that verification refuses them', async () => {
  const certificate = parseCertificate(
    await build({
      extensions: [
        basicConstraints(false),
        extension('1.3.6.1.4.1.58888.9.1', false, nullElement),
        critical('1.3.6.1.4.1.58888.9.2', nullElement),
        keyUsage(['digitalSignature']),
      ],
    }),
  );
  assert.deepEqual(certificate.unknownCritical, ['1.3.6.1.4.1.58888.9.2']);
});

test('a certificate over the limit, with trailing bytes, or cut off is refused', () => {
  const { der } = host.certificate;
  assert.throws(() => parseCertificate(new Uint8Array(CERTIFICATE_BYTES_MAX + 1)), isMalformed(/larger/));
  assert.throws(() => parseCertificate(new Uint8Array(10 * 1024 * 1024)), isMalformed(/larger/));
  assert.throws(() => parseCertificate(Buffer.concat([der, Buffer.of(0)])), isMalformed(/trailing/));
  for (let length = 0; length < der.length; length += 7)
    assert.throws(() => parseCertificate(der.subarray(0, length)), isMalformed());
});

test('whatever bytes of a certificate change, reading gives facts or CERTIFICATE_MALFORMED', () => {
  const original = Buffer.from(host.certificate.der);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(original.length),
      (changes, cut) => {
        const bytes = Buffer.from(original);
        for (const [offset, value] of changes) bytes[offset] = value;
        for (const one of [bytes, bytes.subarray(0, cut), bytes.subarray(cut)])
          try {
            const certificate = parseCertificate(one);
            assert.equal(certificate.fingerprint.length, 64);
            void certificate.publicKey;
          } catch (error) {
            assert.ok(isMalformed()(error));
          }
      },
    ),
    { numRuns: 3000 },
  );
});
