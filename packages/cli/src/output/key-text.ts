import type { ApiKeyView } from '@sekisho/core/wire/api-keys.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** Everything about an API key but its secret. */
export function keyText(cli: Cli, key: ApiKeyView): string[] {
  const { access, labels } = cli.words;
  const { format } = cli;
  return renderPairs([
    [labels.name, key.name],
    [labels.id, key.id],
    [access.labels.owner, key.owner.name],
    [labels.state, access.states[key.state]],
    [access.labels.scopes, key.scopes.join(', ')],
    [access.labels.group, key.group ?? access.notes.wholeDomain],
    [labels.validUntil, format.timeWithZone(key.expiresAtMs)],
    [access.labels.lastUsed, key.usedAtMs === null ? labels.never : format.timeWithZone(key.usedAtMs)],
    [labels.createdAt, `${format.timeWithZone(key.createdAtMs)} (${key.createdBy})`],
    ...(key.revokedAtMs === null
      ? []
      : ([[access.labels.revokedAt, format.timeWithZone(key.revokedAtMs)]] as const)),
  ]);
}
