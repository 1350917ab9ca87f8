import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf, type Reach } from '@sekisho/core/rules/rights.ts';
import * as wire from '@sekisho/core/wire/applications.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, revisionTag, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import * as change from './change-applications.ts';
import { getApplication, listApplications, viewApplications, virtualNameOf } from './read-applications.ts';

/** T-34 Application mappings: create, list, read, change their hosts, delete. */
export function applicationRoutes(app: FastifyInstance, { context }: { context: FleetContext }): void {
  const { db } = context.store;
  const shown = async (name: string, reach: Reach, reply: FastifyReply) => {
    const mapping = await getApplication(db, name, reach);
    sendTag(reply, revisionTag(mapping.revision));
    const [view] = await viewApplications(db, [mapping]);
    if (view === undefined) throw new AppError('NOT_FOUND', { what: 'application mapping', id: name });
    return view;
  };
  mount(app, wire.createApplication, async ({ body, principal, reply }) => {
    const name = await change.createApplication(context, principal, body);
    return shown(name, reachOf(principal, 'host.write'), reply);
  });
  mount(app, wire.listApplications, async ({ query, principal }) => {
    const { after, limit = PAGE_ROWS_DEFAULT } = query;
    const all = await listApplications(db, reachOf(principal, 'host.read'));
    const wanted = all.filter(({ name }) => name > (after ?? ''));
    const { shown: rows, next } = pageOf(wanted, limit, ({ name }) => name);
    return { applications: await viewApplications(db, rows), next };
  });
  mount(app, wire.getApplication, ({ params, principal, reply }) =>
    shown(virtualNameOf(params.name), reachOf(principal, 'host.read'), reply),
  );
  mount(app, wire.addApplicationHost, async ({ params, body, principal, request, reply }) => {
    const precondition = preconditionOf(request);
    const name = await change.addHost(context, principal, { ...params, ...body, precondition });
    return shown(name, reachOf(principal, 'host.write'), reply);
  });
  mount(app, wire.removeApplicationHost, async ({ params, principal, request, reply }) => {
    const precondition = preconditionOf(request);
    const name = await change.removeHost(context, principal, { ...params, precondition });
    return shown(name, reachOf(principal, 'host.write'), reply);
  });
  mount(app, wire.deleteApplication, async ({ params, principal, request }) => {
    const precondition = preconditionOf(request);
    return { deleted: await change.deleteApplication(context, principal, { ...params, precondition }) };
  });
}
