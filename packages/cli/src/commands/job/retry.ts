import { retryJob } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { followJobs } from '../../client/follow-jobs.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveJobId } from '../../client/resolve.ts';
import { on } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `job retry JOB`. */
export const jobRetry = defineVerb({
  path: 'job retry',
  args: { job: '<job>' },
  flags: { data: serverData, detach: on('--detach') },
  examples: { plain: 'sekisho job retry 4fe1c09a' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveJobId(call, args.job ?? '');
      const job = await call(retryJob, { params: { id } });
      return followJobs(cli, call, [job], { detach: flags.detach });
    }),
});
