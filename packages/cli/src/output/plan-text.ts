import { fill } from '@sekisho/core/errors.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { PlanView, Retention, Schedule } from '@sekisho/core/wire/plans.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

export type { Retention, Schedule };
export const RETENTION_KEYS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** `the last 3, 14 daily`; "everything" when nothing limits it. */
export function retentionText(cli: Cli, retention: Retention): string {
  const { keeps, keepsAll } = cli.words.notes;
  const parts = RETENTION_KEYS.filter((key) => retention[key] > 0).map((key) =>
    fill(keeps[key], { n: retention[key] }),
  );
  return parts.length === 0 ? keepsAll : parts.join(', ');
}

/** `nightly: 0 2 * * * Asia/Tokyo (12 h)`. */
export const scheduleText = (cli: Cli, schedule: Schedule): string =>
  `${schedule.name}: ${schedule.cron} ${schedule.timeZone} (≤ ${cli.format.duration(schedule.startWithinMinutes * MINUTE_MS)})`;

/** How many hosts have acknowledged the plan. */
export const deployedText = (cli: Cli, { deployed }: PlanView): string =>
  fill(cli.words.notes.deployedCount, {
    acknowledged: cli.format.count(deployed.acknowledged),
    hosts: cli.format.counted('host', deployed.hosts),
  });

/** Everything about a plan; `nameOf` gives a host's or group's name for its ID. */
export function planDetailText(cli: Cli, plan: PlanView, nameOf: (id: string) => string): string[] {
  const { labels } = cli.words;
  const orNone = (lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [labels.none] : lines;
  return renderPairs([
    [labels.name, plan.name],
    [labels.id, plan.id],
    [labels.revision, cli.format.count(plan.revision)],
    [labels.deployed, deployedText(cli, plan)],
    ...(plan.application === null
      ? []
      : ([
          [cli.words.applications.virtualName, `${plan.application.virtualName} (${plan.application.kind})`],
        ] as const)),
    [
      labels.targets,
      [
        ...plan.targets.hosts.map(nameOf),
        ...plan.targets.groups.map((id) => `${labels.group} ${nameOf(id)}`),
      ],
    ],
    [labels.paths, plan.paths],
    [labels.excludes, orNone(plan.excludes)],
    [labels.schedules, orNone(plan.schedules.map((one) => scheduleText(cli, one)))],
    [labels.retention, retentionText(cli, plan.retention)],
    [labels.mediaServers, plan.mediaServers.map(nameOf)],
    [
      labels.bandwidth,
      plan.bandwidthKiBps === null ? labels.none : cli.format.rate(plan.bandwidthKiBps * 1024),
    ],
    ...(plan.commands.pre === null ? [] : ([[labels.preCommand, plan.commands.pre]] as const)),
    ...(plan.commands.post === null ? [] : ([[labels.postCommand, plan.commands.post]] as const)),
  ]);
}
