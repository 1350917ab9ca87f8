import { AppError } from '@sekisho/core/errors.ts';
import { parseTaskId, type TaskId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listTasks } from '@sekisho/core/wire/tasks.ts';

const ID_DIGITS_MIN = 4;

/** The task of an ID or its first digits (of the newest tasks). Refusals: TASK_UNKNOWN, ID_AMBIGUOUS. */
export async function resolveTaskId(call: Caller, given: string): Promise<TaskId> {
  const id = parseTaskId(given);
  if (id !== undefined) return id;
  if (given.length < ID_DIGITS_MIN || !/^[0-9a-f-]+$/.test(given))
    throw new AppError('TASK_UNKNOWN', { given });
  const { tasks } = await call(listTasks, { query: { limit: PAGE_ROWS_MAX } });
  const [found, ...more] = tasks.filter((task) => task.id.startsWith(given));
  if (found === undefined) throw new AppError('TASK_UNKNOWN', { given });
  if (more.length > 0)
    throw new AppError('ID_AMBIGUOUS', {
      given,
      ids: [found, ...more.slice(0, 4)].map((task) => task.id).join(', '),
    });
  return found.id;
}
