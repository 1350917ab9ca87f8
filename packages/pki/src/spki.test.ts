import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { DerError, DerReader } from './der/read.ts';
import { bitString, element, nullElement, oid, sequence, setOf, smallInteger, TAG } from './der/write.ts';
import { verifySignature } from './signature.ts';
import { OID } from './oids.ts';
import { judgeKey, publicKeyOfSpki, RSA_BITS_MAX, RSA_BITS_MIN } from './spki.ts';

const DATA = Buffer.from('what is signed');
const P256_BYTES = 32;

test('T-15 a key of P-256 is the one that its bytes say, and checks what was signed with it', () => {
  for (let n = 0; n < 64; n += 1) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spkiDer = publicKey.export({ format: 'der', type: 'spki' });
    const key = publicKeyOfSpki(spkiDer);
    assert.ok(key.equals(publicKey));
    assert.deepEqual(key.export({ format: 'der', type: 'spki' }), spkiDer);
    const signature = sign('sha256', DATA, privateKey);
    assert.ok(verifySignature(OID.ecdsaSha256, key, DATA, signature));
    assert.ok(!verifySignature(OID.ecdsaSha256, key, Buffer.from('something else'), signature));
  }
});

test('T-15 keys of other kinds are read as they are', () => {
  for (const { publicKey } of [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ed25519'),
  ]) {
    const spkiDer = publicKey.export({ format: 'der', type: 'spki' });
    assert.ok(publicKeyOfSpki(spkiDer).equals(publicKey));
  }
});

test('T-15 no bytes that are no point of P-256 become a key', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const good = publicKey.export({ format: 'der', type: 'spki' });
  const start = good.length - 2 * P256_BYTES;
  const prime = Buffer.from('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff', 'hex');
  const spoiled: readonly [string, (spki: Buffer) => void][] = [
    ['a bit of x', (spki) => spki.writeUInt8(spki.readUInt8(start + 9) ^ 1, start + 9)],
    ['a bit of y', (spki) => spki.writeUInt8(spki.readUInt8(good.length - 1) ^ 1, good.length - 1)],
    ['both zero', (spki) => spki.fill(0, start)],
    ['x as large as the field', (spki) => prime.copy(spki, start)],
    ['y as large as the field', (spki) => prime.copy(spki, start + P256_BYTES)],
    ['both all ones', (spki) => spki.fill(0xff, start)],
  ];
  for (const [what, spoil] of spoiled) {
    const spki = Buffer.from(good);
    spoil(spki);
    assert.throws(() => publicKeyOfSpki(spki), DerError, what);
  }
  assert.throws(() => publicKeyOfSpki(good.subarray(0, -1)), DerError, 'too short');
  assert.throws(() => publicKeyOfSpki(Buffer.alloc(0)), DerError, 'nothing');
});

test('T-15 bytes that are no key say so, with what OpenSSL had against them', () => {
  assert.throws(
    () => publicKeyOfSpki(Buffer.alloc(3)),
    (error) => {
      assert.ok(error instanceof DerError);
      assert.equal(error.message, 'the key is not valid');
      assert.ok(error.cause instanceof Error);
      return true;
    },
  );
});

function judged(spki: Uint8Array): unknown {
  try {
    return judgeKey(spki, new DerReader(spki).next());
  } catch (error) {
    assert.ok(error instanceof DerError, String(error));
    return error.message;
  }
}

const keyOf = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  sequence(sequence(...algorithm), bitString(key));
const accepted = (algorithm: string) => ({ accepted: true, algorithm });
const weak = (detail: string) => ({ accepted: false, reason: 'weak', detail });
const unsupported = (detail: string) => ({ accepted: false, reason: 'unsupported', detail });

const point = (bytes: number, first = 4): Uint8Array => Buffer.alloc(bytes, 7).fill(first, 0, 1);
const curve = (name: string, key: Uint8Array, ...more: Uint8Array[]): Uint8Array =>
  keyOf([oid(OID.ecPublicKey), oid(name), ...more], key);

const integer = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return element(TAG.integer, Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex'));
};
const rsa = (modulus: bigint, exponent = 65_537n): Uint8Array =>
  keyOf([oid(OID.rsaEncryption), nullElement], sequence(integer(modulus), integer(exponent)));
const rsaOf = (key: Uint8Array): Uint8Array => keyOf([oid(OID.rsaEncryption), nullElement], key);

const PRIMES = Array.from({ length: 751 }, (_, index) => index + 2).filter((candidate) =>
  Array.from({ length: candidate - 2 }, (_, index) => index + 2).every(
    (divisor) => candidate % divisor !== 0,
  ),
);
/** The first number from there on that no small prime divides. */
function withoutSmallFactor(from: bigint): bigint {
  for (let value = from; ; value += 1n)
    if (PRIMES.every((prime) => value % BigInt(prime) !== 0n)) return value;
}
const bits = (count: number): bigint => 2n ** BigInt(count - 1);
const good = withoutSmallFactor(bits(RSA_BITS_MIN));
const NO_EXPONENT = 'an RSA exponent other than 65537';

