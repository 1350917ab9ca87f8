import { decideTakeOver, type TakeOver } from '@sekisho/core/rules/rotation-takeover.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { deleteLinks } from '../keys/key-store.ts';
import type { ChangeStep } from './rotation-change.ts';
import { record, type RotationMachine } from './rotation-machine.ts';
import { NO_ECHO, updateRotation, type RotationPatch, type RotationRow } from './rotation.store.ts';
import type { StartWish } from './start-rotation.ts';

type TakeOverWish = Pick<StartWish, 'kind' | 'emergency' | 'outside'>;

/** F-34 What becomes of the update that is open when this is begun; undefined: it is in the way. */
export const takeOverOf = (
  open: RotationRow,
  { kind, emergency, outside }: Pick<StartWish, 'kind' | 'emergency'> & { outside: unknown },
): TakeOver | undefined =>
  decideTakeOver(
    { ...open, outside: open.detail['outside'] === true },
    { kind, emergency, outside: outside != null },
  );

/**
 * F-34 Ends the open update, or turns it into the emergency, in the transaction that begins the emergency. Nothing of it is waited for: hosts
 * that have not followed are the price that the plan names. True: it is the emergency now, and no other is entered.
 */
export async function takeOverRotation(
  machine: RotationMachine,
  step: ChangeStep,
  how: { becomes: TakeOver; wish: TakeOverWish; by: Pick<Principal, 'name' | 'origin'> },
): Promise<boolean> {
  const { becomes, wish, by } = how;
  const { kind, emergency } = wish;
  const change = machine.changeOf(step.rotation);
  // whose key was stolen is not known where two are in use: neither is trusted any longer
  const rotation =
    kind === step.rotation.kind || becomes === 'kept' ? { ...step.rotation, emergency } : step.rotation;
  const patch = await carryOut(change, { ...step, rotation }, becomes);
  await updateRotation(step.tx, rotation.id, { problem: null, pausedAtMs: null, unservedMs: 0, ...patch });
  await record(step, 'take-over', by.name, { becomes, by: kind, emergency }, by.origin);
  crashPoint('rotation.take-over.before-commit');
  return becomes === 'kept';
}

async function carryOut(
  change: ReturnType<RotationMachine['changeOf']>,
  step: ChangeStep,
  becomes: TakeOver,
): Promise<RotationPatch> {
  const { rotation, nowMs, tx } = step;
  switch (becomes) {
    case 'kept': {
      const { emergency, phase } = rotation;
      if (emergency !== 'stolen') return { emergency };
      await deleteLinks(tx, rotation.toKeyId); // nothing leads on from a stolen root
      if (phase !== 'announced') return { emergency };
      const echo = await change.announce(step);
      // who has not followed gets its cycles from now on; a root that is not here announces nothing more, and what it announced counts
      return { emergency, phaseSinceMs: nowMs, ...(echo === NO_ECHO ? {} : { echo }) };
    }
    case 'abandoned':
      await change.abandon(step);
      return { phase: 'rolled-back', direction: 'back', endedAtMs: nowMs };
    case 'finished':
    case 'turned-back': {
      const { phase } = rotation;
      if (phase === 'announced' || phase === 'switching') await change.switch(step);
      if (phase !== 'withdrawing') await change.withdraw(step);
      return { phase: becomes === 'finished' ? 'done' : 'rolled-back', endedAtMs: nowMs };
    }
  }
}
