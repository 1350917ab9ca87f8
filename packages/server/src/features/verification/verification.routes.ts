import { AppError } from '@sekisho/core/errors.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import * as wire from '@sekisho/core/wire/switch-verification.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { listUnverified } from './list-unverified.ts';
import { switchVerification } from './switch-verification.ts';

/** F-20 Whether agents verify this server: switched per group, and told wherever it is off. */
export function verificationRoutes(
  app: FastifyInstance,
  { context, caughtUp }: { context: FleetContext; caughtUp: () => Promise<void> },
): void {
  mount(app, wire.switchVerification, async ({ params, body, principal }) => {
    const effect = await switchVerification(context, principal, params.id, body);
    await caughtUp();
    const tree = await readGroupTree(context.store.db);
    const group = tree.get(params.id);
    if (group === undefined) throw new AppError('NOT_FOUND', { what: 'group', id: params.id });
    const { id, name } = group;
    const { verification } = tree.settingsOf(id, context.settings);
    return { group: { id, name }, verification: verification.value, effect };
  });
  mount(app, wire.listUnverified, ({ principal }) =>
    listUnverified(context, reachOf(principal, 'group.read')),
  );
}
