import { AppError } from '@sekisho/core/errors.ts';
import { getTask } from '@sekisho/core/wire/tasks.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveTaskId } from '../../client/resolve-task.ts';
import { exitCodeOfTask, isTaskEnded, taskDetailText } from '../../output/task-text.ts';
import { defineVerb } from '../../verb.ts';

const POLL_MS = 1_000;

/** `task watch TASK`: until it ends; Ctrl-C stops watching, not the task. */
export const taskWatch = defineVerb({
  path: 'task watch',
  args: { task: '<task>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho task watch 0c1d6a52' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveTaskId(call, args.task ?? '');
      const stopped = new AbortController();
      const release = cli.io.onStop(() => stopped.abort());
      try {
        for (;;) {
          const task = await call(getTask, { params: { id } });
          if (isTaskEnded(task))
            return {
              json: task,
              bare: task.state,
              text: taskDetailText(cli, task),
              exitCode: exitCodeOfTask(task),
            };
          await cli.io.clock.sleep(POLL_MS, stopped.signal);
          if (stopped.signal.aborted) throw new AppError('TASK_WAIT_INTERRUPTED', { id });
        }
      } finally {
        release();
      }
    }),
});
