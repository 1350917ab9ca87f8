import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import type { JobProgress, JobView } from '@sekisho/core/wire/jobs.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectJobViews, type JobFilter } from './jobs.store.ts';

/** Where the figures of running jobs are. */
export type ProgressOf = (id: JobId) => JobProgress | undefined;

/** A job as administrators see it, with live progress. @throws AppError NOT_FOUND */
export async function viewJob(db: DbOrTx, id: JobId, progressOf: ProgressOf): Promise<JobView> {
  const [view] = await selectJobViews(db, { id, limit: 1 });
  if (view === undefined) throw new AppError('NOT_FOUND', { what: 'job', id });
  return withProgress(view, progressOf);
}

/** These jobs, in this order. */
export async function viewJobs(
  db: DbOrTx,
  ids: readonly JobId[],
  progressOf: ProgressOf,
): Promise<JobView[]> {
  const views: JobView[] = [];
  for (const id of ids) views.push(await viewJob(db, id, progressOf));
  return views;
}

/** Jobs newest first. Logs and listings are left out: `viewJob` has them. */
export async function listJobViews(
  db: DbOrTx,
  filter: Omit<JobFilter, 'id' | 'limit'> & { limit?: number | undefined },
  progressOf: ProgressOf,
): Promise<JobView[]> {
  const views = await selectJobViews(db, { ...filter, limit: filter.limit ?? PAGE_ROWS_DEFAULT });
  return views.map((view) => withProgress(withoutBulk(view), progressOf));
}

const withProgress = (view: JobView, progressOf: ProgressOf): JobView =>
  view.state === 'active' ? { ...view, progress: progressOf(view.id) ?? null } : view;

const withoutBulk = (view: JobView): JobView =>
  view.report === null
    ? view
    : {
        ...view,
        report: { ...view.report, log: [], listing: null, unreadable: view.report.unreadable.slice(0, 10) },
      };
