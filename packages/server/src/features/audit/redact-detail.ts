import { canonicalJson } from '@sekisho/core/canonical-json.ts';
import { Secret } from '@sekisho/platform/secret.ts';

/** Longer details are cut; the row itself is always written. */
export const AUDIT_DETAIL_LENGTH_MAX = 16 * 1024;
export const AUDIT_DETAIL_DEPTH_MAX = 12;
const REDACTED = '[redacted]';

/**
 * The canonical JSON of a detail, fit for the log: secrets by type, by the name of their member or by how they look become
 * `[redacted]`, bytes and what nests too deep are left out, broken UTF-16 is mended, and a text over the limit is cut.
 */
export function encodeDetail(detail: Readonly<Record<string, unknown>>): string {
  const text = canonicalJson(redacted(detail, 0));
  if (text.length <= AUDIT_DETAIL_LENGTH_MAX) return text;
  return JSON.stringify({ cut: true, start: text.slice(0, AUDIT_DETAIL_LENGTH_MAX / 2).toWellFormed() });
}

function redacted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return SECRET_TEXT.test(value) ? REDACTED : value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean' || value === null || value === undefined) return value;
  if (value instanceof Secret) return REDACTED;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || depth >= AUDIT_DETAIL_DEPTH_MAX) return '[left out]';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[bytes]';
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1) ?? null);
  const members = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    members.map(([name, member]: [unknown, unknown]) => {
      const key = String(name).toWellFormed();
      return [key, SECRET_NAME.test(key) && carriesText(member) ? REDACTED : redacted(member, depth + 1)];
    }),
  );
}

/** Names of members that hold secrets; their IDs, names, counts and dates do not. */
const SECRET_NAME =
  /^(?:.*(?:password|passphrase|secret|authorization|cookie|private_?key|totp_?code|recovery_?codes?)|token|api_?key|pem|sealed|challenge|code_?verifier|assertion)$/i;
/** Private keys in PEM, whatever member they are in. */
const SECRET_TEXT = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** A flag or a count under such a name says nothing. */
const carriesText = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null);
