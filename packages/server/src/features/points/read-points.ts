import { AppError } from '@sekisho/core/errors.ts';
import type { RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import type { PointView } from '@sekisho/core/wire/points.ts';
import { pageOf, parseTimeCursor, timeCursor } from '../../http/cursor.ts';
import type { DbOrTx } from '../../store/tables.ts';
import {
  selectPoint,
  selectPointViews,
  selectPointsOf,
  type PointFilter,
  type StoredPoint,
} from './points.store.ts';

export type { StoredPoint } from './points.store.ts';

/** A recovery point that is there. @throws AppError NOT_FOUND, POINT_REMOVED */
export async function getPointRow(db: DbOrTx, id: SnapshotId): Promise<StoredPoint> {
  const point = await selectPoint(db, id);
  if (point === undefined) throw new AppError('NOT_FOUND', { what: 'point', id });
  if (point.removedAtMs !== null) throw new AppError('POINT_REMOVED', { id });
  return point;
}

/** The points of one repository that are there, oldest first. */
export const pointsOf = (db: DbOrTx, repository: RepositoryName): Promise<StoredPoint[]> =>
  selectPointsOf(db, repository);

/** A recovery point as administrators see it. @throws AppError NOT_FOUND, POINT_REMOVED */
export async function viewPoint(db: DbOrTx, id: SnapshotId): Promise<PointView> {
  await getPointRow(db, id);
  const [point] = await selectPointViews(db, { id, limit: 1 });
  if (point === undefined) throw new AppError('NOT_FOUND', { what: 'point', id });
  return point.view;
}

/** A page of the recovery points that are there, newest first. `after`: the place of a `next`. */
export async function listPointViews(
  db: DbOrTx,
  asked: Omit<PointFilter, 'id' | 'limit' | 'after'> & {
    limit?: number | undefined;
    after?: string | undefined;
  },
): Promise<{ points: PointView[]; next: string | null }> {
  const { after, limit = PAGE_ROWS_DEFAULT, ...filter } = asked;
  const place = parseTimeCursor(after);
  const rows = await selectPointViews(db, {
    ...filter,
    after: place === undefined ? undefined : { receivedAtMs: place.ms, num: Number(place.id) },
    limit: limit + 1,
  });
  const { shown, next } = pageOf(rows, limit, ({ num, view }) => timeCursor(view.receivedAtMs, String(num)));
  return { points: shown.map(({ view }) => view), next };
}
