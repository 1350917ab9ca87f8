import { parseTaskId, type TaskId } from '@sekisho/core/ids.ts';
import {
  taskProgress,
  taskState,
  type TaskProgress,
  type TaskState,
  type TaskView,
} from '@sekisho/core/wire/tasks.ts';
import { z } from 'zod';
import { nextValue } from '../../store/counters.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** How a task ended: what came out, or the refusal. */
const outcome = z.union([
  z.object({ result: z.record(z.string(), z.unknown()) }),
  z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
]);
export type TaskOutcome = z.infer<typeof outcome>;

/** A task as it is stored. */
export interface StoredTask {
  readonly id: TaskId;
  readonly num: number;
  readonly kind: string;
  readonly state: TaskState;
  readonly input: Record<string, unknown>;
  readonly progress: TaskProgress | null;
  readonly outcome: TaskOutcome | null;
  readonly workerId: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly endedAtMs: number | null;
}

const COLUMNS = [
  'id',
  'num',
  'kind',
  'state',
  'input',
  'progress',
  'result',
  'worker_id',
  'created_at_ms',
  'created_by',
  'ended_at_ms',
] as const;

/** A new task, under way. */
export async function insertTask(
  tx: Tx,
  task: {
    id: TaskId;
    kind: string;
    input: Record<string, unknown>;
    workerId: string;
    createdBy: string;
    nowMs: number;
  },
): Promise<void> {
  await tx
    .insertInto('tasks')
    .values({
      id: task.id,
      num: await nextValue(tx, 'tasks'),
      kind: task.kind,
      state: 'running',
      input: JSON.stringify(task.input),
      progress: null,
      result: null,
      worker_id: task.workerId,
      created_at_ms: task.nowMs,
      created_by: task.createdBy,
      ended_at_ms: null,
    })
    .execute();
}

export async function updateProgress(tx: Tx, id: TaskId, progress: TaskProgress): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ progress: JSON.stringify(progress) })
    .where('id', '=', id)
    .where('ended_at_ms', 'is', null)
    .execute();
}

/** Marks a running task; false when it is not running. */
export async function markCancelling(tx: Tx, id: TaskId): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ state: 'cancelling' })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The end of a task; false when it had ended already. */
export async function endTask(
  tx: Tx,
  id: TaskId,
  end: { state: TaskState; outcome: TaskOutcome | null; nowMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({
      state: end.state,
      result: end.outcome === null ? null : JSON.stringify(end.outcome),
      ended_at_ms: end.nowMs,
    })
    .where('id', '=', id)
    .where('ended_at_ms', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function selectTask(db: DbOrTx, id: TaskId): Promise<StoredTask | undefined> {
  const row = await db.selectFrom('tasks').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : taskOf(row);
}

/** Newest first; `beforeNum` begins after the task of that number. */
export async function selectTasks(
  db: DbOrTx,
  filter: { state?: TaskState | undefined; beforeNum?: number | undefined; limit: number },
): Promise<StoredTask[]> {
  let query = db.selectFrom('tasks').select(COLUMNS).orderBy('num', 'desc').limit(filter.limit);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (filter.beforeNum !== undefined) query = query.where('num', '<', filter.beforeNum);
  return (await query.execute()).map(taskOf);
}

/** Tasks that have not ended, of server processes that are not among these. */
export async function selectOrphans(db: DbOrTx, liveWorkers: readonly string[]): Promise<TaskId[]> {
  let query = db.selectFrom('tasks').select('id').where('state', 'in', ['running', 'cancelling']);
  if (liveWorkers.length > 0) query = query.where('worker_id', 'not in', liveWorkers);
  return (await query.execute()).map((row) => storedTaskId(row.id));
}

/** Removes tasks that ended before this moment. */
export async function deleteEndedBefore(tx: Tx, beforeMs: number): Promise<void> {
  await tx.deleteFrom('tasks').where('ended_at_ms', '<', beforeMs).execute();
}

/** A task as administrators see it. */
export function viewTask(task: StoredTask): TaskView {
  const failure = task.outcome !== null && 'code' in task.outcome ? task.outcome : undefined;
  return {
    id: task.id,
    kind: task.kind,
    state: task.state,
    input: task.input,
    progress: task.progress,
    result: task.outcome !== null && 'result' in task.outcome ? task.outcome.result : null,
    code: failure?.code ?? null,
    params: failure?.params ?? {},
    createdAtMs: task.createdAtMs,
    createdBy: task.createdBy,
    endedAtMs: task.endedAtMs,
  };
}

function taskOf(row: {
  id: string;
  num: number;
  kind: string;
  state: string;
  input: string;
  progress: string | null;
  result: string | null;
  worker_id: string;
  created_at_ms: number;
  created_by: string;
  ended_at_ms: number | null;
}): StoredTask {
  return {
    id: storedTaskId(row.id),
    num: row.num,
    kind: row.kind,
    state: taskState.parse(row.state),
    input: z.record(z.string(), z.unknown()).parse(JSON.parse(row.input)),
    progress: row.progress === null ? null : taskProgress.parse(JSON.parse(row.progress)),
    outcome: row.result === null ? null : outcome.parse(JSON.parse(row.result)),
    workerId: row.worker_id,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    endedAtMs: row.ended_at_ms,
  };
}

function storedTaskId(raw: string): TaskId {
  const id = parseTaskId(raw);
  if (id === undefined) throw new Error(`the row of task ${raw} is not readable`);
  return id;
}
