import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import type { StreamEvent } from '@sekisho/core/wire/events.ts';
import { getJob, type JobView } from '@sekisho/core/wire/jobs.ts';
import type { Cli } from '../cli.ts';
import { isEnded } from '../output/job-text.ts';
import { followEvents } from './event-source.ts';
import type { ServerConnection } from './open-server.ts';
import { createProgress } from '../output/progress.ts';

/** Figures are asked for this often while somebody looks at a moving bar, and else. */
const POLL_TERMINAL_MS = 250;
const POLL_MS = 1_000;
/** While changes are heard as they happen, it is only asked now and then whether one was missed. */
const POLL_FOLLOWED_MS = 15_000;

/**
 * Follows jobs until each has ended, with live progress; gives them in the given order. Ctrl-C stops watching, not the
 * jobs. `onPoll` sees the running jobs each time, and may refuse to wait longer.
 * Refusals: WAIT_INTERRUPTED, and those of the calls.
 */
export async function watchJobs(
  cli: Cli,
  call: Caller,
  ids: readonly JobId[],
  options: {
    onPoll?: (running: readonly JobView[]) => void;
    /** Where changes can be heard; without it they are asked for. */
    connection?: Pick<ServerConnection, 'stream'>;
  } = {},
): Promise<JobView[]> {
  const { onPoll = () => undefined } = options;
  const display = createProgress(cli);
  const stopped = new AbortController();
  const release = cli.io.onStop(() => stopped.abort());
  const jobs = new Map<JobId, JobView>();
  const changed = new Set<JobId>(ids);
  let heard = new AbortController();
  const follower =
    options.connection === undefined
      ? undefined
      : followEvents(cli, options.connection, ['jobs'], (event) => {
          if (!takeEvent(event, jobs, changed)) return;
          heard.abort();
        });
  try {
    for (;;) {
      for (const id of ids) {
        const before = jobs.get(id);
        const isOpen = before === undefined || !isEnded(before.state);
        if (isOpen && (changed.has(id) || follower?.isOpen !== true))
          jobs.set(id, await call(getJob, { params: { id } }));
        changed.delete(id);
      }
      const running = [...jobs.values()].filter(({ state }) => !isEnded(state));
      if (running.length === 0) return ids.flatMap((id) => jobs.get(id) ?? []);
      onPoll(running);
      display.update(running.map(({ hostName, state, progress }) => ({ name: hostName, state, progress })));
      const pollMs = cli.io.stderr.isTTY === true && !cli.json && !cli.quiet ? POLL_TERMINAL_MS : POLL_MS;
      const isFollowed = follower?.isOpen === true;
      await cli.io.clock.sleep(
        isFollowed ? POLL_FOLLOWED_MS : pollMs,
        isFollowed ? AbortSignal.any([stopped.signal, heard.signal]) : stopped.signal,
      );
      if (isFollowed && !heard.signal.aborted) for (const id of ids) changed.add(id);
      heard = new AbortController();
      if (stopped.signal.aborted) throw new AppError('WAIT_INTERRUPTED', { job: running[0]?.id ?? '' });
    }
  } finally {
    follower?.close();
    display.clear();
    release();
  }
}

/** What an event says of the jobs that are watched; true: there is something new to look at. */
function takeEvent(event: StreamEvent, jobs: Map<JobId, JobView>, changed: Set<JobId>): boolean {
  if (event.name === 'job.progress') {
    const job = jobs.get(event.data.id);
    if (job !== undefined && !isEnded(job.state)) jobs.set(job.id, { ...job, progress: event.data.progress });
    return job !== undefined;
  }
  if (event.name === 'job.changed' || event.name === 'job.removed') {
    if (!jobs.has(event.data.id)) return false;
    changed.add(event.data.id);
    return true;
  }
  if (event.name !== 'ready' && event.name !== 'resync' && event.name !== 'end') return false;
  for (const id of jobs.keys()) changed.add(id); // the stream begins: what came before is asked for
  return true;
}
