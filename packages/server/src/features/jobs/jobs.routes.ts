import { reachOf } from '@sekisho/core/rules/rights.ts';
import { cancelJob, getJob, listJobs, retryJob, runPlan } from '@sekisho/core/wire/jobs.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { requireJob } from '../groups/within-reach.ts';
import * as cancel from './cancel-job.ts';
import type { ProgressBoard } from './progress-board.ts';
import * as retry from './retry-job.ts';
import * as run from './run-plan.ts';
import { listJobViews, viewJob, viewJobs, type ProgressOf } from './view-jobs.ts';

/** P-12, P-13 Jobs: run a plan, list, read, cancel, retry. */
export function jobRoutes(
  app: FastifyInstance,
  { context, board }: { context: FleetContext; board: ProgressBoard },
): void {
  const { db } = context.store;
  const progressOf: ProgressOf = (id) => board.get(id);
  mount(app, runPlan, async ({ params, body, principal }) => {
    const ids = await run.runPlan(context, principal, {
      planId: params.id,
      ...body,
      reach: reachOf(principal, 'job.run'),
    });
    return { jobs: await viewJobs(db, ids, progressOf) };
  });
  mount(app, listJobs, async ({ query, principal }) => {
    const reach = reachOf(principal, 'job.read');
    return listJobViews(db, { ...query, reach }, progressOf);
  });
  mount(app, getJob, async ({ params, principal }) => {
    await requireJob(db, reachOf(principal, 'job.read'), params.id);
    return viewJob(db, params.id, progressOf);
  });
  mount(app, cancelJob, async ({ params, principal }) => {
    await requireJob(db, reachOf(principal, 'job.run'), params.id);
    await cancel.cancelJob(context, principal, params.id);
    return viewJob(db, params.id, progressOf);
  });
  mount(app, retryJob, async ({ params, principal }) => {
    await requireJob(db, reachOf(principal, 'job.run'), params.id);
    return viewJob(db, await retry.retryJob(context, principal, params.id), progressOf);
  });
}
