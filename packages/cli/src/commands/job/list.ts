import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { JOB_KINDS, JOB_STATES, listJobs } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost, resolvePlan } from '../../client/resolve.ts';
import { choice, numberOr, text } from '../../flag.ts';
import { carrierText } from '../../output/job-text.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const ROWS_DEFAULT = 30;

/** `job list`. */
export const jobList = defineVerb({
  path: 'job list',
  args: {},
  flags: {
    data: serverData,
    state: choice('--state <state>', JOB_STATES),
    kind: choice('--kind <kind>', JOB_KINDS),
    host: text('--host <host>'),
    plan: text('--plan <plan>'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho job list', failed: 'sekisho job list --state failed' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const plan = flags.plan === undefined ? undefined : (await resolvePlan(call, flags.plan)).id;
      const reply = await call(listJobs, {
        query: {
          limit: flags.limit,
          ...(flags.state === undefined ? {} : { state: flags.state }),
          ...(flags.kind === undefined ? {} : { kind: flags.kind }),
          ...(host === undefined ? {} : { host }),
          ...(plan === undefined ? {} : { plan }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { labels, notes, states } = cli.words;
      if (reply.jobs.length === 0) return { json: reply, text: [notes.nothing] };
      return {
        json: reply,
        text: [
          ...renderTable(
            [
              { title: labels.job },
              { title: labels.kind },
              { title: labels.state },
              { title: labels.host },
              { title: labels.plan },
              { title: labels.trigger },
              { title: labels.startedAt },
              { title: labels.size, right: true },
            ],
            reply.jobs.map((job) => [
              job.id.slice(0, 8),
              states.jobKind[job.kind],
              states.job[job.state],
              carrierText(job),
              job.planName ?? '–',
              job.scheduleName ?? states.trigger[job.trigger],
              cli.format.time(job.startedAtMs),
              job.report === null ? '–' : cli.format.bytes(job.report.bytesDone),
            ]),
          ),
          timesLine(cli),
          ...(reply.next === null ? [] : [fill(notes.more, { after: reply.next })]),
        ],
      };
    }),
});
