import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { isOver, judgeGate, gateOf, mayRollBack } from '@sekisho/core/rules/rotation.ts';
import type { Tx } from '../../store/tables.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { gateFacts, gateHosts } from './gate-hosts.ts';
import type { ChangeStep } from './rotation-change.ts';
import type { RotationContext } from './rotation-context.ts';
import { record } from './rotation-machine.ts';
import { findRotation, updateRotation, type RotationRow } from './rotation.store.ts';

/** F-33 No step is done until it is resumed; a pause of a paused one changes nothing. Refusals: NOT_FOUND, ROTATION_ENDED. */
export const pauseRotation = (context: RotationContext, id: string, by: Principal): Promise<RotationRow> =>
  steer(context, id, async (step) => {
    if (step.rotation.pausedAtMs !== null) return;
    await updateRotation(step.tx, id, { pausedAtMs: step.nowMs });
    await record(step, 'pause', by.name, {}, by.origin);
  });

/** F-33 Refusals: NOT_FOUND, ROTATION_ENDED. */
export const resumeRotation = (context: RotationContext, id: string, by: Principal): Promise<RotationRow> =>
  steer(context, id, async (step) => {
    if (step.rotation.pausedAtMs === null) return;
    await updateRotation(step.tx, id, { pausedAtMs: null });
    await record(step, 'resume', by.name, {}, by.origin);
  });

/**
 * F-33, F-37 Before the switch the new certificate leaves the documents; after it old and new swap their roles, under a higher serial, and
 * the gates are the same. A paused one is resumed by it. Refusals: NOT_FOUND, ROTATION_ENDED, ROTATION_NO_WAY_BACK.
 */
export const rollBackRotation = (context: RotationContext, id: string, by: Principal): Promise<RotationRow> =>
  steer(context, id, async (step) => {
    const { rotation, tx, nowMs } = step;
    if (!mayRollBack(rotation)) throw new AppError('ROTATION_NO_WAY_BACK', { phase: rotation.phase });
    const change = context.machine.changeOf(rotation);
    const common = {
      direction: 'back',
      phaseSinceMs: nowMs,
      unservedMs: 0,
      pausedAtMs: null,
      accepted: [],
      problem: null,
    } as const;
    if (rotation.phase === 'prepared' || rotation.phase === 'announced') {
      const echo = await change.abandon(step);
      await updateRotation(tx, id, { ...common, phase: 'withdrawing', echo });
    } else {
      const { fromKeyId: toKeyId, toKeyId: fromKeyId } = rotation;
      const turned = { ...rotation, direction: 'back' as const, fromKeyId, toKeyId };
      const echo = await change.announce({ ...step, rotation: turned });
      await updateRotation(tx, id, { ...common, phase: 'announced', fromKeyId, toKeyId, echo });
    }
    await record(step, 'roll-back', by.name, { from: rotation.phase }, by.origin);
  });

/**
 * F-37 These hosts may be lost: each must be one that the update asks about now. Refusals: NOT_FOUND, ROTATION_ENDED,
 * ROTATION_HOST_NOT_ASKED.
 */
export const acceptLoss = async (
  context: RotationContext,
  id: string,
  hosts: readonly HostId[],
  by: Principal,
): Promise<RotationRow> => {
  await context.hearing.catchUp();
  return steer(context, id, async (step) => {
    const { fleet, machine, parts } = context;
    const { rotation, tx } = step;
    const asked = new Set(hosts);
    const standing = [...gateHosts(fleet, machine.changeOf(rotation), rotation)];
    const gate = gateOf(rotation, gateFacts(fleet, rotation, standing));
    for (const host of standing) {
      if (!asked.has(host.hostId)) continue;
      if (judgeGate([host], gate, parts.clock.nowMs()).undecided > 0) asked.delete(host.hostId);
    }
    const [other] = [...asked].filter((hostId) => !rotation.accepted.includes(hostId));
    if (other !== undefined) {
      const [named] = await findHosts(tx, [other]);
      throw new AppError('ROTATION_HOST_NOT_ASKED', { host: named?.name ?? other });
    }
    const accepted = [...new Set([...rotation.accepted, ...hosts])];
    await updateRotation(tx, id, { accepted, problem: null });
    await record(step, 'accept-loss', by.name, { hosts: [...hosts] }, by.origin);
  });
};

async function steer(
  context: RotationContext,
  id: string,
  act: (step: ChangeStep) => Promise<void>,
): Promise<RotationRow> {
  const { clock, feed, store } = context.parts;
  const require = async (tx: Tx): Promise<RotationRow> => {
    const found = await findRotation(tx, id);
    if (found === undefined) throw new AppError('NOT_FOUND', { what: 'certificate update', id });
    return found;
  };
  const changed = await store.transaction(async (tx) => {
    const rotation = await require(tx);
    if (isOver(rotation.phase)) throw new AppError('ROTATION_ENDED', { phase: rotation.phase });
    await act({ tx, rotation, nowMs: clock.nowMs() });
    return require(tx);
  });
  await feed.catchUp();
  context.wake();
  return changed;
}
