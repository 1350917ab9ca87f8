import { AppError } from '@sekisho/core/errors.ts';
import { parseSha256Hex, type Sha256Hex } from '@sekisho/core/ids.ts';

/**
 * A CA fingerprint as people type or paste it: upper case, colons, spaces and a leading `SHA256:` are normalised; 64 hex
 * digits must be left (T-10). Refusal: CA_FINGERPRINT_INVALID.
 */
export function parseFingerprint(raw: string): Sha256Hex {
  const digits = raw
    .trim()
    .replace(/^sha-?256[:=\s]\s*/i, '')
    .replace(/[\s:]/g, '')
    .toLowerCase();
  const fingerprint = parseSha256Hex(digits);
  if (fingerprint === undefined) throw new AppError('CA_FINGERPRINT_INVALID');
  return fingerprint;
}
