import type { TokenView } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** Everything about a token but its secret. */
export function tokenDetailText(cli: Cli, token: TokenView): string[] {
  const { labels, states } = cli.words;
  return renderPairs([
    [labels.name, token.name],
    [labels.id, token.id],
    [labels.purpose, states.purpose[token.purpose]],
    [labels.uses, `${token.uses} / ${token.usesMax}`],
    [labels.validUntil, cli.format.timeWithZone(token.expiresAtMs)],
    ...(token.hostName === null ? [] : ([[labels.forHost, token.hostName]] as const)),
    ...(token.media ? ([[labels.media, labels.yes]] as const) : []),
  ]);
}
