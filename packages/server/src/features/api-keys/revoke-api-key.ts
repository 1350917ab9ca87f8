import { AppError } from '@sekisho/core/errors.ts';
import type { ApiKeyId } from '@sekisho/core/ids.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { markKeyRevoked, selectKey, type ApiKeyRow } from './api-keys.store.ts';

/**
 * Ends a key with its next request, in every worker; a second time changes nothing.
 * @throws AppError NOT_FOUND (also for a key of somebody else, without the right `administrator.write`)
 */
export async function revokeApiKey(
  context: Pick<ServerContext, 'store' | 'clock'>,
  id: ApiKeyId,
  principal: Principal,
): Promise<ApiKeyRow> {
  return context.store.transaction(async (tx) => {
    const key = await selectKey(tx, id);
    const may =
      key !== undefined &&
      (key.administratorId === principal.administratorId ||
        reachOf(principal, 'administrator.write') === 'domain');
    if (!may) throw new AppError('NOT_FOUND', { what: 'API key', id });
    if (key.revokedAtMs !== null) return key;
    const nowMs = context.clock.nowMs();
    await markKeyRevoked(tx, id, nowMs);
    const audit = {
      act: 'revoke-api-key',
      actor: principal.name,
      origin: principal.origin,
      subject: id,
      outcome: 'done',
      detail: { name: key.name, owner: key.owner, usedAtMs: key.usedAtMs },
    } as const;
    await recordAudit(tx, audit, nowMs);
    await recordChange(tx, 'administrator', key.administratorId);
    return { ...key, revokedAtMs: nowMs };
  });
}
