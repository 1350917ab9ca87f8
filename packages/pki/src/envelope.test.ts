import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSecret, sealSecret } from './envelope.ts';
import { generatePrivateKey, privateKeyFromPem, privateKeyToPem } from './keys.ts';

const kek = randomBytes(32);

const isUnreadable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'SECRET_UNREADABLE';

test('T-07 what was sealed opens with the same key and context, and with no other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), fc.string(), (secret, context, other) => {
      const sealed = sealSecret(kek, secret, context);
      assert.deepEqual(Buffer.from(openSecret(kek, sealed, context)), Buffer.from(secret));
      assert.throws(() => openSecret(randomBytes(32), sealed, context), isUnreadable);
      if (other !== context) assert.throws(() => openSecret(kek, sealed, other), isUnreadable);
    }),
  );
});

test('T-07 a CA key at rest shows nothing of itself', async () => {
  const pem = privateKeyToPem(await generatePrivateKey('p256'));
  const sealed = sealSecret(kek, Buffer.from(pem), 'ca-key/1');
  assert.doesNotMatch(sealed, /PRIVATE KEY/);
  assert.equal(sealed.includes(Buffer.from(pem).toString('base64').slice(0, 40)), false);
  assert.notEqual(sealed, sealSecret(kek, Buffer.from(pem), 'ca-key/1'));
  assert.equal(
    privateKeyFromPem(Buffer.from(openSecret(kek, sealed, 'ca-key/1')).toString()).type,
    'private',
  );
});

test('T-07 a changed, cut-off or empty envelope, or a key of another length, is refused', () => {
  const sealed = sealSecret(kek, Buffer.from('secret'), 'x');
  const parsed: { key: string; data: string } = JSON.parse(sealed) as { key: string; data: string };
  const flipped = (text: string): string => {
    const bytes = Buffer.from(text, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    return bytes.toString('base64');
  };
  for (const wrong of [
    '',
    'null',
    '{}',
    '[]',
    sealed.slice(0, -3),
    JSON.stringify({ ...parsed, v: 2 }),
    JSON.stringify({ ...parsed, key: parsed.data }),
    JSON.stringify({ ...parsed, key: flipped(parsed.key) }),
    JSON.stringify({ ...parsed, data: flipped(parsed.data) }),
    JSON.stringify({ ...parsed, data: '' }),
  ])
    assert.throws(() => openSecret(kek, wrong, 'x'), isUnreadable, wrong);
  assert.throws(() => openSecret(randomBytes(16), sealed, 'x'), isUnreadable);
  assert.throws(() => sealSecret(randomBytes(31), Buffer.from('x'), 'x'), isUnreadable);
});

test('a refusal says what could not be opened, and nothing of the key', () => {
  assert.throws(
    () => privateKeyFromPem('-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n'),
    (error) => isUnreadable(error) && !JSON.stringify((error as AppError).params).includes('c2VjcmV0'),
  );
});
