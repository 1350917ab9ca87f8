import * as wire from '@sekisho/core/wire/oidc.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { viewAdministrator } from '../administrators/administrator-view.ts';
import { createStartBudget } from '../sign-in/start-budget.ts';
import { finishOidc } from './finish-oidc.ts';
import { linkIdentity } from './link-identity.ts';
import { OidcProviders } from './oidc-providers.ts';
import { startOidc } from './start-oidc.ts';

/** Where the browser goes when somebody has signed in. */
const CONSOLE_PATH = '/';

/** S-04 single sign-on at OpenID providers, and which identity there is tied to which account. */
export function oidcRoutes(
  app: FastifyInstance,
  served: ServerContext,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const { clock, config } = served;
  const context = {
    ...served,
    oidc: new OidcProviders({ providers: config.oidc, clock, environment }),
  };
  const requireBudget = createStartBudget();
  const requireAnswerBudget = createStartBudget();
  mount(app, wire.listOidcProviders, () => ({ providers: context.oidc.list() }));
  mount(app, wire.startOidc, async ({ params, request, reply }) => {
    requireBudget(request, clock.nowMs());
    const location = await startOidc(context, { provider: params.provider, link: null }, { request, reply });
    void reply.status(302).header('location', location);
    return { location };
  });
  mount(app, wire.startOidcWithLink, async ({ params, body, request, reply }) => {
    requireBudget(request, clock.nowMs());
    const start = { provider: params.provider, link: body.code };
    return { location: await startOidc(context, start, { request, reply }) };
  });
  mount(app, wire.finishOidc, async ({ params, request, reply }) => {
    requireAnswerBudget(request, clock.nowMs()); // each may ask the provider something
    const administrator = await finishOidc(context, params.provider, { request, reply });
    void reply.status(303).header('location', CONSOLE_PATH);
    return { administrator };
  });
  mount(app, wire.linkOidc, async ({ params, body, principal }) => {
    const { issuer } = context.oidc.get(body.provider);
    const identity = { issuer, subject: body.subject };
    const row = await linkIdentity(context, principal, params.id, identity);
    return viewAdministrator(context.store.db, row);
  });
  mount(app, wire.unlinkOidc, async ({ params, principal }) =>
    viewAdministrator(context.store.db, await linkIdentity(context, principal, params.id, null)),
  );
}
