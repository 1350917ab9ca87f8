import { z } from 'zod';
import { PAGE_ROWS_MAX } from '../limits.ts';
import { count, epochMs, taskId } from './scalars.ts';
import { route } from './route.ts';

/** `cancelling`: somebody asked for its end, and the server process that runs it has not ended it yet. */
export const TASK_STATES = ['running', 'cancelling', 'done', 'failed', 'cancelled'] as const;
export const taskState = z.enum(TASK_STATES);
export type TaskState = z.infer<typeof taskState>;

/** How far a task is; the unit is the task's own. `total` is null while nobody knows. */
export const taskProgress = z.object({ done: count, total: count.nullable() });
export type TaskProgress = z.infer<typeof taskProgress>;

/** Long work of a server itself (S-05): what it was asked, how far it is, how it ended. */
export const taskView = z.object({
  id: taskId,
  /** What is done: a word of the program, such as `export-audit`. */
  kind: z.string().max(64),
  state: taskState,
  input: z.record(z.string(), z.unknown()),
  progress: taskProgress.nullable(),
  /** What came out of a task that is done. */
  result: z.record(z.string(), z.unknown()).nullable(),
  /** Why it failed: a code of core/errors with its values. */
  code: z.string().max(64).nullable(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  createdAtMs: epochMs,
  createdBy: z.string(),
  endedAtMs: epochMs.nullable(),
});
export type TaskView = z.infer<typeof taskView>;

const idParams = z.object({ id: taskId });

export const listTasks = route({
  method: 'GET',
  path: '/v1/tasks',
  right: 'server.read',
  query: z.object({
    state: taskState.optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ tasks: z.array(taskView), next: z.string().nullable() }),
});
export const getTask = route({
  method: 'GET',
  path: '/v1/tasks/:id',
  right: 'server.read',
  params: idParams,
  reply: taskView,
});
/** Asks for the end of a task; it shows as `cancelling` until its server process has ended it. */
export const cancelTask = route({
  method: 'POST',
  path: '/v1/tasks/:id/cancel',
  right: 'server.operate',
  params: idParams,
  reply: taskView,
});
