import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import { listCertificates } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { parseTimeCursor, timeCursor } from '../../http/cursor.ts';
import { mount } from '../../http/mount.ts';
import { listCertificateRows } from './certificate-rows.ts';
import { viewCertificate } from './certificate-view.ts';

export function certificateRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, listCertificates, async ({ query, principal }) => {
    const reach = reachOf(principal, 'certificate.read');
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const cursor = parseTimeCursor(query.after);
    const after = cursor === undefined ? undefined : { issuedAtMs: cursor.ms, fingerprint: cursor.id };
    const rows = await listCertificateRows(context.store.db, { limit, after, hostId: query.host, reach });
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      certificates: rows.map(viewCertificate),
      next: last === undefined ? null : timeCursor(last.issuedAtMs, last.fingerprint),
    };
  });
}
