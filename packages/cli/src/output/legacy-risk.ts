import { fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listLegacyHosts } from '@sekisho/core/wire/legacy.ts';
import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';

/** Names that are told one by one. */
const NAMES_SHOWN_MAX = 20;

/** T-50 While the setting is on it is a risk, and named with the hosts that still need it; nothing while it is off. */
export async function legacyRisk(cli: Cli, call: Caller, settings: SecuritySettings): Promise<string[]> {
  if (!settings.insecureCommunication) return [];
  const { notes } = cli.words.legacy;
  const { hosts, next } = await call(listLegacyHosts, { query: { limit: NAMES_SHOWN_MAX } });
  if (hosts.length === 0) return ['', notes.riskNobody];
  const names = hosts.map(({ name }) => name).join(', ');
  return ['', fill(notes.risk, { hosts: next === null ? names : `${names}, …` })];
}
