import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import { reaches, reachOf, type Principal, type Reach } from '@sekisho/core/rules/rights.ts';
import * as wire from '@sekisho/core/wire/names.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, sendTag } from '../../http/entity-tag.ts';
import { addressOf } from '../../http/request-origin.ts';
import { mount } from '../../http/mount.ts';
import { requireHost } from '../groups/within-reach.ts';
import { findHost } from '../hosts/host-rows.ts';
import { viewHosts } from '../hosts/host-view.ts';
import {
  addMapping,
  approveName,
  deleteMapping,
  nameTag,
  rejectName,
  type NameDecisionWish,
} from './decide-mappings.ts';
import { explainPeers } from './explain-peers.ts';
import { listMappingRows, listPendingRows, mappingsOfNames, pendingOfNames } from './name-rows.ts';
import { viewMappings, viewPending } from './name-views.ts';
import { resetHost } from './reset-host.ts';

/** T-31 Questions of agents before they talk. */
export function peerRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  mount(agentApp, wire.askPeers, async ({ peer, body, request }) => {
    const asker = { hostId: peer.hostId, address: addressOf(request.raw.socket) };
    const answers = await context.names.answer(asker, body.questions);
    return { generation: context.names.index.generation, answers };
  });
}

/** T-32, T-35, T-36 What administrators see and decide of names. */
export function nameRoutes(app: FastifyInstance, context: ServerContext): void {
  const { db } = context.store;
  mount(app, wire.listMappings, async ({ query, principal }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const rows = await listMappingRows(db, {
      limit: limit + 1,
      after: keyAfter(query.after),
      reach: reachOf(principal, 'host.read'),
      hostId: query.host,
      name: query.name === undefined ? undefined : canonical(query.name),
      kind: query.kind,
    });
    const { shown, next } = pageOf(rows, limit, keyOf);
    return { mappings: await viewMappings(db, shown), next };
  });
  mount(app, wire.listPendingNames, async ({ query, principal }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const rows = await listPendingRows(db, {
      limit: limit + 1,
      after: keyAfter(query.after),
      reach: reachOf(principal, 'host.read'),
      hostId: query.host,
      rejected: query.rejected === 'true',
    });
    const { shown, next } = pageOf(rows, limit, keyOf);
    const isWithin = withinReach(context, reachOf(principal, 'host.read'));
    return { pending: await viewPending(db, shown, isWithin), next };
  });
  mount(app, wire.getMapping, async ({ params, principal, reply }) => {
    const name = canonical(params.name);
    const all = await everythingOf(context, name, reachOf(principal, 'host.read'), reply);
    if (all.mappings.length + all.pending.length === 0)
      throw new AppError('NOT_FOUND', { what: 'mapping', id: name });
    return all;
  });
  const decided = async (
    decide: typeof addMapping,
    input: {
      wish: NameDecisionWish;
      principal: Principal;
      request: FastifyRequest;
      reply: FastifyReply;
    },
  ): ReturnType<typeof everythingOf> => {
    const precondition = preconditionOf(input.request);
    const name = await decide(context, { ...input.wish, precondition }, input.principal);
    return everythingOf(context, name, reachOf(input.principal, 'host.write'), input.reply);
  };
  mount(app, wire.addMapping, ({ body, principal, request, reply }) =>
    decided(addMapping, { wish: body, principal, request, reply }),
  );
  mount(app, wire.approveName, ({ body, principal, request, reply }) =>
    decided(approveName, { wish: body, principal, request, reply }),
  );
  mount(app, wire.rejectName, ({ body, principal, request, reply }) =>
    decided(rejectName, { wish: body, principal, request, reply }),
  );
  mount(app, wire.deleteMapping, ({ params, principal, request, reply }) =>
    decided(deleteMapping, { wish: params, principal, request, reply }),
  );
  mount(app, wire.resetHost, async ({ params, principal }) => {
    await requireHost(db, reachOf(principal, 'host.write'), params.id);
    const removedNames = await resetHost(context, params.id, principal);
    const row = await findHost(db, params.id);
    const [host] = row === undefined ? [] : await viewHosts(context, db, [row]);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: params.id });
    return { host, removedNames };
  });
  mount(app, wire.explainPeers, ({ query, principal }) =>
    explainPeers(context, query, reachOf(principal, 'host.read')),
  );
}

/** Of a name what is within the reach: hosts that have it, and those that wait for it. */
async function everythingOf(context: ServerContext, name: string, reach: Reach, reply: FastifyReply) {
  const { db } = context.store;
  const isWithin = withinReach(context, reach);
  const mappings = await mappingsOfNames(db, [name]);
  const pending = await pendingOfNames(db, [name]);
  const isWhole = mappings.every(({ hostId }) => isWithin(hostId));
  sendTag(reply, await nameTag(db, name));
  return {
    mappings: await viewMappings(
      db,
      mappings.filter(({ hostId }) => isWithin(hostId)),
    ),
    pending: await viewPending(
      db,
      pending.filter(({ hostId }) => isWhole && isWithin(hostId)),
      isWithin,
    ),
  };
}

/** Out of memory; the management server's own host is nobody's but the domain's. */
const withinReach =
  (context: ServerContext, reach: Reach) =>
  (hostId: HostId): boolean => {
    const group = context.fleet.groupOf(hostId);
    return reach === 'domain' || (group !== undefined && reaches(reach, group));
  };

const keyOf = ({ name, hostId }: { name: string; hostId: HostId }): string => `${name} ${hostId}`;

function keyAfter(after: string | undefined): { name: string; hostId: string } | undefined {
  if (after === undefined) return undefined;
  const [name = '', hostId = ''] = after.split(' ');
  return { name, hostId };
}

function canonical(raw: string): string {
  const judged = judgeName(raw);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  return judged.name;
}
