import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import type { JobProgress, JobView } from '@sekisho/core/wire/jobs.ts';
import { numberCursor, pageOf, parseNumberCursor } from '../../http/cursor.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectJobViews, type JobFilter } from './jobs.store.ts';

/** Where the figures of running jobs are. */
export type ProgressOf = (id: JobId) => JobProgress | undefined;

/** A job as administrators see it, with live progress. @throws AppError NOT_FOUND */
export async function viewJob(db: DbOrTx, id: JobId, progressOf: ProgressOf): Promise<JobView> {
  const [job] = await selectJobViews(db, { id, limit: 1 });
  if (job === undefined) throw new AppError('NOT_FOUND', { what: 'job', id });
  return withProgress(job.view, progressOf);
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

/** A page of jobs, newest first. Logs and listings are left out: `viewJob` has them. `after`: the place of a `next`. */
export async function listJobViews(
  db: DbOrTx,
  asked: Omit<JobFilter, 'id' | 'limit' | 'beforeNum'> & {
    limit?: number | undefined;
    after?: string | undefined;
  },
  progressOf: ProgressOf,
): Promise<{ jobs: JobView[]; next: string | null }> {
  const { after, limit = PAGE_ROWS_DEFAULT, ...filter } = asked;
  const rows = await selectJobViews(db, { ...filter, beforeNum: parseNumberCursor(after), limit: limit + 1 });
  const { shown, next } = pageOf(rows, limit, ({ num }) => numberCursor(num));
  return { jobs: shown.map(({ view }) => withProgress(withoutBulk(view), progressOf)), next };
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
