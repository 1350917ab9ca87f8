import type { HostView } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** All states of a host in one cell. */
export const hostStateText = (cli: Cli, host: HostView): string =>
  host.states.map((state) => cli.words.states.host[state]).join(', ');

/** Everything about one host. */
export function hostDetailText(cli: Cli, host: HostView): string[] {
  const { words, format } = cli;
  const { labels } = words;
  const { certificate } = host;
  return renderPairs([
    [labels.name, host.name],
    [labels.id, host.id],
    [labels.states, hostStateText(cli, host)],
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
    ...(host.health.length === 0 ? [] : ([[labels.health, host.health]] as const)),
  ]);
}
