import { getTask } from '@sekisho/core/wire/tasks.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveTaskId } from '../../client/resolve-task.ts';
import { taskDetailText } from '../../output/task-text.ts';
import { defineVerb } from '../../verb.ts';

/** `task show TASK`. */
export const taskShow = defineVerb({
  path: 'task show',
  args: { task: '<task>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho task show 0c1d6a52' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveTaskId(call, args.task ?? '');
      const task = await call(getTask, { params: { id } });
      return { json: task, bare: task.state, text: taskDetailText(cli, task) };
    }),
});
