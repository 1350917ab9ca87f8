import { fill } from '@sekisho/core/errors.ts';
import type { AdministratorView, GrantView, LinkView } from '@sekisho/core/wire/administrators.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** Everything about an administrator. */
export function administratorText(cli: Cli, one: AdministratorView): string[] {
  const { accounts, labels } = cli.words;
  return renderPairs([
    [labels.name, one.name],
    [accounts.labels.displayName, one.displayName],
    [labels.id, one.id],
    [labels.state, accounts.states[one.state]],
    [accounts.labels.roles, rolesText(cli, one.grants)],
    [accounts.labels.password, cli.format.yesNo(one.password)],
    [accounts.labels.totp, cli.format.yesNo(one.totp)],
    ...(one.oidc === null
      ? []
      : ([[accounts.labels.singleSignOn, `${one.oidc.subject} (${one.oidc.issuer})`]] as const)),
    [accounts.labels.lastUsed, one.usedAtMs === null ? labels.never : cli.format.timeWithZone(one.usedAtMs)],
    [labels.createdAt, `${cli.format.timeWithZone(one.createdAtMs)} (${one.createdBy})`],
    ...(one.disabledAtMs === null
      ? []
      : ([[accounts.labels.disabledAt, cli.format.timeWithZone(one.disabledAtMs)]] as const)),
  ]);
}

/** `operator, viewer in group …`. */
export function rolesText(cli: Cli, grants: readonly GrantView[]): string {
  const { notes, roles } = cli.words.accounts;
  if (grants.length === 0) return notes.noRoles;
  return grants
    .map(({ role, group }) =>
      group === null ? roles[role] : fill(notes.roleInGroup, { role: roles[role], group }),
    )
    .join(notes.roleSeparator);
}

/** A one-time link, which is shown here and never again. */
export function linkText(cli: Cli, link: LinkView, name?: string): string[] {
  const { notes } = cli.words.accounts;
  const until = cli.format.timeWithZone(link.expiresAtMs);
  return [
    link.link,
    '',
    fill(notes.code, { code: link.code }),
    fill(notes.linkShownOnce, { until, name: name ?? notes.someone }),
  ];
}
