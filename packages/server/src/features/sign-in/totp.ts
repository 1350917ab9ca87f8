import { AppError } from '@sekisho/core/errors.ts';
import type { Random } from '@sekisho/core/time.ts';
import { Secret as OtpSecret, TOTP } from 'otpauth';

/** @source RFC 4226 §4: 160 bits */
const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;
/** A clock may be off by one step. @source RFC 6238 §5.2 */
export const TOTP_DRIFT_STEPS = 1;
/** A code of a step that near is named as a matter of the clock; it is refused all the same. */
export const TOTP_HINT_STEPS = 10;

/** A fresh secret, in base32. */
export const newTotpSecret = (random: Random): string => {
  const bytes = random.bytes(SECRET_BYTES);
  return new OtpSecret({ buffer: Uint8Array.from(bytes).buffer }).base32;
};

/** What an authenticator app is set up with. */
export const totpSetupOf = (
  secret: string,
  domain: string,
  name: string,
): { secret: string; uri: string } => ({
  secret,
  uri: totp(secret, `Sekisho ${domain}`, name).toString(),
});

/**
 * The step whose code this is: this one, the one before or the next, and none that was used before (RFC 6238 §5.2).
 * Refusals: TOTP_REPLAYED, TOTP_CLOCK_DRIFT (a code of a few minutes ago or ahead), TOTP_REFUSED.
 */
export function stepOfCode(secret: string, code: string, nowMs: number, lastStep: number | null): number {
  const one = totp(secret, '', '');
  const near = one.validate({ token: code, timestamp: nowMs, window: TOTP_DRIFT_STEPS });
  if (near === null) {
    const far = one.validate({ token: code, timestamp: nowMs, window: TOTP_HINT_STEPS });
    throw new AppError(far === null ? 'TOTP_REFUSED' : 'TOTP_CLOCK_DRIFT');
  }
  const step = Math.floor(nowMs / (PERIOD_SECONDS * 1_000)) + near;
  if (lastStep !== null && step <= lastStep) throw new AppError('TOTP_REPLAYED');
  return step;
}

/** SHA-1, six digits, 30 seconds: what every app understands. */
const totp = (secret: string, issuer: string, label: string): TOTP =>
  new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_SECONDS,
    secret: OtpSecret.fromBase32(secret),
  });
