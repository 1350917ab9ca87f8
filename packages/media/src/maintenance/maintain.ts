import { AppError } from '@sekisho/core/errors.ts';
import type { RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import { decideRemoval, type HeldBack } from '@sekisho/core/rules/removal.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findRestic } from '../restic/find-restic.ts';
import type { MediaStore } from '../store/media-store.ts';
import type { Repository } from '../store/repository.ts';
import { putBackRun, sweepTrash, trashRunName } from '../store/trash.ts';
import { checkPacks, checkStructure } from './check-packs.ts';
import { openLoopback } from './loopback-listener.ts';
import { findRootless, quarantineStubs, quarantineUnreadable } from './quarantine.ts';
import { quarantineMalformedKeys } from './quarantine-keys.ts';
import { ResticSession } from './restic-session.ts';

export interface MaintenanceRequest {
  readonly jobId: string;
  readonly repository: RepositoryName;
  /** What the signed order asks to forget; the rule decides what may go. */
  readonly forget: readonly SnapshotId[];
  readonly prune: boolean;
  /** In memory for this job alone. */
  readonly password: Secret;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

export interface MaintenanceResult {
  /** Gone now, those that an interrupted earlier run removed included. */
  readonly forgotten: SnapshotId[];
  readonly heldBack: HeldBack[];
  /** Snapshots that restic could not read and packs that lied, moved to the trash. */
  readonly quarantined: { readonly snapshots: SnapshotId[]; readonly packs: string[] };
  readonly pruned: boolean;
  readonly log: readonly string[];
}

const STEPS = ['quarantine', 'index', 'read', 'forget', 'prune', 'check'] as const;

/** Runs maintenance, one job at a time for each repository. */
export class MaintenanceRunner {
  readonly #store: MediaStore;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<RepositoryName, { abort: AbortController; ended: Promise<unknown> }>();

  constructor(store: MediaStore, env: NodeJS.ProcessEnv) {
    this.#store = store;
    this.#env = env;
  }

  /**
   * Forget by ID, prune and check, with the repository closed to its client (P-02). First everything that a client could
   * have forged is neutralised: unreadable snapshots, stale locks, indexes, packs that claim what they do not hold. Whatever
   * a check finds beyond that stops the job before anything is removed.
   * @throws AppError REPOSITORY_UNKNOWN, REPOSITORY_BUSY, RESTIC_MISSING, RESTIC_TOO_OLD, RESTIC_FAILED,
   *   MAINTENANCE_CHECK_FAILED, MAINTENANCE_CANCELLED
   */
  async maintain(request: MaintenanceRequest): Promise<MaintenanceResult> {
    const { repository: name } = request;
    if (this.#running.has(name))
      throw new AppError('REPOSITORY_BUSY', { repository: name, reason: 'maintenance runs' });
    const abort = new AbortController();
    const signal =
      request.signal === undefined ? abort.signal : AbortSignal.any([request.signal, abort.signal]);
    const ended = this.#run(request, signal);
    this.#running.set(name, { abort, ended });
    try {
      return await ended;
    } catch (error) {
      if (signal.aborted) throw new AppError('MAINTENANCE_CANCELLED', { repository: name }, { cause: error });
      throw error;
    } finally {
      this.#running.delete(name);
    }
  }

  stopOn(name: RepositoryName): void {
    this.#running.get(name)?.abort.abort();
  }

  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort();
    await Promise.allSettled(running.map(({ ended }) => ended));
  }

  async #run(request: MaintenanceRequest, signal: AbortSignal): Promise<MaintenanceResult> {
    const repository = await this.#store.get(request.repository);
    const startedAtMs = this.#store.clock.nowMs();
    const removedBefore = request.forget.filter((id) => repository.journal.wasRemoved(id));
    const decision = decideRemoval(
      {
        wanted: request.forget.filter((id) => !repository.journal.wasRemoved(id)),
        received: repository.journal.received(),
        sealed: repository.sealed,
      },
      startedAtMs,
    );
    if (repository.sealed) return nothingDone(removedBefore, decision.heldBack);
    const binary = await findRestic(this.#env);
    await repository.enterMaintenance({ jobId: request.jobId, startedAtMs });
    try {
      crashPoint('maintenance.started');
      const done = await this.#work(request, {
        repository,
        binary,
        remove: decision.remove,
        startedAtMs,
        signal,
      });
      crashPoint('maintenance.before-report');
      return {
        ...done,
        forgotten: [...new Set([...removedBefore, ...done.forgotten])],
        heldBack: decision.heldBack,
      };
    } finally {
      await repository.leaveMaintenance();
      await sweepTrash(repository, this.#store.clock.nowMs());
    }
  }

  async #work(
    request: MaintenanceRequest,
    job: {
      repository: Repository;
      binary: string;
      remove: SnapshotId[];
      startedAtMs: number;
      signal: AbortSignal;
    },
  ): Promise<Omit<MaintenanceResult, 'heldBack'>> {
    const { repository, remove } = job;
    const run = { name: trashRunName(job.startedAtMs), nowMs: job.startedAtMs };
    let replacing = false;
    const step = (index: number): void => {
      job.signal.throwIfAborted();
      request.onProgress?.(progressOf(index));
    };
    const loopback = await openLoopback(this.#store, repository.name, {
      kind: 'maintenance',
      trashRun: run.name,
      replacesIndexes: () => replacing,
    });
    try {
      await quarantineMalformedKeys(repository, run);
      const session = new ResticSession({
        binary: job.binary,
        repositoryUrl: loopback.repositoryUrl,
        credentials: loopback.credentials,
        password: request.password,
        keyHint: await oldestKey(repository),
        signal: job.signal,
      });
      step(0);
      const snapshots = await quarantineStubs(repository, run);
      snapshots.push(...(await quarantineUnreadable(repository, session, run)));
      this.#tellQuarantined(repository, snapshots);
      step(1);
      replacing = true;
      await session.rebuildIndex();
      step(2);
      const rootless = await findRootless(session);
      // An ordered removal of a point that holds nothing may go first: else its absence would fail every check for ever.
      await forget(
        session,
        remove.filter((id) => rootless.has(id)),
      );
      const packs = await checkPacks(repository, session, run);
      replacing = false;
      step(3);
      await forget(
        session,
        remove.filter((id) => !rootless.has(id)),
      );
      step(4);
      if (request.prune) await session.require(['prune']);
      step(5);
      if (!(await checkStructure(session))) {
        await putBackRun(repository, run.name, this.#store.clock.nowMs());
        throw new AppError('MAINTENANCE_CHECK_FAILED', {
          repository: repository.name,
          detail: 'the check after the removal failed; everything was put back',
        });
      }
      const left = new Set(await repository.snapshotIds());
      return {
        forgotten: remove.filter((id) => !left.has(id)),
        quarantined: { snapshots, packs },
        pruned: request.prune,
        log: session.log,
      };
    } finally {
      await loopback.close();
    }
  }

  #tellQuarantined(repository: Repository, snapshots: readonly SnapshotId[]): void {
    const [first] = snapshots;
    if (first === undefined) return;
    this.#store.tell('snapshot-quarantined', {
      repository: repository.name,
      count: snapshots.length,
      snapshotId: first,
    });
  }
}

async function forget(session: ResticSession, ids: readonly SnapshotId[]): Promise<void> {
  if (ids.length === 0) return;
  crashPoint('maintenance.before-forget');
  await session.require(['forget', ...ids]);
}

/** The key that the repository began with, by when it was received. */
async function oldestKey(repository: Repository): Promise<string | undefined> {
  const folder = join(repository.paths.objects, 'keys');
  let oldest: { id: string; mtimeMs: number } | undefined;
  for (const id of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, id));
    if (oldest === undefined || mtimeMs < oldest.mtimeMs) oldest = { id, mtimeMs };
  }
  return oldest?.id;
}

const nothingDone = (forgotten: SnapshotId[], heldBack: HeldBack[]): MaintenanceResult => ({
  forgotten,
  heldBack,
  quarantined: { snapshots: [], packs: [] },
  pruned: false,
  log: [],
});

const progressOf = (step: number): JobProgress => ({
  phase: step < 2 ? 'preparing' : step < STEPS.length - 1 ? 'transferring' : 'finishing',
  filesDone: step,
  filesTotal: STEPS.length,
  bytesDone: 0,
  bytesTotal: 0,
  bytesPerSecond: 0,
  secondsLeft: null,
  currentFile: STEPS[step] ?? null,
});
