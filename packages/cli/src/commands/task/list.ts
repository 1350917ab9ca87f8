import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listTasks, TASK_STATES } from '@sekisho/core/wire/tasks.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { choice, numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { taskProgressText } from '../../output/task-text.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const ROWS_DEFAULT = 30;

/** `task list`. */
export const taskList = defineVerb({
  path: 'task list',
  args: {},
  flags: {
    data: serverData,
    state: choice('--state <state>', TASK_STATES),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho task list', running: 'sekisho task list --state running' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = await call(listTasks, {
        query: {
          limit: flags.limit,
          ...(flags.state === undefined ? {} : { state: flags.state }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { labels, notes, states } = cli.words;
      if (reply.tasks.length === 0) return { json: reply, text: [notes.noTasks] };
      return {
        json: reply,
        text: [
          ...renderTable(
            [
              labels.task,
              labels.kind,
              labels.state,
              labels.progress,
              labels.startedAt,
              labels.endedAt,
              labels.by,
            ].map((title) => ({ title })),
            reply.tasks.map((task) => [
              task.id.slice(0, 8),
              task.kind,
              states.task[task.state],
              taskProgressText(cli, task),
              cli.format.time(task.createdAtMs),
              cli.format.time(task.endedAtMs),
              task.createdBy,
            ]),
          ),
          timesLine(cli),
          ...(reply.next === null ? [] : [fill(notes.more, { after: reply.next })]),
        ],
      };
    }),
});
