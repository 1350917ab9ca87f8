import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSecret, SEALED_BYTES_MAX, sealSecret } from './envelope.ts';
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

/** Why it was refused: for the log, never for whoever asked. */
function causeOf(act: () => unknown): { params: unknown; cause: string } {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'SECRET_UNREADABLE', String(error));
    const { cause } = error;
    return { params: error.params, cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : '' };
  }
  return assert.fail('it was opened');
}

test('T-07 a refusal names the secret, and keeps for the log what was wrong', () => {
  const sealed = JSON.parse(sealSecret(kek, Buffer.from('secret'), 'x')) as { key: string; data: string };
  const short = (bytes: number): string => Buffer.alloc(bytes).toString('base64');
  for (const [wrong, cause] of [
    ['null', 'TypeError: not an envelope'],
    ['7', 'TypeError: not an envelope'],
    ['"x"', 'TypeError: not an envelope'],
    ['{}', 'TypeError: not an envelope'],
    [JSON.stringify({ ...sealed, v: 2 }), 'TypeError: not an envelope'],
    [JSON.stringify({ ...sealed, v: 1, key: 7 }), 'TypeError: not an envelope'],
    [JSON.stringify({ ...sealed, v: 1, data: null }), 'TypeError: not an envelope'],
    [JSON.stringify({ ...sealed, v: 1, data: short(27) }), 'RangeError: too short'],
    [JSON.stringify({ ...sealed, v: 1, key: short(0) }), 'RangeError: too short'],
    [' '.repeat(2 * SEALED_BYTES_MAX + 1), 'RangeError: too large'],
  ] as const)
    assert.deepEqual(
      causeOf(() => openSecret(kek, wrong, 'x')),
      { params: { what: 'x' }, cause },
    );
  for (const wrong of [
    ' '.repeat(2 * SEALED_BYTES_MAX),
    JSON.stringify({ ...sealed, v: 1, data: short(28) }),
  ])
    assert.doesNotMatch(causeOf(() => openSecret(kek, wrong, 'x')).cause, /too (large|short)/);
});

test('T-07 a key of another length is named before anything is opened', () => {
  const what = 'key-encryption key';
  assert.deepEqual(
    causeOf(() => openSecret(randomBytes(31), '{}', 'x')),
    { params: { what }, cause: '' },
  );
  assert.deepEqual(
    causeOf(() => sealSecret(randomBytes(33), Buffer.alloc(0), 'x')),
    { params: { what }, cause: '' },
  );
});

test('a secret as large as the limit is sealed, a larger one is not', () => {
  assert.equal(SEALED_BYTES_MAX, 1_048_576);
  const largest = Buffer.alloc(SEALED_BYTES_MAX, 7);
  assert.deepEqual(Buffer.from(openSecret(kek, sealSecret(kek, largest, 'x'), 'x')), largest);
  assert.throws(
    () => sealSecret(kek, Buffer.alloc(SEALED_BYTES_MAX + 1), 'x'),
    /^RangeError: a secret that is too large$/,
  );
});
