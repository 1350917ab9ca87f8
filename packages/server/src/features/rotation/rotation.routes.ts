import { AppError } from '@sekisho/core/errors.ts';
import {
  acceptRotationLoss,
  getRotation,
  listRotations as listRoute,
  pauseRotation as pauseRoute,
  planRotation as planRoute,
  resumeRotation as resumeRoute,
  rollBackRotation as rollBackRoute,
  startRotation as startRoute,
} from '@sekisho/core/wire/rotations.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import { checkOutside } from './check-outside.ts';
import { planRotation } from './plan-rotation.ts';
import type { RotationContext } from './rotation-context.ts';
import { viewRotation } from './rotation-view.ts';
import { findRotation, listRotations } from './rotation.store.ts';
import { startRotation } from './start-rotation.ts';
import { acceptLoss, pauseRotation, resumeRotation, rollBackRotation } from './steer-rotation.ts';

const PAGE_ROWS = 50;

/** F-30 … F-37 Updates of the server's certificates, for administrators who decide who is trusted. */
export function rotationRoutes(app: FastifyInstance, context: RotationContext): void {
  const { store } = context.parts;
  mount(app, planRoute, ({ body }) => planRotation(context, body));
  mount(app, startRoute, async ({ body, principal }) => {
    const outside = await checkOutside(context, body.kind, body.outside);
    const wish = {
      kind: body.kind,
      path: body.path,
      emergency: body.emergency ?? null,
      outside,
      overlapSeconds: body.overlapSeconds,
    };
    return viewRotation(context, await startRotation(context, wish, principal));
  });
  mount(app, listRoute, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS;
    const beforeNum = query.after === undefined ? undefined : Number(query.after);
    if (beforeNum !== undefined && !Number.isSafeInteger(beforeNum)) throw new AppError('REQUEST_MALFORMED');
    const rows = await listRotations(store.db, { limit: limit + 1, beforeNum });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      rotations: page.map(
        ({ id, kind, path, phase, direction, emergency, startedBy, startedAtMs, endedAtMs }) => ({
          id,
          kind,
          path,
          phase,
          direction,
          emergency,
          startedBy,
          startedAtMs,
          endedAtMs,
        }),
      ),
      next: last === undefined ? null : String(last.num),
    };
  });
  mount(app, getRotation, async ({ params: { id } }) => {
    const row = await findRotation(store.db, id);
    if (row === undefined) throw new AppError('NOT_FOUND', { what: 'certificate update', id });
    return viewRotation(context, row);
  });
  mount(app, pauseRoute, async ({ params: { id }, principal }) =>
    viewRotation(context, await pauseRotation(context, id, principal)),
  );
  mount(app, resumeRoute, async ({ params: { id }, principal }) =>
    viewRotation(context, await resumeRotation(context, id, principal)),
  );
  mount(app, rollBackRoute, async ({ params: { id }, principal }) =>
    viewRotation(context, await rollBackRotation(context, id, principal)),
  );
  mount(app, acceptRotationLoss, async ({ params: { id }, body, principal }) =>
    viewRotation(context, await acceptLoss(context, id, body.hosts, principal)),
  );
}
