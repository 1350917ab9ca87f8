import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { DerError, DerReader } from './der/read.ts';
import { nullElement, oid, sequence } from './der/write.ts';
import { OID } from './oids.ts';
import {
  isKnownSignatureAlgorithm,
  readSignatureAlgorithm,
  SIGNATURE_ALGORITHM_DER,
  verifySignature,
} from './signature.ts';

const DATA = Buffer.from('what is signed');
const EC = [OID.ecdsaSha256, OID.ecdsaSha384, OID.ecdsaSha512];
const RSA = [OID.rsaSha256, OID.rsaSha384, OID.rsaSha512];
const DIGESTS = ['sha256', 'sha384', 'sha512'];
const OTHERS = [OID.rsaPss, '1.2.840.10045.4.1', '1.2.840.113549.1.1.5', '1.2.840.113549.1.1.4'];

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ed25519 = generateKeyPairSync('ed25519');
/** Each algorithm with the key that it fits, and its digest. */
const SCHEMES: readonly (readonly [
  string,
  { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  string | null,
])[] = [
  ...EC.map((algorithm, index) => [algorithm, ec, DIGESTS[index]!] as const),
  ...RSA.map((algorithm, index) => [algorithm, rsa, DIGESTS[index]!] as const),
  [OID.ed25519, ed25519, null],
];

test('T-03 a signature verifies under its own algorithm, with its own key, over its own data', () => {
  for (const [algorithm, { privateKey, publicKey }, digest] of SCHEMES) {
    assert.ok(isKnownSignatureAlgorithm(algorithm));
    const signature = sign(digest, DATA, privateKey);
    assert.equal(verifySignature(algorithm, publicKey, DATA, signature), true, algorithm);
    assert.equal(verifySignature(algorithm, publicKey, Buffer.from('other'), signature), false, algorithm);
    for (const garbage of [Buffer.alloc(0), Buffer.of(1), Buffer.alloc(signature.length, 0xff)])
      assert.equal(verifySignature(algorithm, publicKey, DATA, garbage), false, algorithm);
    for (const [other, key] of SCHEMES)
      if (other !== algorithm)
        assert.equal(verifySignature(other, key.publicKey, DATA, signature), false, `${algorithm} ${other}`);
  }
});

test('T-03 an algorithm that does not fit the key verifies nothing, though its digest be right', () => {
  for (const [algorithm, { privateKey, publicKey }, digest] of SCHEMES) {
    const signature = sign(digest, DATA, privateKey);
    for (const [other, { publicKey: otherKey }, otherDigest] of SCHEMES)
      if (otherDigest === digest && otherKey !== publicKey)
        assert.equal(verifySignature(other, publicKey, DATA, signature), false, `${algorithm} ${other}`);
  }
});

test('T-03 what is not in the table verifies nothing', () => {
  for (const algorithm of OTHERS) {
    assert.ok(!isKnownSignatureAlgorithm(algorithm));
    assert.equal(verifySignature(algorithm, ec.publicKey, DATA, sign('sha1', DATA, ec.privateKey)), false);
  }
});

const read = (der: Uint8Array): string => readSignatureAlgorithm(new DerReader(der), 'the algorithm');

test('T-03 an algorithm is read with the parameters that belong to it', () => {
  for (const algorithm of EC) assert.equal(read(sequence(oid(algorithm))), algorithm);
  for (const algorithm of RSA) assert.equal(read(sequence(oid(algorithm), nullElement)), algorithm);
  assert.equal(read(sequence(oid(OID.ed25519))), OID.ed25519);
  for (const algorithm of OTHERS) assert.equal(read(sequence(oid(algorithm), sequence())), algorithm);
});

for (const [what, der, found] of [
  ['that is none', nullElement, 'the algorithm expected'],
  ['of nothing', sequence(), 'the algorithm expected'],
  ...RSA.map(
    (algorithm) =>
      [`${algorithm} without NULL`, sequence(oid(algorithm)), 'the algorithm lacks NULL'] as const,
  ),
  ...[...EC, OID.ed25519].map(
    (algorithm) =>
      [
        `${algorithm} with NULL`,
        sequence(oid(algorithm), nullElement),
        'something follows the algorithm',
      ] as const,
  ),
  [
    'with something after NULL',
    sequence(oid(OID.rsaSha256), nullElement, nullElement),
    'something follows the algorithm',
  ],
] as const)
  test(`T-03 an algorithm ${what} is refused`, () => {
    assert.throws(
      () => read(der),
      (error) => error instanceof DerError && error.message === found,
    );
  });

test('T-03 signers name the algorithm that they sign by', () => {
  const found = Object.entries(SIGNATURE_ALGORITHM_DER).map(([key, der]) => [key, read(der)]);
  assert.deepEqual(Object.fromEntries(found), {
    p256: OID.ecdsaSha256,
    p384: OID.ecdsaSha384,
    rsa3072: OID.rsaSha256,
    ed25519: OID.ed25519,
  });
});
