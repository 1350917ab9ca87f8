import { fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import type { JobView } from '@sekisho/core/wire/jobs.ts';
import { note, type Cli, type VerbResult } from '../cli.ts';
import { exitCodeOfJobs, jobOutcomeText } from '../output/job-text.ts';
import { watchJobs } from './watch-jobs.ts';

/**
 * What a verb that started jobs ends with: after watching them (exit code of the worst), or at once with `--detach`.
 * `extra` adds lines to a good end.
 */
export async function followJobs(
  cli: Cli,
  call: Caller,
  started: readonly JobView[],
  options: { detach: boolean; extra?: readonly string[] },
): Promise<VerbResult> {
  const { words } = cli;
  const bare = started.map(({ id }) => id).join('\n');
  const lines = started.map((job) =>
    fill(words.notes.jobStarted, { kind: words.states.jobKind[job.kind], host: job.hostName, id: job.id }),
  );
  if (options.detach) {
    const first = started[0];
    return {
      json: { jobs: started },
      bare,
      text: [...lines, ...(first === undefined ? [] : [fill(words.notes.jobWatch, { id: first.id })])],
    };
  }
  for (const line of lines) note(cli, line);
  const jobs = await watchJobs(
    cli,
    call,
    started.map(({ id }) => id),
  );
  const exitCode = exitCodeOfJobs(jobs);
  return {
    json: { jobs },
    bare,
    text: [
      ...jobs.flatMap((job) => jobOutcomeText(cli, job)),
      ...(exitCode === 1 ? [] : (options.extra ?? [])),
    ],
    exitCode,
  };
}
