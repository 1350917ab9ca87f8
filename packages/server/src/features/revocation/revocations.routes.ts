import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reaches, reachOf, type Reach } from '@sekisho/core/rules/rights.ts';
import {
  getRevocation,
  listRevocations,
  listUnconfirmed,
  type RevocationView,
} from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { HeardHost, ServerContext } from '../../context.ts';
import { numberCursor, pageOf, parseNumberCursor } from '../../http/cursor.ts';
import { mount } from '../../http/mount.ts';
import { hostIsWithin } from '../groups/within-reach.ts';
import { primaryNames } from '../hosts/primary-names.ts';
import { unconfirmedHosts } from './count-spread.ts';
import { findRevocation, listRevocationRows, type RevocationRow } from './revocation-rows.ts';
import type { SpreadBoard } from './spread-board.ts';

/** T-44: revocations, and who has confirmed them. */
export function revocationRoutes(app: FastifyInstance, context: ServerContext, spread: SpreadBoard): void {
  const { db } = context.store;
  const view = async (rows: readonly RevocationRow[]): Promise<RevocationView[]> => {
    const names = await primaryNames(
      db,
      rows.map(({ hostId }) => hostId),
    );
    return (await spread.count(rows)).map((row) => ({
      id: row.num,
      hostId: row.hostId,
      hostName: names.get(row.hostId) ?? row.hostId,
      reason: row.reason,
      revokedBy: row.revokedBy,
      revokedAtMs: row.atMs,
      certificates: row.certificates,
      crlNumber: row.crlNumber,
      listedAtMs: row.listedAtMs,
      hosts: row.hosts,
      confirmed: row.confirmed,
      halfAtMs: row.halfAtMs,
      allAtMs: row.allAtMs,
    }));
  };
  const need = async (id: number, reach: Reach): Promise<RevocationRow> => {
    const row = await findRevocation(db, id);
    if (row === undefined || (reach !== 'domain' && !(await hostIsWithin(db, reach, row.hostId))))
      throw new AppError('NOT_FOUND', { what: 'revocation', id });
    return row;
  };
  mount(app, listRevocations, async ({ query, principal }) => {
    const reach = reachOf(principal, 'certificate.read');
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const before = parseNumberCursor(query.after);
    const rows = await listRevocationRows(db, { limit: limit + 1, before, hostId: query.host, reach });
    const { shown, next } = pageOf(rows, limit, ({ num }) => numberCursor(num));
    return { revocations: await view(shown), next };
  });
  mount(app, getRevocation, async ({ params, principal }) => {
    const [found] = await view([await need(params.id, reachOf(principal, 'certificate.read'))]);
    if (found === undefined) throw new AppError('NOT_FOUND', { what: 'revocation', id: params.id });
    return found;
  });
  mount(app, listUnconfirmed, async ({ params, query, principal }) => {
    const reach = reachOf(principal, 'certificate.read');
    const row = await need(params.id, reach);
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const wanted = {
      afterNum: parseNumberCursor(query.after) ?? 0,
      limit: limit + 1,
      isWithin: (host: HeardHost) => reaches(reach, host.groupId),
    };
    const { shown, next } = pageOf(await unconfirmedHosts(context, row, wanted), limit, ({ num }) =>
      numberCursor(num),
    );
    const names = await primaryNames(
      db,
      shown.map(({ id }) => id),
    );
    return {
      hosts: shown.map(({ id, lastSeenMs, crlNumber }) => ({
        id,
        name: names.get(id) ?? id,
        lastSeenAtMs: lastSeenMs,
        crlNumber,
      })),
      next,
    };
  });
}
