import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Store } from '../../store/store.ts';
import { selectJob, selectOpenJobs, type StoredJob } from './jobs.store.ts';

/** A job that its host still has something to hear or to say about. */
export interface OpenJob {
  readonly id: JobId;
  readonly hostId: HostId;
  readonly state: 'queued' | 'active';
  /** Null: a scheduled run, which was never offered. */
  readonly orderExpiresAtMs: number | null;
  readonly cancelAsked: boolean;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
}

/** How long an order waits for its host to fetch the policy and assignment that it needs; then it is offered all the same. */
export const HOLD_BACK_MS = 60 * SECOND_MS;

/** Open jobs by host, in memory: filled from the store and moved on by the change feed, so that heartbeats cost no SQL. */
export class OpenWork {
  readonly #store: Store;
  readonly #jobs = new Map<JobId, OpenJob>();
  readonly #byHost = new Map<HostId, Set<JobId>>();
  readonly #onMove: (hostId: HostId) => void;

  /** `onMove` is called when a host has something new to hear. */
  constructor(store: Store, onMove: (hostId: HostId) => void) {
    this.#store = store;
    this.#onMove = onMove;
  }

  /** Reads all open jobs anew. */
  async fill(): Promise<void> {
    this.#jobs.clear();
    this.#byHost.clear();
    for (const job of await selectOpenJobs(this.#store.db, {})) this.#put(job);
  }

  /** A change of the feed: the job is read anew. */
  async refresh(id: JobId): Promise<void> {
    const job = await selectJob(this.#store.db, id);
    if (job === undefined || isEnded(job.state)) {
      this.#drop(id);
      return;
    }
    this.#put(job);
    this.#onMove(job.hostId);
  }

  get(id: JobId): OpenJob | undefined {
    return this.#jobs.get(id);
  }

  /** Is any job of this host open? */
  hasWork(hostId: HostId): boolean {
    return this.#byHost.has(hostId);
  }

  /**
   * Orders that wait for this host's answer, oldest first. A host that is not `upToDate` would refuse a plan or repository
   * that it has not fetched yet: young orders are held back, and offered at the heartbeat that follows its fetch.
   */
  offersOf(hostId: HostId, facts: { nowMs: number; upToDate: boolean; limit: number }): JobId[] {
    const { nowMs, upToDate, limit } = facts;
    return this.#of(hostId)
      .filter(
        (job) => job.state === 'queued' && job.orderExpiresAtMs !== null && nowMs < job.orderExpiresAtMs,
      )
      .filter((job) => upToDate || nowMs - job.createdAtMs >= HOLD_BACK_MS)
      .slice(0, limit)
      .map((job) => job.id);
  }

  /** Jobs that this host is asked to stop until it reports. */
  cancelsOf(hostId: HostId, limit: number): JobId[] {
    return this.#of(hostId)
      .filter((job) => job.state === 'active' && job.cancelAsked)
      .slice(0, limit)
      .map((job) => job.id);
  }

  all(): IterableIterator<OpenJob> {
    return this.#jobs.values();
  }

  #of(hostId: HostId): OpenJob[] {
    return [...(this.#byHost.get(hostId) ?? [])].flatMap((id) => this.#jobs.get(id) ?? []);
  }

  #put(job: StoredJob): void {
    this.#jobs.set(job.id, {
      id: job.id,
      hostId: job.hostId,
      state: job.state === 'queued' ? 'queued' : 'active',
      orderExpiresAtMs: job.orderExpiresAtMs,
      cancelAsked: job.cancelAskedAtMs !== null,
      createdAtMs: job.createdAtMs,
      startedAtMs: job.startedAtMs,
    });
    const ids = this.#byHost.get(job.hostId);
    if (ids === undefined) this.#byHost.set(job.hostId, new Set([job.id]));
    else ids.add(job.id);
  }

  #drop(id: JobId): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#jobs.delete(id);
    const ids = this.#byHost.get(job.hostId);
    ids?.delete(id);
    if (ids?.size === 0) this.#byHost.delete(job.hostId);
  }
}
