import { AppError } from '@sekisho/core/errors.ts';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const KEK_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What one envelope may hold. */
export const SEALED_BYTES_MAX = 1024 * 1024;

/**
 * Seals a secret (T-07): a fresh data key encrypts it with AES-256-GCM, the key-encryption key wraps the data key likewise,
 * and both are bound to the context, so that one secret can't be put in another's place. JSON text.
 * @source NIST SP 800-38D
 */
export function sealSecret(kek: Uint8Array, plaintext: Uint8Array, context: string): string {
  checkKek(kek);
  if (plaintext.length > SEALED_BYTES_MAX) throw new RangeError('a secret that is too large');
  const dataKey = randomBytes(KEK_BYTES);
  try {
    return JSON.stringify({
      v: 1,
      key: encrypt(kek, dataKey, `sekisho/key/${context}`),
      data: encrypt(dataKey, plaintext, `sekisho/data/${context}`),
    });
  } finally {
    dataKey.fill(0);
  }
}

/** Opens what `sealSecret` made for the same context. Refusal: SECRET_UNREADABLE, never saying more than that. */
export function openSecret(kek: Uint8Array, sealed: string, context: string): Uint8Array {
  checkKek(kek);
  try {
    if (sealed.length > SEALED_BYTES_MAX * 2) throw new RangeError('too large');
    const { key, data } = readEnvelope(JSON.parse(sealed));
    const dataKey = decrypt(kek, key, `sekisho/key/${context}`);
    try {
      return decrypt(dataKey, data, `sekisho/data/${context}`);
    } finally {
      dataKey.fill(0);
    }
  } catch (error) {
    throw new AppError('SECRET_UNREADABLE', { what: context }, { cause: error });
  }
}

function checkKek(kek: Uint8Array): void {
  if (kek.length !== KEK_BYTES) throw new AppError('SECRET_UNREADABLE', { what: 'key-encryption key' });
}

/** nonce ‖ ciphertext ‖ tag, in base64. */
function encrypt(key: Uint8Array, plaintext: Uint8Array, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
}

function decrypt(key: Uint8Array, sealed: string, context: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new RangeError('too short');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context, 'utf8')).setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

function readEnvelope(raw: unknown): { key: string; data: string } {
  if (typeof raw !== 'object' || raw === null) throw new TypeError('not an envelope');
  const fields = new Map<string, unknown>(Object.entries(raw));
  const [version, key, data] = [fields.get('v'), fields.get('key'), fields.get('data')];
  if (version !== 1 || typeof key !== 'string' || typeof data !== 'string')
    throw new TypeError('not an envelope');
  return { key, data };
}
