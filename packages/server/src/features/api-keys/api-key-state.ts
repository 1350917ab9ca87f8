import type { Right } from '@sekisho/core/rules/rights.ts';
import type { ApiKeyView } from '@sekisho/core/wire/api-keys.ts';
import type { ApiKeyRow } from './api-keys.store.ts';

/** Rights that no key has, whoever makes it: one that leaks must not make itself an heir. */
export const RIGHTS_OF_NO_KEY: ReadonlySet<Right> = new Set<Right>(['administrator.write']);

/** Does a key work at this moment, as far as it is about the key alone? Its last millisecond is the one before its end. */
export const isActive = (key: Pick<ApiKeyRow, 'revokedAtMs' | 'expiresAtMs'>, nowMs: number): boolean =>
  apiKeyState(key, nowMs) === 'active';

/** A key that was revoked stays so when its time is over, too. */
export function apiKeyState(
  key: Pick<ApiKeyRow, 'revokedAtMs' | 'expiresAtMs'>,
  nowMs: number,
): ApiKeyView['state'] {
  if (key.revokedAtMs !== null) return 'revoked';
  return nowMs >= key.expiresAtMs ? 'expired' : 'active';
}

/** A key as administrators see it. */
export const viewKey = (key: ApiKeyRow, nowMs: number): ApiKeyView => ({
  id: key.id,
  name: key.name,
  owner: { id: key.administratorId, name: key.owner },
  scopes: [...key.scopes],
  group: key.groupId,
  state: apiKeyState(key, nowMs),
  createdAtMs: key.createdAtMs,
  createdBy: key.createdBy,
  expiresAtMs: key.expiresAtMs,
  usedAtMs: key.usedAtMs,
  revokedAtMs: key.revokedAtMs,
});
