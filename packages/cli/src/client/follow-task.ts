import { AppError, fill, isErrorCode, type ErrorCode } from '@sekisho/core/errors.ts';
import type { TaskId } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getTask, type TaskView } from '@sekisho/core/wire/tasks.ts';
import { note, type Cli } from '../cli.ts';

const POLL_MS = SECOND_MS / 4;
/** A line on standard error for each of so many parts. */
const STEPS = 10;

/**
 * Waits for long work of the server, with its progress on standard error. Throws the refusal that the task ended with; `cancelled` when somebody
 * cancelled it.
 */
export async function followTask(
  cli: Cli,
  call: Caller,
  id: TaskId,
  cancelled: ErrorCode = 'INTERNAL',
): Promise<TaskView> {
  for (let told = 0; ;) {
    const task = await call(getTask, { params: { id } });
    if (task.endedAtMs !== null) {
      if (task.state === 'done') return task;
      const code = task.state === 'cancelled' ? cancelled : (task.code ?? 'INTERNAL');
      throw new AppError(isErrorCode(code) ? code : 'INTERNAL', task.params);
    }
    const { done, total } = task.progress ?? { done: 0, total: null };
    const step = total === null || total === 0 ? 0 : Math.floor((done / total) * STEPS);
    if (step > told) note(cli, fill(cli.words.notes.taskProgress, { percent: (step * 100) / STEPS }));
    told = Math.max(told, step);
    await cli.io.clock.sleep(POLL_MS);
  }
}
