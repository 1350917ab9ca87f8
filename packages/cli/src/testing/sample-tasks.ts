import { AppError } from '@sekisho/core/errors.ts';
import { cancelTask, getTask, listTasks, type taskView } from '@sekisho/core/wire/tasks.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { BACKUP_TASK } from './sample-database.ts';
import { DRILL_TASK } from './sample-renewals.ts';

type Task = z.input<typeof taskView>;

const task = (digit: string, change: Partial<Task>): Task => ({
  id: `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`,
  kind: 'database-backup',
  state: 'done',
  input: {},
  progress: { done: 3, total: 3 },
  result: { file: 'backup-1' },
  code: null,
  params: {},
  createdAtMs: TEST_NOW_MS - 60_000,
  createdBy: 'office',
  endedAtMs: TEST_NOW_MS - 30_000,
  ...change,
});
const TASKS = [
  task('3', { state: 'running', progress: { done: 1, total: null }, result: null, endedAtMs: null }),
  task('2', { state: 'failed', code: 'TASK_INTERRUPTED', result: null }),
  task('1', {}),
];

function one(id: string): Task {
  const found = [...TASKS, BACKUP_TASK, DRILL_TASK].find((candidate) => candidate.id === id);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'task', id });
  return found;
}

/** Three tasks: one runs, one failed, one is done. */
export const taskSamples = (): FakeRoute[] => [
  fakeRoute(listTasks, ({ query }) => ({
    tasks: TASKS.filter(({ state }) => query.state === undefined || state === query.state),
    next: null,
  })),
  fakeRoute(getTask, ({ params }) => one(params.id)),
  fakeRoute(cancelTask, ({ params }) => {
    const found = one(params.id);
    if (found.endedAtMs !== null) throw new AppError('TASK_ENDED', { id: params.id });
    return { ...found, state: 'cancelling' as const };
  }),
];
