import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getJob, type JobView } from '@sekisho/core/wire/jobs.ts';
import type { Cli } from '../cli.ts';
import { isEnded } from '../output/job-text.ts';
import { createProgress } from '../output/progress.ts';

/** Figures are asked for this often while somebody looks at a moving bar, and else. */
const POLL_TERMINAL_MS = 250;
const POLL_MS = 1_000;

/**
 * Follows jobs until each has ended, with live progress; gives them in the given order. Ctrl-C stops watching, not the
 * jobs. `onPoll` sees the running jobs each time, and may refuse to wait longer.
 * Refusals: WAIT_INTERRUPTED, and those of the calls.
 */
export async function watchJobs(
  cli: Cli,
  call: Caller,
  ids: readonly JobId[],
  onPoll: (running: readonly JobView[]) => void = () => undefined,
): Promise<JobView[]> {
  const display = createProgress(cli);
  const stopped = new AbortController();
  const release = cli.io.onStop(() => stopped.abort());
  const jobs = new Map<JobId, JobView>();
  try {
    for (;;) {
      for (const id of ids) {
        const before = jobs.get(id);
        if (before === undefined || !isEnded(before.state))
          jobs.set(id, await call(getJob, { params: { id } }));
      }
      const running = [...jobs.values()].filter(({ state }) => !isEnded(state));
      if (running.length === 0) return ids.flatMap((id) => jobs.get(id) ?? []);
      onPoll(running);
      display.update(running.map(({ hostName, state, progress }) => ({ name: hostName, state, progress })));
      await cli.io.clock.sleep(
        cli.io.stderr.isTTY === true && !cli.json && !cli.quiet ? POLL_TERMINAL_MS : POLL_MS,
        stopped.signal,
      );
      if (stopped.signal.aborted) throw new AppError('WAIT_INTERRUPTED', { job: running[0]?.id ?? '' });
    }
  } finally {
    display.clear();
    release();
  }
}
