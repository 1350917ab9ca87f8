import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { tokenState } from '@sekisho/core/rules/token.ts';
import {
  createToken as createTokenRoute,
  deleteToken,
  listTokens,
  type TokenView,
} from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { parseTimeCursor, timeCursor } from '../../http/cursor.ts';
import { mount } from '../../http/mount.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { createToken } from './create-token.ts';
import { findToken, listTokenRows, markTokenDeleted, type TokenRow } from './token-rows.ts';

export function tokenRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  mount(app, createTokenRoute, async ({ body, principal }) => {
    const { token, secret } = await createToken(context, body, principal);
    return { ...viewToken(token, clock.nowMs()), token: secret.reveal() };
  });
  mount(app, listTokens, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const cursor = parseTimeCursor(query.after);
    const after = cursor === undefined ? undefined : { createdAtMs: cursor.ms, id: cursor.id };
    const rows = await listTokenRows(store.db, { limit, after });
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      tokens: rows.map((row) => viewToken(row, clock.nowMs())),
      next: last === undefined ? null : timeCursor(last.createdAtMs, last.id),
    };
  });
  mount(app, deleteToken, async ({ params, principal }) =>
    store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const row = await findToken(tx, params.id);
      if (row === undefined) throw new AppError('NOT_FOUND', { what: 'token', id: params.id });
      if (row.deletedAtMs === null) {
        await markTokenDeleted(tx, row.id, nowMs);
        const audit = {
          act: 'delete-token',
          actor: principal.name,
          origin: principal.origin,
          subject: row.id,
          outcome: 'done',
          detail: { name: row.name, uses: row.uses },
        } as const;
        await recordAudit(tx, audit, nowMs);
        await recordChange(tx, 'token', row.id);
      }
      return viewToken({ ...row, deletedAtMs: row.deletedAtMs ?? nowMs }, nowMs);
    }),
  );
}

/** A token as administrators see it, without its secret. */
export const viewToken = (row: TokenRow, nowMs: number): TokenView => ({
  id: row.id,
  name: row.name,
  purpose: row.purpose,
  state: tokenState(row, nowMs),
  usesMax: row.usesMax,
  uses: row.uses,
  expiresAtMs: row.expiresAtMs,
  hostName: row.hostName,
  hostId: row.hostId,
  media: row.media,
  createdAtMs: row.createdAtMs,
  createdBy: row.createdBy,
});
