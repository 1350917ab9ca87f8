import type { HostId, JobId } from '@sekisho/core/ids.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';

/** Running jobs whose figures are kept; the one heard of longest ago goes. */
export const PROGRESS_JOBS_MAX = 10_000;

interface Entry {
  readonly hostId: HostId;
  readonly progress: JobProgress;
  readonly atMs: number;
}

/** Hears the figures of each job that runs. */
export type OnProgress = (id: JobId, hostId: HostId, progress: JobProgress) => void;

/** P-12 The live figures of running jobs, in memory alone. */
export class ProgressBoard {
  readonly #entries = new Map<JobId, Entry>();
  readonly #listeners = new Set<OnProgress>();

  /** Calls with all figures from now on; gives how to stop. */
  listen(call: OnProgress): () => void {
    this.#listeners.add(call);
    return () => {
      this.#listeners.delete(call);
    };
  }

  put(id: JobId, hostId: HostId, progress: JobProgress, nowMs: number): void {
    for (const call of this.#listeners) call(id, hostId, progress);
    this.#entries.delete(id);
    this.#entries.set(id, { hostId, progress, atMs: nowMs });
    if (this.#entries.size <= PROGRESS_JOBS_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  get(id: JobId): JobProgress | undefined {
    return this.#entries.get(id)?.progress;
  }

  /** When the job was last heard of; zero when it never was. */
  heardAtMs(id: JobId): number {
    return this.#entries.get(id)?.atMs ?? 0;
  }

  drop(id: JobId): void {
    this.#entries.delete(id);
  }
}
