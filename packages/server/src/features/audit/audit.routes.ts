import { listAudit as listAuditRoute } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { listAudit } from './list-audit.ts';

export function auditRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, listAuditRoute, async ({ query }) => ({ rows: await listAudit(context.store.db, query) }));
}
