import { fill } from '@sekisho/core/errors.ts';
import type { RevocationView } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';

/** How many hosts refuse it by now. */
export const shareText = (cli: Cli, { confirmed, hosts }: RevocationView): string =>
  fill(cli.words.revocations.share, { confirmed, hosts });

/** The time from the revocation to a moment after it; a dash while that has not come. */
export const afterText = (cli: Cli, { revokedAtMs }: RevocationView, atMs: number | null): string =>
  atMs === null ? '–' : cli.format.duration(atMs - revokedAtMs);

/** What is left to be done about a revocation, in a line. */
export function spreadText(cli: Cli, view: RevocationView): string[] {
  const { revocations } = cli.words;
  if (view.allAtMs !== null) return [revocations.allConfirmed];
  return [fill(revocations.stillMissing, { id: view.id })];
}
