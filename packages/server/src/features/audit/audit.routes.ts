import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import {
  getAuditCheckpoint,
  getAuditKey,
  getAuditRow,
  listAuditCheckpoints,
  listAuditEntries,
} from '@sekisho/core/wire/audit.ts';
import { listAudit as listAuditRoute } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { FleetParts, ServerContext } from '../../context.ts';
import { numberCursor, pageOf, parseNumberCursor } from '../../http/cursor.ts';
import { mount } from '../../http/mount.ts';
import { listAudit } from './list-audit.ts';
import { getCheckpoint, proveConsistency, proveRow, readCheckpoints, readEntries } from './read-audit.ts';

/** The audit log, its hash tree and its signed checkpoints (S-06). */
export function auditRoutes(app: FastifyInstance, context: ServerContext): void {
  const { db } = context.store;
  mount(app, listAuditRoute, async ({ query }) => {
    const { after, ...filter } = query;
    const limit = filter.limit ?? PAGE_ROWS_DEFAULT;
    const before = parseNumberCursor(after) ?? filter.before;
    const rows = await listAudit(db, { ...filter, before, limit: limit + 1 });
    const { shown, next } = pageOf(rows, limit, ({ seq }) => numberCursor(seq));
    return { rows: shown, next };
  });
  mount(app, getAuditKey, async () => {
    const { domain, keys } = context;
    const root = keys.certificateOf('root');
    const isOutside = keys.keysOf('document-signer').some(({ outsideChain }) => outsideChain !== null);
    const bundle = isOutside ? await context.documents.latest('bundle', '') : undefined;
    return {
      domainId: domain.id,
      origin: context.audit.key.origin,
      verifierKey: context.audit.key.verifier.text,
      keyDocument: (await context.documents.latest('audit-key', ''))?.jws ?? '',
      ...(bundle === undefined ? {} : { bundle: bundle.jws }),
      rootCertificate: Buffer.from(root.der).toString('base64'),
      caFingerprint: root.fingerprint,
    };
  });
  mount(app, getAuditCheckpoint, ({ query }) => proveConsistency(db, query.from));
  mount(app, getAuditRow, ({ params }) => proveRow(db, params.seq));
  mount(app, listAuditEntries, ({ query }) => readEntries(db, query));
  mount(app, listAuditCheckpoints, ({ query }) => readCheckpoints(db, query.from));
}

/** The newest checkpoint as plain text, for tools that watch transparency logs: everybody may hold it against us. */
export function checkpointPage(app: FastifyInstance, context: Pick<FleetParts, 'store'>): void {
  app.get('/audit/checkpoint', { config: { access: 'public' } }, async (_request, reply) => {
    const { note } = await getCheckpoint(context.store.db);
    void reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('x-content-type-options', 'nosniff');
    return note;
  });
}
