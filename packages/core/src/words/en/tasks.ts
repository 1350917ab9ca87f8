/** What the commands about tasks say in English. */
const data = 'data folder of the management server';
const task = 'ID of the task, or its first digits';

export const taskVerbs = {
  'task list': {
    summary: 'List long work of the server itself, the newest first',
    args: {},
    flags: {
      data,
      state: 'in this state alone',
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'All', running: 'What runs now' },
  },
  'task show': {
    summary: 'Show a task: how far it is, or how it ended',
    args: { task },
    flags: { data },
    examples: { plain: 'One task' },
  },
  'task watch': {
    summary: 'Wait until a task has ended',
    args: { task },
    flags: { data },
    examples: { plain: 'The exit code is 0 when it is done' },
  },
  'task cancel': {
    summary: 'Ask a task to end',
    args: { task },
    flags: { data },
    examples: { plain: 'It ends as soon as it can' },
  },
};
export const taskStates = {
  running: 'running',
  cancelling: 'being cancelled',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};
