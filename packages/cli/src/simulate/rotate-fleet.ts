import type { RunningSimulation } from '@sekisho/agent/simulate/simulate.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRotation, startRotation, type RotationView } from '@sekisho/core/wire/rotations.ts';

const POLL_MS = 500;
/** Every agent is connected within this, or the update begins without those that are not. */
const CONNECTED_MS_MAX = 120 * SECOND_MS;
/** What the update changed last reaches every agent by then, and a lost one is known to be lost. */
const PERIODS_AFTERWARDS = 3;

/** What became of an update of certificates under simulated agents. */
export interface FleetRotation {
  readonly kind: RotationKind;
  readonly id: string;
  readonly path: RotationView['path'];
  /** `question`: hosts would be lost, and an administrator has to decide. `open`: it had not ended when the measurement did. */
  readonly end: 'done' | 'rolled-back' | 'question' | 'open';
  readonly hosts: RotationView['hosts'];
  /** From its start until the old certificate was withdrawn. */
  readonly seconds: number;
  /** Periods without an answer since its start, of the agent that missed most. */
  readonly missedHeartbeatsMax: number;
}

/** F-30 Starts an update of certificates at the server whose agents are simulated, and follows it to its end. Refusals: those of `startRotation`. */
export async function rotateFleet(parts: {
  readonly call: Caller;
  readonly kind: RotationKind;
  readonly agents: number;
  readonly heartbeatMs: number;
  readonly running: RunningSimulation;
  readonly clock: Clock;
  readonly onView: (view: RotationView) => void;
}): Promise<FleetRotation> {
  const { call, kind, running, clock } = parts;
  const { signal } = running;
  const untilMs = clock.monotonicMs() + CONNECTED_MS_MAX;
  while (running.connected < parts.agents && clock.monotonicMs() < untilMs && !signal.aborted)
    await clock.sleep(POLL_MS, signal);

  const missed = running.countMissed();
  const startedMs = clock.monotonicMs();
  let view = await call(startRotation, { body: { kind } });
  while (endOf(view) === 'open' && !signal.aborted) {
    parts.onView(view);
    await clock.sleep(POLL_MS, signal);
    view = await call(getRotation, { params: { id: view.id } });
  }
  const seconds = Math.round((clock.monotonicMs() - startedMs) / 10) / 100;
  await clock.sleep(PERIODS_AFTERWARDS * parts.heartbeatMs, signal);
  const { id, path, hosts } = view;
  return { kind, id, path, end: endOf(view), hosts, seconds, missedHeartbeatsMax: missed() };
}

function endOf({ phase, waitsFor }: RotationView): FleetRotation['end'] {
  if (phase === 'done' || phase === 'rolled-back') return phase;
  return waitsFor === 'question' ? 'question' : 'open';
}
