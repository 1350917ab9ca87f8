import { HOUR_MS } from '@sekisho/core/time.ts';
import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** The global security settings, each with its unit. */
export function securityText(cli: Cli, settings: SecuritySettings): string[] {
  const { labels, states } = cli.words;
  return renderPairs([
    [labels.level, states.level[settings.level]],
    [labels.requireForwardRecords, cli.format.onOff(settings.requireForwardRecords)],
    [labels.mapAutomatically, cli.format.onOff(settings.mapAutomatically)],
    [labels.insecureCommunication, cli.format.onOff(settings.insecureCommunication)],
    [labels.hostCertificateValidity, cli.format.duration(settings.hostCertificateHours * HOUR_MS)],
    [labels.staleCrl, states.staleCrl[settings.staleCrl]],
  ]);
}
