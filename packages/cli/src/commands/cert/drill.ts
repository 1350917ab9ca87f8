import { AppError, fill } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { drillResult, planDrill, startDrill, type DrillResult } from '@sekisho/core/wire/renewals.ts';
import { note, type Cli } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { followTask } from '../../client/follow-task.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { EXIT } from '../../exit-codes.ts';
import { durationMs, text, texts } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** Hosts that the preview names; the rest is counted. */
const PREVIEW_HOSTS_MAX = 20;

/** `cert drill` (T-09): exactly the hosts of the preview, after a confirmation. */
export const certDrill = defineVerb({
  path: 'cert drill',
  args: {},
  flags: {
    data: serverData,
    share: text('--share <percent>'),
    host: texts('--host <host>'),
    wait: { ...durationMs('--wait <duration>', '10s', '1d'), defaultText: '10m' },
  },
  examples: {
    share: 'sekisho cert drill --share 5%',
    hosts: 'sekisho cert drill --host web-01 --host web-02 --yes',
  },
  run: ({ cli, flags }) => {
    if ((flags.share === undefined) === (flags.host.length === 0))
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--share, --host',
        usage: 'sekisho cert drill --share 5%',
      });
    return withServer(cli, flags.data, async ({ call }) => {
      const hosts = [];
      for (const given of flags.host) hosts.push((await resolveHost(call, given)).id);
      const body = flags.share === undefined ? { hosts } : { sharePercent: percentOf(flags.share) };
      const plan = await call(planDrill, { body });
      const { certificates } = cli.words;
      const offline = plan.hosts.filter(({ online }) => !online).length;
      const { count } = cli.format;
      await confirm(
        cli,
        [
          fill(certificates.drillPreview, { count: count(plan.hosts.length), total: count(plan.total) }),
          ...plan.hosts.slice(0, PREVIEW_HOSTS_MAX).map(({ name }) => `  ${name}`),
          ...(plan.hosts.length > PREVIEW_HOSTS_MAX
            ? [`  ${fill(certificates.drillMore, { count: count(plan.hosts.length - PREVIEW_HOSTS_MAX) })}`]
            : []),
          ...(offline === 0 ? [] : [fill(certificates.drillOffline, { count: count(offline) })]),
        ],
        certificates.drillQuestion,
      );
      const { taskId } = await call(startDrill, {
        body: {
          hosts: plan.hosts.map(({ id }) => id),
          ...(flags.wait === undefined ? {} : { waitSeconds: Math.round(flags.wait / SECOND_MS) }),
        },
      });
      note(cli, fill(certificates.drillStarted, { id: taskId }));
      const { result: raw } = await followTask(cli, call, taskId, 'DRILL_CANCELLED');
      const result = drillResult.parse(raw);
      const allRenewed = result.counts.renewed === plan.hosts.length;
      return {
        json: { taskId, ...result },
        text: resultText(cli, taskId, result),
        exitCode: allRenewed ? EXIT.done : EXIT.failed,
      };
    });
  },
});

function resultText(cli: Cli, id: string, { counts, hosts, more }: DrillResult): string[] {
  const { certificates, labels } = cli.words;
  const { count } = cli.format;
  return [
    ...renderTable(
      [labels.host, certificates.outcome, labels.reason].map((title) => ({ title })),
      hosts.map((one) => [one.name, certificates.outcomes[one.outcome], one.code ?? '–']),
    ),
    ...(more === 0 ? [] : [fill(certificates.drillResultMore, { count: count(more), id })]),
    fill(certificates.drillDone, {
      renewed: count(counts.renewed),
      failed: count(counts.failed),
      offline: count(counts.offline),
      unanswered: count(counts.unanswered),
    }),
    ...(counts.failed + counts.offline + counts.unanswered === 0 ? [] : [certificates.drillProblems]),
  ];
}

/** `5`, `5%`, `0.5%`. Refusal: DRILL_SHARE_INVALID. */
function percentOf(raw: string): number {
  const value = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(raw)?.[1];
  const percent = Number(value);
  if (value === undefined || percent <= 0 || percent > 100)
    throw new AppError('DRILL_SHARE_INVALID', { given: raw });
  return percent;
}
