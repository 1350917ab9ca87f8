import type { FleetParts } from '../../context.ts';
import type { FleetHearing } from './fleet-hearing.ts';
import type { FleetFacts } from './gate-hosts.ts';
import type { RotationBoard } from './rotation-board.ts';
import type { RotationMachine } from './rotation-machine.ts';

/** What administrators' acts on certificate updates work with. */
export interface RotationContext {
  readonly parts: FleetParts;
  readonly fleet: FleetFacts;
  readonly board: RotationBoard;
  readonly machine: RotationMachine;
  readonly hearing: FleetHearing;
  /** Looks at once whether a step is due. */
  readonly wake: () => void;
}
