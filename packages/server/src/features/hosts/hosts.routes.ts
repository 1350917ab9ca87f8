import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import {
  allowReissue as allowReissueRoute,
  getHost,
  listHosts,
  revokeHost,
  setHostMedia,
  type HostView,
} from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import { viewCertificate } from '../certificates/certificate-view.ts';
import { requireHost } from '../groups/within-reach.ts';
import { revokeHost as revokeHostNow } from '../revocation/revoke-host.ts';
import { allowReissue } from './allow-reissue.ts';
import { hostTag } from './host-tag.ts';
import { findHost, listHostRows, type HostRow } from './host-rows.ts';
import { viewHosts } from './host-view.ts';
import { knownHostRoutes } from './known-hosts.routes.ts';
import { setMedia } from './set-media.ts';

export function hostRoutes(app: FastifyInstance, context: ServerContext): void {
  const { db } = context.store;
  const view = async (row: HostRow): Promise<HostView> => {
    const [host] = await viewHosts(context, db, [row]);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: row.id });
    return host;
  };
  const need = async (id: HostRow['id']): Promise<HostRow> => {
    const row = await findHost(db, id);
    if (row === undefined) throw new AppError('NOT_FOUND', { what: 'host', id });
    return row;
  };
  mount(app, listHosts, async ({ query, principal }) => {
    const reach = reachOf(principal, 'host.read');
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const { shown, next } = pageOf(
      await listHostRows(db, { ...query, after: query.after, limit: limit + 1, reach }),
      limit,
      ({ name }) => name,
    );
    return { hosts: await viewHosts(context, db, shown), next };
  });
  const tagged = (reply: FastifyReply, row: HostRow): Promise<HostView> => {
    sendTag(reply, hostTag(row));
    return view(row);
  };
  mount(app, getHost, async ({ params, principal, reply }) => {
    await requireHost(db, reachOf(principal, 'host.read'), params.id);
    return tagged(reply, await need(params.id));
  });
  mount(app, setHostMedia, async ({ params, body, principal, request, reply }) => {
    const { media, ...settings } = body;
    const change = { hostId: params.id, media, settings, precondition: preconditionOf(request) };
    return tagged(reply, await setMedia(context, change, principal));
  });
  mount(app, allowReissueRoute, async ({ params, body, principal, request, reply }) =>
    tagged(
      reply,
      await requireHost(db, reachOf(principal, 'host.write'), params.id).then(() =>
        allowReissue(
          context,
          { hostId: params.id, allow: body.allow, precondition: preconditionOf(request) },
          principal,
        ),
      ),
    ),
  );
  mount(app, revokeHost, async ({ params, body, principal }) => {
    await requireHost(db, reachOf(principal, 'certificate.revoke'), params.id);
    const request = { hostId: params.id, reason: body.reason };
    const { revoked, cutConnections, num } = await revokeHostNow(context, request, principal);
    const row = await need(params.id);
    return {
      host: await view(row),
      revoked: revoked.map((certificate) => viewCertificate({ ...certificate, hostName: row.name })),
      cutConnections,
      revocation: num,
    };
  });
  knownHostRoutes(app, context);
}
