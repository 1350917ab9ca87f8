import type { SimulationSummary } from '@sekisho/agent/simulate/simulate.ts';
import { fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from '../output/table.ts';
import type { FleetRotation } from './rotate-fleet.ts';

/** What a simulation found, as people read it: the figures, then the verdict. */
export function summaryText(
  { words, format }: Cli,
  summary: SimulationSummary,
  rotation?: FleetRotation,
): string[] {
  const { columns, rate, missedOf, percentiles, passed, failed, interrupted } = words.simulate;
  const { count } = format;
  const perSecond = (n: number, a: number): string => fill(rate, { count: count(n), rate: count(a) });
  const errors = Object.entries(summary.errors).map(([code, n]) => `${code} ${count(n)}`);
  return [
    ...renderPairs([
      [columns.agents, count(summary.agents)],
      [columns.enrolled, perSecond(summary.enrolled, summary.enrolledPerSecond)],
      [columns.connected, count(summary.connected)],
      [columns.lost, count(summary.lost)],
      [columns.heartbeats, perSecond(summary.heartbeats, summary.heartbeatsPerSecond)],
      [
        columns.missed,
        fill(missedOf, {
          missed: count(summary.heartbeatsMissed),
          most: count(summary.heartbeatsMissedMax),
        }),
      ],
      [columns.reconnects, count(summary.reconnects)],
      [columns.latency, fill(percentiles, summary.latencyMs)],
      [columns.documents, count(summary.documentsAcknowledged)],
      [columns.jobs, count(summary.jobsReported)],
      [columns.errors, errors.length === 0 ? '–' : errors],
      ...(rotation === undefined ? [] : rotationPairs({ words, format }, summary, rotation)),
      [columns.memory, format.bytes(summary.residentBytes)],
    ]),
    '',
    ...(summary.interrupted ? [interrupted] : []),
    summary.lost === 0 ? passed : fill(failed, { lost: count(summary.lost), agents: count(summary.agents) }),
  ];
}

/** What an update of certificates adds. */
function rotationPairs(
  { words, format }: Pick<Cli, 'words' | 'format'>,
  summary: SimulationSummary,
  rotation: FleetRotation,
): [string, string][] {
  const { columns, rate, rotationKinds, rotationEnds } = words.simulate;
  const { count } = format;
  return [
    [columns.rotation, `${rotationKinds[rotation.kind]}: ${rotationEnds[rotation.end]}`],
    [columns.rotationSeconds, `${count(rotation.seconds)} s`],
    [columns.missedMeanwhile, count(rotation.missedHeartbeatsMax)],
    [columns.onNewest, count(summary.onNewestGeneration)],
    [
      columns.renewals,
      fill(rate, { count: count(summary.renewals), rate: count(summary.certificatesPerSecond) }),
    ],
  ];
}