const cases: readonly (readonly [what: string, spki: Uint8Array, judgement: unknown])[] = [
  ['without an algorithm', sequence(nullElement), 'the key algorithm expected'],
  ['with an empty algorithm', keyOf([], point(65)), 'the key algorithm expected'],
  ['without bits', sequence(sequence(oid(OID.ed25519))), 'the key expected'],
  [
    'with something after its bits',
    sequence(sequence(oid(OID.ed25519)), bitString(point(32)), nullElement),
    'something follows the key',
  ],
  [
    'with odd bits',
    sequence(sequence(oid(OID.ed25519)), Uint8Array.of(TAG.bitString, 2, 1, 2)),
    'the key is not of whole bytes',
  ],
  ['of an unknown algorithm', keyOf([oid(OID.rsaPss)], point(65)), unsupported(`algorithm ${OID.rsaPss}`)],
  ['of Ed25519', keyOf([oid(OID.ed25519)], point(32)), accepted('ed25519')],
  ['of Ed25519 with 31 bytes', keyOf([oid(OID.ed25519)], point(31)), 'the key has a wrong length'],
  ['of Ed25519 with 33 bytes', keyOf([oid(OID.ed25519)], point(33)), 'the key has a wrong length'],
  [
    'of Ed25519 with parameters',
    keyOf([oid(OID.ed25519), nullElement], point(32)),
    'something follows the key algorithm',
  ],
  ['of P-256', curve(OID.p256, point(65)), accepted('p256')],
  ['of P-384', curve(OID.p384, point(97)), accepted('p384')],
  ['of P-192', curve(OID.p192, point(49)), weak(`curve ${OID.p192}`)],
  ['of P-224', curve(OID.p224, point(57)), weak(`curve ${OID.p224}`)],
  ['of secp256k1', curve('1.3.132.0.10', point(65)), unsupported('curve 1.3.132.0.10')],
  [
    'without a curve',
    keyOf([oid(OID.ecPublicKey)], point(65)),
    unsupported('a curve given by its parameters'),
  ],
  [
    'with a curve of its own',
    keyOf([oid(OID.ecPublicKey), sequence()], point(65)),
    unsupported('a curve given by its parameters'),
  ],
  ['with something after its curve', curve(OID.p256, point(65), nullElement), 'something follows the curve'],
  ...(
    [
      ['that is compressed', OID.p256, point(33, 2)],
      ['that is hybrid', OID.p256, point(65, 6)],
      ['of 64 bytes', OID.p256, point(64)],
      ['of 66 bytes', OID.p256, point(66)],
      ['of the other curve', OID.p384, point(65)],
    ] as const
  ).map(
    ([what, name, key]) =>
      [`with a point ${what}`, curve(name, key), unsupported('a point that is not uncompressed')] as const,
  ),
  ['of RSA', rsa(good), accepted('rsa3072')],
  ['of RSA without NULL', keyOf([oid(OID.rsaEncryption)], point(9)), 'NULL after rsaEncryption expected'],
  [
    'of RSA with parameters',
    keyOf([oid(OID.rsaEncryption), nullElement, nullElement], point(9)),
    'something follows the key algorithm',
  ],
  ['of RSA that is no list', rsaOf(setOf()), 'the RSA key expected'],
  ['of RSA without a modulus', rsaOf(sequence()), 'the modulus expected'],
  ['of RSA without an exponent', rsaOf(sequence(integer(good))), 'the exponent expected'],
  [
    'of RSA with a third number',
    rsaOf(sequence(integer(good), smallInteger(65_537), smallInteger(1))),
    'something follows the RSA key',
  ],
  [
    'of RSA with something after it',
    rsaOf(Buffer.concat([sequence(integer(good), smallInteger(65_537)), nullElement])),
    'something follows the RSA key',
  ],
  ['of RSA with 3071 bits', rsa(withoutSmallFactor(bits(3071))), weak('RSA of 3071 bits')],
  ['of RSA with 1024 bits', rsa(withoutSmallFactor(bits(1024))), weak('RSA of 1024 bits')],
  ['of RSA with 8192 bits', rsa(withoutSmallFactor(bits(RSA_BITS_MAX))), accepted('rsa3072')],
  ['of RSA with 8193 bits', rsa(withoutSmallFactor(bits(RSA_BITS_MAX + 1))), unsupported('RSA of 8193 bits')],
  ['of RSA with exponent 3', rsa(good, 3n), weak(NO_EXPONENT)],
  ['of RSA with exponent 65539', rsa(good, 65_539n), weak(NO_EXPONENT)],
  ['of RSA with an exponent of four bytes', rsa(good, 0x01_00_01_00n), weak(NO_EXPONENT)],
  // 757 is the first prime that is not looked for
  ['of RSA with a modulus of 757 to the power of 322', rsa(757n ** 322n), accepted('rsa3072')],
  ...PRIMES.map(
    (prime) =>
      [
        `of RSA with the factor ${prime}`,
        rsa(757n ** 322n * BigInt(prime)),
        weak('an RSA modulus with a small factor'),
      ] as const,
  ),
];
test('T-15 keys are judged by their bytes', () => {
  for (const [what, spki, judgement] of cases) assert.deepEqual(judged(spki), judgement, what);
});

test('T-03 RSA has from 3072 to 8192 bits', () => {
  assert.deepEqual([RSA_BITS_MIN, RSA_BITS_MAX], [3072, 8192]);
});
