import { AppError } from '@sekisho/core/errors.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import type { Tx } from '../../store/tables.ts';
import { SYSTEM_ACTOR, type FleetContext } from '../fleet/fleet-context.ts';
import { newestJobOf, openJobOf } from '../jobs/is-open-maintenance.ts';
import { isRead } from '../restores/grant-rows.ts';
import { PASSWORD_UNKNOWN } from './ensure-repositories.ts';
import { decideMaintenance, orderMaintenance } from './maintain-repository.ts';
import { pageRepositories, type StoredRepository } from './repositories.store.ts';
import { orderSeal } from './seal-repositories.ts';

const PAGE_ROWS = 100;

/**
 * P-02 One round over all repositories: orders maintenance where retention or a deletion has something to remove and the
 * last round is long enough ago, and orders sealing again where it was not carried out. Returns how many orders were made.
 */
export async function maintainDue(context: FleetContext, fence: (tx: Tx) => Promise<void>): Promise<number> {
  let orders = 0;
  let after = '';
  for (;;) {
    const page = await pageRepositories(context.store.db, after, PAGE_ROWS);
    for (const repository of page) if (await maintainOne(context, fence, repository)) orders += 1;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS) return orders;
    after = last.name;
  }
}

/** A repository whose order is refused (media server revoked, too many jobs) waits for the next round; the others go on. */
async function maintainOne(
  context: FleetContext,
  fence: (tx: Tx) => Promise<void>,
  repository: StoredRepository,
): Promise<boolean> {
  try {
    return await context.store.transaction(async (tx) => {
      await fence(tx);
      if (repository.sealedAtMs !== null) return orderSeal(context, tx, repository);
      return orderIfDue(context, tx, repository);
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'LEASE_LOST') throw error;
    context.log.warn({ repository: repository.name, code: error.code }, 'maintenance could not be ordered');
    return false;
  }
}

async function orderIfDue(context: FleetContext, tx: Tx, repository: StoredRepository): Promise<boolean> {
  if (repository.sealedPassword === PASSWORD_UNKNOWN) return false; // T-50: its host alone can open it
  const nowMs = context.clock.nowMs();
  if ((await openJobOf(tx, repository.name, 'maintain')) !== undefined) return false;
  const last = await newestJobOf(tx, repository.name, 'maintain');
  if (last !== undefined && nowMs - last.createdAtMs < context.settings.maintainEveryHours * HOUR_MS)
    return false;
  // a restore of another host has no lock there: it ends first
  if (await isRead(tx, repository.name, nowMs)) return false;
  const decision = await decideMaintenance(tx, repository.name, nowMs);
  if (decision.remove.length === 0) return false;
  await orderMaintenance(context, tx, SYSTEM_ACTOR, repository, decision.remove);
  return true;
}
