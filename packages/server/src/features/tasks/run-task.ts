import type { TaskId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { TaskRunner, TaskSpec } from './task-runner.ts';

/**
 * Begins long work of this server and gives its ID at once; `run` reports progress, ends when its signal is aborted, and
 * gives the result (at most 256 KiB of JSON, no secrets). What it throws becomes the task's code.
 * Refusals: TASKS_TOO_MANY, SERVER_STOPPING.
 */
export const startTask = (
  context: { readonly tasks: TaskRunner },
  principal: Principal,
  spec: TaskSpec,
): Promise<TaskId> => context.tasks.begin(principal, spec);
