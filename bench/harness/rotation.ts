import { AppError } from '@sekisho/core/errors.ts';
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

/** A host that an administrator was asked to give up, and did. */
export interface AcceptedHost {
  readonly hostId: HostId;
  readonly name: string;
  readonly phase: RotationView['phase'];
  readonly why: RotationView['undecided'][number]['why'];
  /** Seconds since it was heard; null: never. */
  readonly silentSeconds: number | null;
}

/** What became of an update of certificates. */
export interface RotationEnd {
  readonly view: RotationView;
  readonly seconds: number;
  /** Given up as lost, so that it went on. */
  readonly accepted: readonly AcceptedHost[];
}

/**
 * Starts an update of certificates and follows it until it is over. Where it asks who may be lost, all of those may: in a bench nobody
 * is away for ever, so whoever was asked for and is not lost at the end should not have been. Throws when it takes longer, and what the
 * server refuses.
 */
export async function carryOutRotation(
  call: Caller,
  kind: RotationKind,
  withinMs: number,
): Promise<RotationEnd> {
  const startedMs = performance.now();
  let view = await call(startRotation, { body: { kind } });
  const accepted: AcceptedHost[] = [];
  while (view.endedAtMs === null) {
    if (performance.now() - startedMs > withinMs)
      throw new Error(`it waits in phase ${view.phase} for ${view.waitsFor ?? 'its next step'}`);
    if (view.waitsFor === 'question' && (await giveUp(call, view))) accepted.push(...undecidedOf(view));
    await sleep(POLL_MS);
    view = await call(getRotation, { params: { id: view.id } });
  }
  return { view, seconds: (performance.now() - startedMs) / 1_000, accepted };
}

/** False: one of them has followed since it was asked about; it is asked about the others again. */
async function giveUp(call: Caller, { id, undecided }: RotationView): Promise<boolean> {
  try {
    await call(acceptRotationLoss, { params: { id }, body: { hosts: undecided.map((host) => host.id) } });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'ROTATION_HOST_NOT_ASKED') return false;
    throw error;
  }
}

const undecidedOf = ({ phase, undecided }: RotationView): AcceptedHost[] =>
  undecided.map(({ id, name, why, lastSeenAtMs }) => ({
    hostId: id,
    name,
    phase,
    why,
    silentSeconds: lastSeenAtMs === null ? null : Math.round((Date.now() - lastSeenAtMs) / 1_000),
  }));
