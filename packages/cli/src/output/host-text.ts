import { fill } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { HostReason } from '@sekisho/core/wire/host-reasons.ts';
import type { HostView } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';
import { healthText } from './agent-text.ts';
import { renderPairs } from './table.ts';

/** All states of a host in one cell. */
export const hostStateText = (cli: Cli, host: HostView): string =>
  host.states.map((state) => cli.words.states.host[state]).join(', ');

/** F-05 Why a host is in states that want attention, in one cell. What its certificate's dates say stands beside it. */
export const hostReasonText = (cli: Cli, host: HostView): string =>
  host.reasons
    .filter(({ why }) => why !== 'ends' && why !== 'ended')
    .map((reason) => reasonText(cli, reason))
    .join('; ');

/** Everything about one host; `group`: the path of its group. */
export function hostDetailText(cli: Cli, host: HostView, group?: string): string[] {
  const { words, format } = cli;
  const { labels } = words;
  const { certificate } = host;
  return renderPairs([
    [labels.name, host.name],
    [labels.id, host.id],
    [labels.group, group ?? host.group],
    [labels.states, stateLines(cli, host)],
    [labels.names, host.names.length === 0 ? labels.none : host.names],
    [labels.media, format.yesNo(host.media)],
    [labels.version, host.version ?? labels.unknown],
    [labels.lastSeen, host.lastSeenAtMs === null ? labels.never : format.timeWithZone(host.lastSeenAtMs)],
    ...(certificate === null
      ? ([[labels.certificate, labels.none]] as const)
      : ([
          [labels.fingerprint, certificate.fingerprint],
          [labels.serial, certificate.serial],
          [labels.validUntil, format.timeWithZone(certificate.notAfterMs)],
          ...(certificate.revokedAtMs === null
            ? []
            : ([[labels.revokedAt, format.timeWithZone(certificate.revokedAtMs)]] as const)),
        ] as const)),
    ...(host.reissueAllowedUntilMs === null
      ? []
      : ([[labels.reissueUntil, format.timeWithZone(host.reissueAllowedUntilMs)]] as const)),
    ...(host.health.length === 0
      ? []
      : ([[labels.health, host.health.map((code) => healthText(cli, code))]] as const)),
  ]);
}

/** A line a state, with its reason. */
const stateLines = (cli: Cli, host: HostView): string[] =>
  host.states.map((state) => {
    const name = cli.words.states.host[state];
    const reason = host.reasons.find((one) => one.state === state);
    return reason === undefined ? name : `${name}: ${reasonText(cli, reason)}`;
  });

function reasonText({ words, format }: Cli, reason: HostReason): string {
  const { reasons } = words.groups;
  switch (reason.why) {
    case 'silent':
      return fill(reasons.silent, {
        at: format.time(reason.lastSeenAtMs),
        missed: format.count(reason.missed),
        period: format.duration(reason.heartbeatSeconds * SECOND_MS),
      });
    case 'not-heard':
    case 'never-heard':
      return reasons[reason.why];
    case 'revoked':
      return fill(reasons.revoked, { at: format.time(reason.revokedAtMs) });
    case 'ended':
      return fill(reasons.ended, { at: format.time(reason.notAfterMs) });
    case 'ends':
      return fill(reasons.ends, { at: format.time(reason.notAfterMs) });
    case 'older-policy':
      return reason.held === 0
        ? fill(reasons['no-policy'], { wanted: reason.wanted })
        : fill(reasons['older-policy'], { held: reason.held, wanted: reason.wanted });
    case 'refuses-server':
      return fill(reasons['refuses-server'], { at: format.time(reason.reportedAtMs) });
  }
}
