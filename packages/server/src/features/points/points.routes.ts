import { reachOf } from '@sekisho/core/rules/rights.ts';
import {
  browsePoint,
  deletePoints,
  getPoint,
  listPoints,
  maintainRepository,
  startRestore,
} from '@sekisho/core/wire/points.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { ProgressBoard } from '../jobs/progress-board.ts';
import { requireHost, requirePoints, requireRepository } from '../groups/within-reach.ts';
import { viewJob, viewJobs, type ProgressOf } from '../jobs/view-jobs.ts';
import * as maintain from '../repositories/maintain-repository.ts';
import * as restore from '../restores/start-restore.ts';
import * as browse from './browse-point.ts';
import * as remove from './delete-points.ts';
import { listPointViews, viewPoint } from './read-points.ts';

/** P-13, P-14 Recovery points: list, read, browse, delete, maintain, restore. */
export function pointRoutes(
  app: FastifyInstance,
  { context, board }: { context: FleetContext; board: ProgressBoard },
): void {
  const { db } = context.store;
  const progressOf: ProgressOf = (id) => board.get(id);
  mount(app, listPoints, async ({ query, principal }) => {
    const reach = reachOf(principal, 'point.read');
    return listPointViews(db, { ...query, reach });
  });
  mount(app, getPoint, async ({ params, principal }) => {
    await requirePoints(db, reachOf(principal, 'point.read'), [params.id]);
    return viewPoint(db, params.id);
  });
  mount(app, browsePoint, async ({ params, body, principal }) => {
    await requirePoints(db, reachOf(principal, 'point.read'), [params.id]);
    return viewJob(db, await browse.browsePoint(context, principal, { id: params.id, ...body }), progressOf);
  });
  mount(app, deletePoints, async ({ body, principal }) => {
    await requirePoints(db, reachOf(principal, 'point.delete'), body.ids);
    const { points, jobIds } = await remove.deletePoints(context, principal, body);
    return { points, jobs: await viewJobs(db, jobIds, progressOf) };
  });
  mount(app, maintainRepository, async ({ params, body, principal }) => {
    await requireRepository(db, reachOf(principal, 'point.delete'), params.name);
    const input = { repository: params.name, preview: body.preview };
    const { decision, jobId } = await maintain.maintainRepository(context, principal, input);
    return {
      remove: [...decision.remove],
      keep: decision.keep.map(({ id, reasons }) => ({ id, reasons: [...reasons] })),
      job: jobId === null ? null : await viewJob(db, jobId, progressOf),
    };
  });
  mount(app, startRestore, async ({ body, principal }) => {
    const reach = reachOf(principal, 'restore.run');
    await requirePoints(db, reach, [body.point]);
    if (body.host !== null) await requireHost(db, reach, body.host);
    return viewJob(db, await restore.startRestore(context, principal, body), progressOf);
  });
}
