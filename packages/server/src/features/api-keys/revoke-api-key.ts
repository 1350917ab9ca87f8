import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId, ApiKeyId } from '@sekisho/core/ids.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Actor } from '../fleet/fleet-context.ts';
import { isActive } from './api-key-state.ts';
import { markKeyRevoked, selectKey, selectUnrevokedKeys, type ApiKeyRow } from './api-keys.store.ts';

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
    await revoke(tx, key, principal, nowMs);
    await recordChange(tx, 'administrator', key.administratorId);
    return { ...key, revokedAtMs: nowMs };
  });
}

/**
 * Ends the keys of an account that is being reset: all, or those made since a time. Returns how many worked until then.
 */
export async function revokeKeysOf(
  tx: Tx,
  owner: AdministratorId,
  actor: Actor,
  { nowMs, madeSinceMs = 0 }: { readonly nowMs: number; readonly madeSinceMs?: number },
): Promise<number> {
  const keys = await selectUnrevokedKeys(tx, owner, madeSinceMs);
  const active = keys.filter((key) => isActive(key, nowMs));
  for (const key of active) await revoke(tx, key, actor, nowMs, 'reset');
  if (active.length > 0) await recordChange(tx, 'administrator', owner);
  return active.length;
}

async function revoke(tx: Tx, key: ApiKeyRow, actor: Actor, nowMs: number, reason?: 'reset'): Promise<void> {
  const { id, name, owner, usedAtMs } = key;
  await markKeyRevoked(tx, id, nowMs);
  const audit = {
    act: 'revoke-api-key',
    actor: actor.name,
    origin: actor.origin,
    subject: id,
    outcome: 'done',
    detail: { name, owner, usedAtMs, ...(reason === undefined ? {} : { reason }) },
  } as const;
  await recordAudit(tx, audit, nowMs);
}
