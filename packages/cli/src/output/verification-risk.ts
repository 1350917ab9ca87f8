import { AppError, fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listUnverified, type Unverified } from '@sekisho/core/wire/switch-verification.ts';
import type { Cli } from '../cli.ts';

/** Groups that the warning names one by one. */
const GROUPS_SHOWN_MAX = 10;

/** F-20 Where verification of the server is off: shown by each command that says how the server stands. Nothing while it is on. */
export async function verificationRisk(cli: Cli, call: Caller): Promise<string[]> {
  return unverifiedText(cli, await findUnverified(call));
}

/** Nothing for who may not see groups: the command that asks is about something else. */
export async function findUnverified(call: Caller): Promise<Unverified> {
  try {
    return await call(listUnverified);
  } catch (error) {
    if (error instanceof AppError && error.code === 'RIGHT_MISSING') return { hosts: 0, groups: [] };
    throw error;
  }
}

/** The same for what was read already. */
export function unverifiedText(cli: Cli, { hosts, groups }: Unverified): string[] {
  if (groups.length === 0) return [];
  const names = groups.slice(0, GROUPS_SHOWN_MAX).map(({ group }) => group.name);
  if (groups.length > GROUPS_SHOWN_MAX) names.push('…');
  const warning = fill(cli.words.verification.warning, {
    hosts: cli.format.counted('host', hosts),
    until: cli.format.timeWithZone(Math.max(...groups.map(({ untilMs }) => untilMs))),
    groups: names.join(', '),
  });
  return ['', cli.style.yellow(warning)];
}
