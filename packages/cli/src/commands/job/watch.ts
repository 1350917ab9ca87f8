import { getJob } from '@sekisho/core/wire/jobs.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveJobId } from '../../client/resolve.ts';
import { watchJobs } from '../../client/watch-jobs.ts';
import { exitCodeOfJob, jobOutcomeText } from '../../output/job-text.ts';
import { defineVerb } from '../../verb.ts';

/** `job watch JOB`: until it ends; the exit code is the job's. */
export const jobWatch = defineVerb({
  path: 'job watch',
  args: { job: '<job>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho job watch 4fe1c09a' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async (connection) => {
      const { call } = connection;
      const id = await resolveJobId(call, args.job ?? '');
      const [watched] = await watchJobs(cli, call, [id], { connection });
      const job = watched ?? (await call(getJob, { params: { id } }));
      return {
        json: job,
        bare: job.state,
        text: jobOutcomeText(cli, job),
        exitCode: exitCodeOfJob(job.state),
      };
    }),
});
