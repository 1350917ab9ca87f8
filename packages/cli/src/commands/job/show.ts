import { getJob } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveJobId } from '../../client/resolve.ts';
import { jobDetailText } from '../../output/job-text.ts';
import { defineVerb } from '../../verb.ts';

/** `job show JOB`. */
export const jobShow = defineVerb({
  path: 'job show',
  args: { job: '<job>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho job show 4fe1c09a' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveJobId(call, args.job ?? '');
      const job = await call(getJob, { params: { id } });
      return { json: job, bare: job.state, text: jobDetailText(cli, job) };
    }),
});
