import { AppError } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  certificateToPem,
  chainToPem,
  describeSubject,
  parseCertificate,
  parsePemCertificates,
  parseTbs,
} from './certificate.ts';
import { DerError } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  element,
  nullElement,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
  time,
} from './der/write.ts';
import { basicConstraints } from './extensions.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { PEM_BLOCKS_MAX } from './pem.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const { root, issuing, documentSigner, server } = authority;
const algorithm = SIGNATURE_ALGORITHM_DER.p256;

/** The parts of a TBSCertificate that is read. */
const PARTS = {
  version: element(contextConstructed(0), smallInteger(2)),
  serial: smallInteger(77),
  algorithm,
  issuer: commonNameDer('CA'),
  validity: sequence(time(NOW_MS), time(NOW_MS + 1000)),
  subject: commonNameDer('x'),
  key: server.signer.spkiDer,
  extensions: element(contextConstructed(3), sequence(basicConstraints(false))),
  tail: new Uint8Array(0),
};
const tbsOf = (changed: Partial<typeof PARTS>): Uint8Array =>
  sequence(...Object.values({ ...PARTS, ...changed }));
const outerOf = (...parts: Uint8Array[]): Uint8Array => sequence(...parts);
const signature = bitString(new Uint8Array(64));
const certificateOf = (changed: Partial<typeof PARTS>): Uint8Array =>
  outerOf(tbsOf(changed), changed.algorithm ?? algorithm, signature);

function findingOf(act: () => unknown): unknown {
  try {
    act();
    return 'nothing';
  } catch (error) {
    if (error instanceof DerError) return error.message;
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'CERTIFICATE_MALFORMED');
    return error.params['detail'];
  }
}

const cases: readonly (readonly [what: string, der: Uint8Array, found: string])[] = [
  ['as it should be', certificateOf({}), 'nothing'],
  ['that is a set', setOf(tbsOf({}), algorithm, signature), 'a certificate expected'],
  ['of nothing', outerOf(), 'tbsCertificate expected'],
  ['without an algorithm', outerOf(tbsOf({}), signature), 'the signature algorithm expected'],
  ['without a signature', outerOf(tbsOf({}), algorithm), 'the signature expected'],
  [
    'with a signature of bits',
    outerOf(tbsOf({}), algorithm, Uint8Array.of(TAG.bitString, 2, 1, 2)),
    'the signature is not of whole bytes',
  ],
  [
    'with something after the signature',
    outerOf(tbsOf({}), algorithm, signature, nullElement),
    'something follows the signature',
  ],
  [
    'under another algorithm than the signed one',
    outerOf(tbsOf({}), SIGNATURE_ALGORITHM_DER.p384, signature),
    'the signature algorithm is not the one that is signed',
  ],
  ['without a version', certificateOf({ version: new Uint8Array(0) }), 'it is not of version 3'],
  [
    'of version 2',
    certificateOf({ version: element(contextConstructed(0), smallInteger(1)) }),
    'it is not of version 3',
  ],
  [
    'with a version that is no number',
    certificateOf({ version: element(contextConstructed(0), nullElement) }),
    'the version expected',
  ],
  [
    'with two versions',
    certificateOf({ version: element(contextConstructed(0), smallInteger(2), smallInteger(2)) }),
    'something follows the version',
  ],
  ['without a serial number', certificateOf({ serial: new Uint8Array(0) }), 'the serial number expected'],
  [
    'with a negative serial number',
    certificateOf({ serial: Uint8Array.of(TAG.integer, 1, 0x80) }),
    'the serial number is negative',
  ],
  ['with serial number zero', certificateOf({ serial: smallInteger(0) }), 'the serial number is zero'],
  [
    'with a serial number of 20 bytes',
    certificateOf({ serial: element(TAG.integer, new Uint8Array(20).fill(0x7f)) }),
    'nothing',
  ],
  [
    'with a serial number of 21 bytes',
    certificateOf({ serial: element(TAG.integer, new Uint8Array(21).fill(0x7f)) }),
    'the serial number is too long',
  ],
  [
    'with a serial number of 20 bytes and one for its sign',
    certificateOf({ serial: element(TAG.integer, Uint8Array.of(0), new Uint8Array(20).fill(0x80)) }),
    'the serial number is too long',
  ],
  [
    'with an algorithm that is none',
    certificateOf({ algorithm: nullElement }),
    'the signature algorithm expected',
  ],
  ['with an empty algorithm', certificateOf({ algorithm: sequence() }), 'the signature algorithm expected'],
  [
    'with something after the algorithm',
    certificateOf({ algorithm: sequence(oid(OID.ecdsaSha256), nullElement) }),
    'something follows the signature algorithm',
  ],
  ['with an issuer that is none', certificateOf({ issuer: nullElement }), 'the issuer expected'],
  ['with an empty issuer', certificateOf({ issuer: sequence() }), 'the issuer is empty'],
  ['without validity', certificateOf({ validity: nullElement }), 'the validity expected'],
  ['without times', certificateOf({ validity: sequence(nullElement) }), 'notBefore expected'],
  ['without an end', certificateOf({ validity: sequence(time(0), nullElement) }), 'notAfter expected'],
  [
    'with a third time',
    certificateOf({ validity: sequence(time(0), time(1), time(2)) }),
    'something follows the validity',
  ],
  ['with a subject that is none', certificateOf({ subject: nullElement }), 'the subject expected'],
  ['without a key', certificateOf({ key: nullElement }), 'the key expected'],
  ['without extensions', certificateOf({ extensions: new Uint8Array(0) }), 'the extensions expected'],
  [
    'with something after the list of extensions',
    certificateOf({
      extensions: element(contextConstructed(3), sequence(basicConstraints(false)), nullElement),
    }),
    'something follows the extensions',
  ],
  [
    'with something after the extensions',
    certificateOf({ tail: nullElement }),
    'something follows the extensions',
  ],
  [
    'as large as the limit',
    element(TAG.sequence, new Uint8Array(CERTIFICATE_BYTES_MAX - 4)),
    'a tag that is not allowed',
  ],
  [
    'larger than the limit',
    element(TAG.sequence, new Uint8Array(CERTIFICATE_BYTES_MAX - 3)),
    `larger than ${CERTIFICATE_BYTES_MAX} bytes`,
  ],
];
for (const [what, der, found] of cases)
  test(`T-02 reading finds ${found} wrong with a certificate ${what}`, () => {
    assert.equal(
      findingOf(() => parseCertificate(der)),
      found,
    );
  });

