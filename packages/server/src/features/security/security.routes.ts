import { getSecurity, setSecurity as setSecurityRoute } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { setSecurity } from './set-security.ts';

export function securityRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, getSecurity, () => context.security.current());
  mount(app, setSecurityRoute, async ({ body, principal }) => {
    const settings = await setSecurity(context, body, principal);
    await context.feed.catchUp();
    return settings;
  });
}
