import { runPlan } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { followJobs } from '../../client/follow-jobs.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHostIds, resolvePlan } from '../../client/resolve.ts';
import { on, text, texts } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `backup run PLAN` (P-13). */
export const backupRun = defineVerb({
  path: 'backup run',
  args: { plan: '<plan>' },
  flags: {
    data: serverData,
    host: texts('--host <host>'),
    asSchedule: text('--as-schedule <name>'),
    detach: on('--detach'),
  },
  examples: {
    plain: "sekisho backup run 'web files'",
    one: "sekisho backup run 'web files' --host web-01 --as-schedule nightly",
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const plan = await resolvePlan(call, args.plan ?? '');
      const hosts = flags.host.length === 0 ? null : await resolveHostIds(call, flags.host);
      const { jobs } = await call(runPlan, {
        params: { id: plan.id },
        body: { hosts, scheduleName: flags.asSchedule ?? null },
      });
      return followJobs(cli, call, jobs, { detach: flags.detach });
    }),
});
