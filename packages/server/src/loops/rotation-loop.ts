import { HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../context.ts';
import { watchHostCertificates, watchOwnCertificates } from '../features/rotation/expiry-watch.ts';
import { FleetHearing } from '../features/rotation/fleet-hearing.ts';
import type { FleetFacts } from '../features/rotation/gate-hosts.ts';
import type { RotationBoard } from '../features/rotation/rotation-board.ts';
import type { RotationContext } from '../features/rotation/rotation-context.ts';
import type { RotationMachine } from '../features/rotation/rotation-machine.ts';
import { startDuty, startLoop } from './loop.ts';

export const ROTATION_LOOP_MS = SECOND_MS;
/** F-35 How often certificates that end are looked for. */
export const EXPIRY_LOOP_MS = HOUR_MS;
const LEASE_MS = 30 * SECOND_MS;

/**
 * While a certificate is updated: every worker writes what it hears of hosts each second; one of them reads it and moves the update on.
 * While none is, nothing is read or written here.
 */
export function startRotationLoop(
  context: ServerContext,
  parts: { board: RotationBoard; machine: RotationMachine; fleet: FleetFacts },
): { context: RotationContext; stop: () => Promise<void> } {
  const { clock, log, store, workerId } = context;
  const { board, machine, fleet } = parts;
  const { index } = fleet;
  const isOpen = (): boolean => board.current !== undefined;
  const hearing = new FleetHearing({ store, clock, index, openId: () => board.current?.id });
  const writing = startLoop({
    clock,
    log,
    name: 'rotation-seen',
    everyMs: ROTATION_LOOP_MS,
    run: async () => {
      if (!isOpen() || store.dialect !== 'postgres') return;
      await index.flush();
    },
  });
  const duty = startDuty({
    clock,
    log,
    store,
    workerId,
    name: 'rotation',
    everyMs: ROTATION_LOOP_MS,
    leaseMs: LEASE_MS,
    when: isOpen,
    run: async (fence) => {
      await hearing.catchUp();
      if (!(await hearing.hasHeardOthers())) return;
      while (await machine.advance(fence));
    },
  });
  const rotations = { parts: context, fleet, board, machine, hearing, wake: duty.wake };
  const expiry = startDuty({
    clock,
    log,
    store,
    workerId,
    name: 'expiry',
    everyMs: EXPIRY_LOOP_MS,
    leaseMs: LEASE_MS,
    run: async (fence) => {
      await watchOwnCertificates(rotations, fence);
      await watchHostCertificates(rotations, fence);
    },
  });
  return {
    context: rotations,
    stop: async () => {
      await expiry.stop();
      await writing.stop();
      await duty.stop();
    },
  };
}
