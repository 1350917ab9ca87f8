import { getSecurity, setSecurity as setSecurityRoute } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { contentTag, preconditionOf, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import { setSecurity } from './set-security.ts';

export function securityRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, getSecurity, ({ reply }) => {
    const settings = context.security.current();
    sendTag(reply, contentTag(settings));
    return settings;
  });
  mount(app, setSecurityRoute, async ({ body, principal, request, reply }) => {
    const settings = await setSecurity(context, body, principal, preconditionOf(request));
    await context.feed.catchUp();
    sendTag(reply, contentTag(settings));
    return settings;
  });
}
