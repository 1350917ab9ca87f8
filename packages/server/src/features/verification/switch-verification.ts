import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { decideSwitchOff, isOffAt, VERIFICATION_OFF_DEFAULT_MS } from '@sekisho/core/rules/verification.ts';
import type { ChangeEffect } from '@sekisho/core/wire/groups.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { changeSettings } from '../groups/change-settings.ts';
import { readGroupTree } from '../groups/group-tree.ts';

export type VerificationWish =
  | { readonly state: 'on'; readonly dryRun: boolean }
  | { readonly state: 'off'; readonly untilMs?: number | undefined; readonly dryRun: boolean };

/**
 * F-20 Switches verification of a group off until an end, or on. Refusals: VERIFICATION_END_PAST, VERIFICATION_END_TOO_FAR, and those of
 * `changeSettings`: NOT_FOUND, SETTING_LOCKED.
 */
export async function switchVerification(
  context: FleetContext,
  principal: Principal,
  id: GroupId,
  wish: VerificationWish,
): Promise<ChangeEffect> {
  const base = { id, lock: [], unlock: [], dryRun: wish.dryRun };
  if (wish.state === 'on') {
    const act = 'switch-verification-on';
    return (await isOffAbove(context, id))
      ? changeSettings(context, principal, {
          ...base,
          act,
          set: { verification: { state: 'on' } },
          unset: [],
        })
      : changeSettings(context, principal, { ...base, act, set: {}, unset: ['verification'] });
  }
  const sinceMs = context.clock.nowMs();
  const untilMs = wish.untilMs ?? sinceMs + VERIFICATION_OFF_DEFAULT_MS;
  const decision = decideSwitchOff(untilMs, sinceMs);
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  return changeSettings(context, principal, {
    ...base,
    act: 'switch-verification-off',
    set: { verification: { state: 'off', sinceMs, untilMs } },
    unset: [],
  });
}

/** Would the group be off without a value of its own? */
async function isOffAbove({ store, clock, settings }: FleetContext, id: GroupId): Promise<boolean> {
  const tree = await readGroupTree(store.db);
  const group = tree.get(id);
  if (group === undefined) return false;
  const { verification: _own, ...values } = group.values;
  const without = tree.with(id, { ...group, values });
  return isOffAt(without.settingsOf(id, settings).verification.value, clock.nowMs());
}
