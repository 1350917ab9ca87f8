import type { GroupId } from '@sekisho/core/ids.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import * as wire from '@sekisho/core/wire/groups.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { preconditionOf, revisionTag, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetIndex } from '../fleet/fleet-index.ts';
import { changeSettings } from './change-settings.ts';
import { createGroup } from './create-group.ts';
import { deleteGroup } from './delete-group.ts';
import { moveGroup } from './move-group.ts';
import { moveHost } from './move-host.ts';
import { listGroupViews, readGroup, readGroupPolicy } from './read-groups.ts';
import { renameGroup } from './rename-group.ts';

/** F-01 The tree of groups, its settings, and which host lives where. */
export function groupRoutes(
  app: FastifyInstance,
  { context, index, caughtUp }: { context: FleetContext; index: FleetIndex; caughtUp: () => Promise<void> },
): void {
  const { db } = context.store;
  const view = async (reply: FastifyReply, principal: Principal, id: GroupId): Promise<wire.GroupDetail> => {
    // who may do what is known anew before the next request
    await caughtUp();
    // who may change a group, or just made it, may see it, whatever rights were known when the request came
    const reach = reachOf(principal, 'group.read') === 'domain' ? 'domain' : new Set([id]);
    const group = await readGroup(context, reach, id);
    sendTag(reply, revisionTag(group.revision));
    return group;
  };
  mount(app, wire.listGroups, async ({ principal }) => ({
    groups: await listGroupViews(db, reachOf(principal, 'group.read')),
  }));
  mount(app, wire.getGroup, async ({ params, principal, reply }) => {
    const group = await readGroup(context, reachOf(principal, 'group.read'), params.id);
    sendTag(reply, revisionTag(group.revision));
    return group;
  });
  mount(app, wire.getGroupPolicy, ({ params, principal }) =>
    readGroupPolicy(context, index, principal, params.id),
  );
  mount(app, wire.createGroup, async ({ body, principal, reply }) =>
    view(reply, principal, await createGroup(context, principal, body)),
  );
  mount(app, wire.renameGroup, async ({ params, body, principal, request, reply }) => {
    await renameGroup(context, principal, { ...params, ...body, precondition: preconditionOf(request) });
    return view(reply, principal, params.id);
  });
  mount(app, wire.moveGroup, async ({ params, body, principal, request, reply }) => {
    const wish = { ...params, ...body, precondition: preconditionOf(request) };
    const effect = await moveGroup(context, principal, wish);
    return { effect, group: await view(reply, principal, params.id) };
  });
  mount(app, wire.changeGroupSettings, async ({ params, body, principal, request, reply }) => {
    const wish = { ...params, ...body, precondition: preconditionOf(request) };
    const effect = await changeSettings(context, principal, wish);
    return { effect, group: await view(reply, principal, params.id) };
  });
  mount(app, wire.deleteGroup, async ({ params, principal, request }) => {
    await deleteGroup(context, principal, { ...params, precondition: preconditionOf(request) });
    await caughtUp();
    return { deleted: params.id };
  });
  mount(app, wire.moveHost, async ({ params, body, principal }) => {
    const moved = await moveHost(context, principal, { ...params, ...body });
    await caughtUp();
    return moved;
  });
}
