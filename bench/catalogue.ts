import type { Bench, FigureSpec } from './figure.ts';
import { backup } from './figures/backup.ts';
import { handshake, idleMemory } from './figures/connections.ts';
import { certificateUpdates } from './figures/certificate-updates.ts';
import { fleetChanges } from './figures/fleet-changes.ts';
import { fleetSize } from './figures/fleet-size.ts';
import { heartbeat } from './figures/heartbeat.ts';
import { issuance } from './figures/issuance.ts';
import { peerDecisions } from './figures/peer-decisions.ts';
import { revocation } from './figures/revocation.ts';
import { revocationLists } from './figures/revocation-lists.ts';
import { twoWorkers } from './figures/two-workers.ts';

/** All benches, in the order of the table. */
export const BENCHES: readonly Bench[] = [
  issuance,
  heartbeat,
  idleMemory,
  handshake,
  backup,
  fleetSize,
  fleetChanges,
  certificateUpdates,
  twoWorkers,
  peerDecisions,
  revocation,
  revocationLists,
];

/** Every figure that there is. */
export const FIGURES: readonly FigureSpec[] = BENCHES.flatMap(({ figures }) => figures);
