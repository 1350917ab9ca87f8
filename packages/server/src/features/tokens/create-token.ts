import { AppError } from '@sekisho/core/errors.ts';
import { parseTokenId } from '@sekisho/core/ids.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { createToken as createTokenRoute } from '@sekisho/core/wire/trust.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findHostByName } from '../hosts/host-rows.ts';
import { insertToken, type TokenRow } from './token-rows.ts';

/** 256 random bits (T-13). */
export const TOKEN_BYTES = 32;
export const REISSUE_TOKEN_VALID_MAX_MS = DAY_MS;

/**
 * Creates a token; its secret is in the answer and nowhere else. Refusals: HOST_NAME_INVALID, HOST_NOT_FOUND (a reissue
 * token takes a primary name only), REISSUE_TOKEN_LIMITS, HOST_IS_MANAGEMENT_SERVER.
 */
export async function createToken(
  context: ServerContext,
  wish: z.output<typeof createTokenRoute.body>,
  principal: Principal,
): Promise<{ token: TokenRow; secret: Secret }> {
  const secret = new Secret(Buffer.from(context.random.bytes(TOKEN_BYTES)).toString('base64url'));
  const id = parseTokenId(context.random.uuid());
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  const token = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const row: TokenRow = {
      id,
      name: wish.name,
      ...(await purposeOf(tx, context, wish)),
      usesMax: wish.usesMax,
      uses: 0,
      expiresAtMs: nowMs + wish.validSeconds * SECOND_MS,
      deletedAtMs: null,
      media: wish.media,
      createdAtMs: nowMs,
      createdBy: principal.name,
    };
    await insertToken(tx, row, secret.reveal());
    const audit = {
      act: 'create-token',
      actor: principal.name,
      origin: principal.origin,
      subject: id,
      outcome: 'done',
      detail: {
        name: row.name,
        purpose: row.purpose,
        usesMax: row.usesMax,
        expiresAtMs: row.expiresAtMs,
        hostName: row.hostName,
        hostId: row.hostId,
        media: row.media,
      },
    } as const;
    await recordAudit(tx, audit, nowMs);
    await recordChange(tx, 'token', id);
    return row;
  });
  return { token, secret };
}

async function purposeOf(
  tx: Tx,
  context: ServerContext,
  wish: z.output<typeof createTokenRoute.body>,
): Promise<Pick<TokenRow, 'purpose' | 'hostName' | 'hostId'>> {
  if (wish.reissueFor === null) {
    const hostName = wish.hostName === null ? null : canonical(wish.hostName);
    return { purpose: 'enrol', hostName, hostId: null };
  }
  if (wish.usesMax !== 1 || wish.validSeconds * SECOND_MS > REISSUE_TOKEN_VALID_MAX_MS)
    throw new AppError('REISSUE_TOKEN_LIMITS');
  const name = canonical(wish.reissueFor);
  if (wish.hostName !== null && canonical(wish.hostName) !== name)
    throw new AppError('BODY_INVALID', { detail: 'hostName: a reissue token is bound to its host already' });
  const host = await findHostByName(tx, name);
  if (host === undefined) throw new AppError('HOST_NOT_FOUND', { name });
  if (host.id === context.domain.serverHostId) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
  return { purpose: 'reissue', hostName: null, hostId: host.id };
}

function canonical(raw: string): string {
  const judged = judgeName(raw);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  return judged.name;
}
