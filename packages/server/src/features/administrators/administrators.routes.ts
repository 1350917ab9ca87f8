import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import {
  createAdministrator as createRoute,
  disableAdministrator as disableRoute,
  enableAdministrator as enableRoute,
  getAdministrator,
  getMe,
  listAdministrators,
  makeFirstLink as firstRoute,
  resetAdministrator as resetRoute,
  setGrants as grantsRoute,
  type AdministratorView,
  type LinkView,
} from '@sekisho/core/wire/administrators.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, revisionTag, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import { makeFirstLink, type OneTimeLink } from '../sign-in/make-link.ts';
import { findAdministrator, listAdministratorRows, type AdministratorRow } from './administrator-rows.ts';
import { viewAdministrator, viewAdministrators, viewMe } from './administrator-view.ts';
import {
  disableAdministrator,
  enableAdministrator,
  resetAdministrator,
  setGrants,
} from './change-administrator.ts';
import { createAdministrator } from './create-administrator.ts';

/** S-04 administrators: create, list, show, roles, disable, enable, links. */
export function administratorRoutes(app: FastifyInstance, context: ServerContext): void {
  const { store } = context;
  const shown = async (reply: FastifyReply, row: AdministratorRow): Promise<AdministratorView> => {
    sendTag(reply, revisionTag(row.revision));
    return viewAdministrator(store.db, row);
  };
  mount(app, listAdministrators, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const rows = await listAdministratorRows(store.db, { limit: limit + 1, after: query.after });
    const page = pageOf(rows, limit, ({ name }) => name);
    return { administrators: await viewAdministrators(store.db, page.shown), next: page.next };
  });
  mount(app, getAdministrator, async ({ params, reply }) => {
    const row = await findAdministrator(store.db, params.id);
    if (row === undefined) throw new AppError('NOT_FOUND', { what: 'administrator', id: params.id });
    return shown(reply, row);
  });
  mount(app, createRoute, async ({ body, principal }) => {
    const { row, link } = await createAdministrator(context, body, principal);
    return { administrator: await viewAdministrator(store.db, row), link: viewLink(link) };
  });
  mount(app, grantsRoute, async ({ params, body, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await setGrants(context, change, body.grants));
  });
  mount(app, disableRoute, async ({ params, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await disableAdministrator(context, change));
  });
  mount(app, enableRoute, async ({ params, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await enableAdministrator(context, change));
  });
  mount(app, resetRoute, async ({ params, principal }) =>
    viewLink(await resetAdministrator(context, { id: params.id, principal })),
  );
  mount(app, firstRoute, async ({ principal }) => {
    if (principal.kind !== 'local') throw new AppError('LOCAL_SOCKET_ONLY');
    return viewLink(await makeFirstLink(context, principal));
  });
  mount(app, getMe, ({ principal }) => viewMe(store.db, principal));
}

/** The one place where a link's code goes out. */
const viewLink = (link: OneTimeLink): LinkView => ({
  purpose: link.purpose,
  link: link.link.reveal(),
  code: link.code.reveal(),
  expiresAtMs: link.expiresAtMs,
});
