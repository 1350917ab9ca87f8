import { fill } from '@sekisho/core/errors.ts';
import { cancelJob } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveJobId } from '../../client/resolve.ts';
import { defineVerb } from '../../verb.ts';

/** `job cancel JOB`. Nothing stored is lost by it (the next run resumes), so nothing is asked. */
export const jobCancel = defineVerb({
  path: 'job cancel',
  args: { job: '<job>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho job cancel 4fe1c09a' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveJobId(call, args.job ?? '');
      const job = await call(cancelJob, { params: { id } });
      return { json: job, text: [fill(cli.words.notes.jobCancelAsked, { host: job.hostName })] };
    }),
});
