import type { HostId } from '@sekisho/core/ids.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import {
  acceptRotationLoss,
  getRotation,
  startRotation,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;

/** What became of an update of certificates. */
export interface RotationEnd {
  readonly view: RotationView;
  readonly seconds: number;
  /** Hosts that an administrator had to give up as lost, so that it went on. */
  readonly accepted: number;
}

/**
 * Starts an update of certificates and follows it until it is over. Where it asks who may be lost, all of those may: in a bench nobody
 * is away for ever, and who is lost all the same is found at the end. Throws when it takes longer, and what the server refuses.
 */
export async function carryOutRotation(
  call: Caller,
  kind: RotationKind,
  withinMs: number,
): Promise<RotationEnd> {
  const startedMs = performance.now();
  let view = await call(startRotation, { body: { kind } });
  let accepted = 0;
  while (view.endedAtMs === null) {
    if (performance.now() - startedMs > withinMs)
      throw new Error(`it waits in phase ${view.phase} for ${view.waitsFor ?? 'its next step'}`);
    if (view.waitsFor === 'question') {
      const hosts: HostId[] = view.undecided.map(({ id }) => id);
      accepted += hosts.length;
      await call(acceptRotationLoss, { params: { id: view.id }, body: { hosts } });
    }
    await sleep(POLL_MS);
    view = await call(getRotation, { params: { id: view.id } });
  }
  return { view, seconds: (performance.now() - startedMs) / 1_000, accepted };
}
