import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { MeView } from '@sekisho/core/wire/administrators.ts';
import {
  acceptLink as acceptRoute,
  changePassword as passwordRoute,
  changeTotp as totpRoute,
  confirmTotp as confirmRoute,
  openLink as openRoute,
  signIn,
  signInWithTotp as signInWithTotpRoute,
  signOut,
} from '@sekisho/core/wire/sign-in.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { clearCookie, SESSION_COOKIE } from '../../http/cookies.ts';
import { mount } from '../../http/mount.ts';
import { closeSession } from '../admin-sessions/close-session.ts';
import { readSession } from '../admin-sessions/read-session.ts';
import { findAdministrator } from '../administrators/administrator-rows.ts';
import { viewMe } from '../administrators/administrator-view.ts';
import { acceptLink, openLink } from './accept-link.ts';
import { changePassword, changeTotp, confirmTotp } from './change-own-secrets.ts';
import { signInWithPassword } from './sign-in-with-password.ts';
import { signInWithTotp } from './sign-in-with-totp.ts';

/** S-04 signing in: password, second factor, one-time links, and one's own secrets. */
export function signInRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, signIn, ({ body, request }) => signInWithPassword(context, body, request));
  mount(app, signInWithTotpRoute, async ({ body, request, reply }) =>
    signedIn(context, await signInWithTotp(context, body, { request, reply })),
  );
  mount(app, openRoute, ({ body }) => openLink(context, body));
  mount(app, acceptRoute, async ({ body, request, reply }) =>
    signedIn(context, await acceptLink(context, body, { request, reply })),
  );
  mount(app, signOut, async ({ principal, request, reply }) => {
    if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
    if (principal.kind === 'local') throw new AppError('SESSION_NEEDED');
    const { id } = await readSession(context, request);
    await closeSession(context, id, principal, 'sign-out');
    clearCookie(reply, SESSION_COOKIE);
    return {};
  });
  mount(app, passwordRoute, async ({ body, principal, request, reply }) =>
    signedIn(context, await changePassword(context, body, { principal, request, reply })),
  );
  mount(app, totpRoute, ({ body, principal, request, reply }) =>
    changeTotp(context, body, { principal, request, reply }),
  );
  mount(app, confirmRoute, async ({ body, principal, request, reply }) =>
    signedIn(context, await confirmTotp(context, body, { principal, request, reply })),
  );
}

/** What the console shows first: who has just signed in, and what they may do. */
export async function signedIn(context: ServerContext, id: AdministratorId): Promise<MeView> {
  const { db } = context.store;
  const administrator = await findAdministrator(db, id);
  const rights = await context.accounts.rightsOf(id, administrator?.revision);
  if (administrator === undefined || rights === undefined) throw new AppError('ADMINISTRATOR_DISABLED');
  return viewMe(db, { kind: 'administrator', name: administrator.name, administratorId: id, rights });
}
