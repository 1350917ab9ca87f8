import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { cancelTask, getTask, listTasks } from '@sekisho/core/wire/tasks.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { markCancelling, selectTask, selectTasks, viewTask } from './tasks.store.ts';

/** S-05 Tasks: list, read, cancel. */
export function taskRoutes(app: FastifyInstance, context: ServerContext): void {
  const { db } = context.store;
  mount(app, listTasks, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const beforeNum = query.after === undefined ? undefined : Number(query.after);
    const rows = await selectTasks(db, { state: query.state, beforeNum, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    return {
      tasks: shown.map(viewTask),
      next: rows.length > limit ? String(shown.at(-1)?.num) : null,
    };
  });
  mount(app, getTask, async ({ params }) => {
    const task = await selectTask(db, params.id);
    if (task === undefined) throw new AppError('NOT_FOUND', { what: 'task', id: params.id });
    return viewTask(task);
  });
  mount(app, cancelTask, async ({ params, principal }) => {
    const task = await context.store.transaction(async (tx) => {
      const before = await selectTask(tx, params.id);
      if (before === undefined) throw new AppError('NOT_FOUND', { what: 'task', id: params.id });
      if (before.endedAtMs !== null) throw new AppError('TASK_ENDED', { id: params.id });
      if (await markCancelling(tx, params.id)) {
        await recordChange(tx, 'task', params.id);
        const { name: actor, origin } = principal;
        const entry = { act: 'cancel-task', actor, origin, subject: params.id, outcome: 'done' } as const;
        await recordAudit(tx, { ...entry, detail: { kind: before.kind } }, context.clock.nowMs());
      }
      return await selectTask(tx, params.id);
    });
    if (task === undefined) throw new AppError('NOT_FOUND', { what: 'task', id: params.id });
    return viewTask(task);
  });
}
