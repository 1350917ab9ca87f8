import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from './der/read.ts';
import { verifySignature } from './signature.ts';
import { OID } from './oids.ts';
import { publicKeyOfSpki } from './spki.ts';

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
