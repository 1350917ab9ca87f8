import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** Random bytes of a sealed text: each has a key of its own, so no number of strangers uses one up. */
export const SEALED_SALT_BYTES = 24;
const TAG_BYTES = 16;
const NONCE = Buffer.alloc(12); // each key seals one text

/**
 * Seals what the next step of a sign-in needs, for whoever began it to bring back: nobody else's text opens, and none of
 * another purpose. Base64url.
 * @source NIST SP 800-38D, AES-256-GCM
 */
export function sealStep(key: Uint8Array, salt: Uint8Array, purpose: string, plaintext: string): string {
  const cipher = createCipheriv('aes-256-gcm', keyOf(key, salt), NONCE).setAAD(Buffer.from(purpose, 'utf8'));
  const sealed = [salt, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/** Opens it; undefined: forged, altered, sealed for another purpose or with another key. */
export function openStep(key: Uint8Array, purpose: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < SEALED_SALT_BYTES + TAG_BYTES) return undefined;
  // one text for one step: bits that base64url passes over, and signs it skips, make no second one
  if (bytes.toString('base64url') !== sealed) return undefined;
  const salt = bytes.subarray(0, SEALED_SALT_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key, salt), NONCE)
    .setAAD(Buffer.from(purpose, 'utf8'))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const inside = bytes.subarray(SEALED_SALT_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(inside), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

const keyOf = (key: Uint8Array, salt: Uint8Array): Buffer => createHmac('sha256', key).update(salt).digest();
