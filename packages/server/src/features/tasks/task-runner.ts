import { AppError } from '@sekisho/core/errors.ts';
import { parseTaskId, type TaskId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { TaskProgress, TaskState } from '@sekisho/core/wire/tasks.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { startLoop, type Loop } from '../../loops/loop.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import { listWorkers } from '../../store/workers.ts';
import {
  deleteEndedBefore,
  endTask,
  insertTask,
  selectOrphans,
  selectTask,
  updateProgress,
  type TaskOutcome,
} from './tasks.store.ts';

/** Tasks that one server process runs at a time. */
export const TASKS_RUNNING_MAX = 16;
/** Progress is written no more often. */
export const TASK_PROGRESS_EVERY_MS = SECOND_MS;
/** How often it is looked for tasks whose server process is gone. */
export const TASK_SWEEP_EVERY_MS = 15 * SECOND_MS;
/** How long a task can be looked at after its end. */
export const TASKS_KEPT_MS = 30 * DAY_MS;
/** An answer that is larger is not kept. */
const RESULT_LENGTH_MAX = 256 * 1024;

/** What a task's work is given. */
export interface TaskHandle {
  /** How far it is; `total` null while nobody knows. Written at most once a second. */
  progress(done: number, total: number | null): void;
  /** Aborted when somebody cancels the task, or the server stops. */
  readonly signal: AbortSignal;
}

/** One piece of long work. */
export interface TaskSpec {
  /** A word of the program, such as `export-audit`. */
  readonly kind: string;
  /** What it was asked; never secrets. */
  readonly input: Record<string, unknown>;
  readonly run: (task: TaskHandle) => Promise<Record<string, unknown>>;
}

interface Running {
  readonly abort: AbortController;
  ended: Promise<void>;
}

interface TaskRunnerParts {
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly workerId: string;
}

/** The tasks of this server process: what they do is a row, so that who asks for one sees it on every server. */
export class TaskRunner {
  readonly #parts: TaskRunnerParts;
  readonly #running = new Map<TaskId, Running>();
  #unsubscribe: (() => void) | undefined;
  #sweep: Loop | undefined;
  #stopping = false;

  constructor(parts: TaskRunnerParts) {
    this.#parts = parts;
  }

  /** Ends what dead processes left, and begins to listen for cancels. */
  async start(): Promise<void> {
    const { feed, clock, log } = this.#parts;
    this.#unsubscribe = feed.subscribe(
      ['task'],
      ({ key }) => {
        const id = parseTaskId(key);
        if (id !== undefined && this.#running.has(id)) return this.#look(id);
      },
      async () => {
        for (const id of this.#running.keys()) await this.#look(id);
      },
    );
    await this.#endOrphans();
    this.#sweep = startLoop({
      clock,
      log,
      name: 'tasks',
      everyMs: TASK_SWEEP_EVERY_MS,
      run: () => this.#endOrphans(),
    });
  }

  /**
   * Begins a task and gives its ID at once. Refusals: TASKS_TOO_MANY, SERVER_STOPPING.
   * What `run` throws as AppError becomes the task's code; anything else INTERNAL.
   */
  async begin(principal: Principal, spec: TaskSpec): Promise<TaskId> {
    const { store, clock, random, workerId } = this.#parts;
    if (this.#stopping) throw new AppError('SERVER_STOPPING');
    if (this.#running.size >= TASKS_RUNNING_MAX)
      throw new AppError('TASKS_TOO_MANY', { limit: TASKS_RUNNING_MAX });
    const id = parseTaskId(random.uuid())!;
    const running: Running = { abort: new AbortController(), ended: Promise.resolve() };
    this.#running.set(id, running);
    try {
      await store.transaction(async (tx) => {
        const { kind, input } = spec;
        await insertTask(tx, { id, kind, input, workerId, createdBy: principal.name, nowMs: clock.nowMs() });
        await recordChange(tx, 'task', id);
      });
    } catch (error) {
      this.#running.delete(id);
      throw error;
    }
    running.ended = this.#carryOut(id, spec, running.abort);
    return id;
  }

  /** Ends what runs: each task fails with TASK_INTERRUPTED, unless it got done. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unsubscribe?.();
    await this.#sweep?.stop();
    for (const { abort } of this.#running.values()) abort.abort(new AppError('TASK_INTERRUPTED'));
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #carryOut(id: TaskId, spec: TaskSpec, abort: AbortController): Promise<void> {
    const { clock, log } = this.#parts;
    let latest: TaskProgress | undefined;
    let writing: Promise<void> | undefined;
    let writtenMs = -TASK_PROGRESS_EVERY_MS;
    const write = (): void => {
      const progress = latest;
      if (writing !== undefined || progress === undefined) return;
      if (clock.monotonicMs() - writtenMs < TASK_PROGRESS_EVERY_MS) return;
      writtenMs = clock.monotonicMs();
      latest = undefined;
      writing = this.#write(id, progress).finally(() => {
        writing = undefined;
      });
    };
    const end = await outcomeOf(spec, {
      signal: abort.signal,
      progress: (done, total) => {
        latest = {
          done: Math.max(0, Math.round(done)),
          total: total === null ? null : Math.max(0, Math.round(total)),
        };
        write();
      },
    });
    await writing;
    if (latest !== undefined && end.state === 'done') await this.#write(id, latest);
    if (end.cause !== undefined) log.error({ err: end.cause, taskId: id, kind: spec.kind }, 'task failed');
    await this.#end(id, end.state, end.outcome).catch((error: unknown) => {
      // the sweep of whoever lives next ends it
      log.warn({ err: error, taskId: id }, 'the end of a task could not be written');
    });
    this.#running.delete(id);
  }

  async #write(id: TaskId, progress: TaskProgress): Promise<void> {
    await this.#parts.store
      .transaction(async (tx) => {
        await updateProgress(tx, id, progress);
        await recordChange(tx, 'task', id);
      })
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: error, taskId: id }, 'progress of a task could not be written');
      });
  }

  async #end(id: TaskId, state: TaskState, outcome: TaskOutcome | null): Promise<void> {
    await this.#parts.store.transaction(async (tx) => {
      const ended = await endTask(tx, id, { state, outcome, nowMs: this.#parts.clock.nowMs() });
      if (ended) await recordChange(tx, 'task', id);
    });
  }

  /** Somebody changed a task of ours: was it a cancel? */
  async #look(id: TaskId): Promise<void> {
    const task = await selectTask(this.#parts.store.db, id);
    if (task?.state === 'cancelling') this.#running.get(id)?.abort.abort(CANCELLED);
  }

  async #endOrphans(): Promise<void> {
    const { store, clock } = this.#parts;
    const live = (await listWorkers(store)).filter((worker) => worker.live).map((worker) => worker.id);
    for (const id of await selectOrphans(store.db, [...live, this.#parts.workerId]))
      await this.#end(id, 'failed', { code: 'TASK_INTERRUPTED', params: {} });
    await store.transaction((tx) => deleteEndedBefore(tx, clock.nowMs() - TASKS_KEPT_MS));
  }
}

const CANCELLED = Symbol('cancelled');

async function outcomeOf(
  spec: TaskSpec,
  handle: TaskHandle,
): Promise<{ state: TaskState; outcome: TaskOutcome | null; cause?: unknown }> {
  try {
    const result = await spec.run(handle);
    if (JSON.stringify(result).length > RESULT_LENGTH_MAX)
      throw new Error('the result of the task is too long');
    return { state: 'done', outcome: { result } };
  } catch (error) {
    if (handle.signal.aborted) {
      if (handle.signal.reason === CANCELLED) return { state: 'cancelled', outcome: null };
      return { state: 'failed', outcome: { code: 'TASK_INTERRUPTED', params: {} } };
    }
    if (error instanceof AppError)
      return { state: 'failed', outcome: { code: error.code, params: { ...error.params } } };
    return { state: 'failed', outcome: { code: 'INTERNAL', params: {} }, cause: error };
  }
}
