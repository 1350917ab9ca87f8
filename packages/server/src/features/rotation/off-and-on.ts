import type { FleetParts } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { closeOffWindow, echoOfGroups, offWindow, openOffWindow, type OffWindow } from './off-window.ts';
import type { ChangeStep, RotationChange } from './rotation-change.ts';
import { insertStep, updateRotation, type Echo, type RotationRow } from './rotation.store.ts';

/**
 * F-31.3 The same change for agents that can neither be announced to nor fail over: before it lists with entries without TLS and verification
 * off for every group, after it everything as it was. The machine waits in between, and asks what it asks on every path.
 */
export function offAndOn(base: RotationChange, parts: FleetParts): RotationChange {
  const merged = async (tx: Tx, echo: Echo): Promise<Echo> => {
    const own = await echoOfGroups(parts, tx);
    return {
      bundleGeneration: echo.bundleGeneration,
      listSerial: Math.max(echo.listSerial, own.listSerial),
      policySerial: Math.max(echo.policySerial, own.policySerial),
    };
  };
  const open = async ({ tx, rotation, nowMs }: ChangeStep): Promise<void> => {
    if (windowOf(rotation) !== undefined) return; // on the way back it is open already
    const found = await openOffWindow(parts, tx, { id: rotation.id, overlapMs: rotation.overlapMs, nowMs });
    await updateRotation(tx, rotation.id, { detail: { ...rotation.detail, offWindow: found } });
  };
  const close = async ({ tx, rotation, nowMs }: ChangeStep): Promise<void> => {
    const found = windowOf(rotation);
    if (found === undefined) return;
    const departures = await closeOffWindow(parts, tx, found);
    const { offWindow: _closed, ...detail } = rotation.detail;
    await updateRotation(tx, rotation.id, { detail: { ...detail, departures } });
    if (departures.length > 0)
      await insertStep(tx, {
        rotationId: rotation.id,
        step: 'changed-meanwhile',
        actor: 'system',
        detail: { departures },
        nowMs,
      });
  };
  return {
    ...base,
    async announce(step) {
      await open(step);
      return merged(step.tx, await base.announce(step));
    },
    switch: async (step) => merged(step.tx, await base.switch(step)),
    async withdraw(step) {
      await close(step);
      return merged(step.tx, await base.withdraw(step));
    },
    async abandon(step) {
      await close(step);
      return merged(step.tx, await base.abandon(step));
    },
  };
}

function windowOf({ detail }: RotationRow): OffWindow | undefined {
  const found = detail['offWindow'];
  return found === undefined ? undefined : offWindow.parse(found);
}
