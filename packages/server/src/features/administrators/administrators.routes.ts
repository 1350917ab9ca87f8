import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import {
  createAdministrator,
  disableAdministrator,
  enableAdministrator,
  getAdministrator,
  getMe,
  listAdministrators,
  makeFirstLink,
  resetAdministrator,
  setGrants,
  type AdministratorView,
  type LinkView,
} from '@sekisho/core/wire/administrators.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, revisionTag, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import { linkForFirst, type OneTimeLink } from '../sign-in/make-link.ts';
import { findAdministrator, listAdministratorRows, type AdministratorRow } from './administrator-rows.ts';
import { viewAdministrator, viewAdministrators, viewMe } from './administrator-view.ts';
import { changeGrants, closeAccount, makeResetLink, reopenAccount } from './change-administrator.ts';
import { createAdministrator as create } from './create-administrator.ts';

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
  mount(app, createAdministrator, async ({ body, principal }) => {
    const { row, link } = await create(context, body, principal);
    return { administrator: await viewAdministrator(store.db, row), link: viewLink(link) };
  });
  mount(app, setGrants, async ({ params, body, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await changeGrants(context, change, body.grants));
  });
  mount(app, disableAdministrator, async ({ params, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await closeAccount(context, change));
  });
  mount(app, enableAdministrator, async ({ params, principal, request, reply }) => {
    const change = { id: params.id, principal, precondition: preconditionOf(request) };
    return shown(reply, await reopenAccount(context, change));
  });
  mount(app, resetAdministrator, async ({ params, body, principal }) => {
    const change = { id: params.id, principal, keepApiKeys: body.keepApiKeys };
    const { link, revokedApiKeys } = await makeResetLink(context, change);
    return { ...viewLink(link), revokedApiKeys };
  });
  mount(app, makeFirstLink, async ({ principal }) => {
    if (principal.kind !== 'local') throw new AppError('LOCAL_SOCKET_ONLY');
    return viewLink(await linkForFirst(context, principal));
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