test('T-02 the signed part is one element', () => {
  const tbs = tbsOf({});
  assert.equal(
    findingOf(() => parseTbs(tbs)),
    'nothing',
  );
  assert.equal(
    findingOf(() => parseTbs(setOf())),
    'tbsCertificate expected',
  );
  assert.equal(
    findingOf(() => parseTbs(tbsOf({ algorithm: nullElement }))),
    'the signature algorithm expected',
  );
  assert.equal(
    findingOf(() => parseTbs(Buffer.concat([tbs, nullElement]))),
    'something follows tbsCertificate',
  );
});

test('T-08 the bits of a serial number are counted from the highest that is set', () => {
  for (const [bytes, bits] of [
    [[77], 7],
    [[1], 1],
    [[0, 0x80], 8],
    [[1, 0], 9],
    [[0x7f, 1, 2], 23],
  ] as const) {
    const serial = element(TAG.integer, Uint8Array.from(bytes));
    assert.equal(parseTbs(tbsOf({ serial })).serialBits, bits);
  }
});

test('a certificate says of its extensions what is in them', () => {
  assert.deepEqual([root.certificate.pathLength, issuing.certificate.pathLength], [undefined, 0]);
  assert.deepEqual([root.certificate.isCa, server.certificate.isCa], [true, false]);
  assert.deepEqual(
    [documentSigner.certificate.extKeyUsageCritical, server.certificate.extKeyUsageCritical],
    [true, false],
  );
  assert.deepEqual(documentSigner.certificate.extKeyUsages, [OID.documentSigner]);
  assert.match(server.certificate.subjectKeyId ?? '', /^[0-9a-f]{40}$/);
  assert.equal(server.certificate.authorityKeyId, root.certificate.subjectKeyId);
  assert.equal(
    parseCertificate(certificateOf({ serial: element(TAG.integer, Uint8Array.of(9)) })).serial,
    '09',
  );
});

test('T-03 a certificate says of what kind its key is, when that is accepted', () => {
  assert.equal(server.certificate.keyAlgorithm, 'p256');
  const weak = sequence(sequence(oid(OID.ecPublicKey), oid(OID.p224)), bitString(new Uint8Array(57)));
  assert.equal(parseCertificate(certificateOf({ key: weak })).keyAlgorithm, undefined);
});

test('a certificate is called by its common name, or else by the beginning of its fingerprint', () => {
  assert.equal(describeSubject(parseCertificate(certificateOf({}))), 'x');
  const nameless = parseCertificate(certificateOf({ subject: sequence() }));
  assert.equal(describeSubject(nameless), `certificate ${nameless.fingerprint.slice(0, 16)}`);
});

test('a chain file is its certificates, one below the other', () => {
  const [one, other] = [root.certificate, issuing.certificate];
  assert.equal(chainToPem([one, other]), certificateToPem(one.der) + certificateToPem(other.der));
});

test('a text without a certificate, and one beyond the limit, are refused for that', () => {
  const longest = 'x'.repeat(PEM_BLOCKS_MAX * CERTIFICATE_BYTES_MAX * 2);
  assert.equal(
    findingOf(() => parsePemCertificates(longest)),
    'no PEM block CERTIFICATE',
  );
  assert.equal(
    findingOf(() => parsePemCertificates(`${longest}x`)),
    'the text is too long',
  );
});
