import { cancelTask } from '@sekisho/core/wire/tasks.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveTaskId } from '../../client/resolve-task.ts';
import { taskDetailText } from '../../output/task-text.ts';
import { defineVerb } from '../../verb.ts';

/** `task cancel TASK`. */
export const taskCancel = defineVerb({
  path: 'task cancel',
  args: { task: '<task>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho task cancel 0c1d6a52' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const id = await resolveTaskId(call, args.task ?? '');
      const task = await call(cancelTask, { params: { id } });
      return { json: task, bare: task.state, text: taskDetailText(cli, task) };
    }),
});
