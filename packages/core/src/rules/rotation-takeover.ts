import type { Emergency, RotationKind, RotationPhase, RotationState } from './rotation.ts';

/**
 * F-34 What becomes of an update that is open when an emergency begins. `kept`: it goes on as the emergency, and its new key is the one that
 * is switched to. `abandoned`: its new key leaves the documents, unused. `finished`: it is switched where it is not, and what it gave up is
 * withdrawn at once. `turned-back`: the same for an update on its way back, so that the key of before is in use.
 */
export const TAKE_OVERS = ['kept', 'abandoned', 'finished', 'turned-back'] as const;
export type TakeOver = (typeof TAKE_OVERS)[number];

/** The update that is open. */
export interface OpenUpdate extends Pick<RotationState, 'kind' | 'phase' | 'direction' | 'emergency'> {
  /** Its new certificate is from outside. */
  readonly outside: boolean;
}

/** What is begun beside it. */
export interface EmergencyWish {
  readonly kind: RotationKind;
  readonly emergency: Emergency | null;
  /** It brings a certificate from outside. */
  readonly outside: boolean;
}

/** Nothing was switched yet. */
const BEFORE_SWITCH: ReadonlySet<RotationPhase> = new Set(['prepared', 'announced']);

/**
 * F-34 How an emergency takes over; undefined: it does not, and the open update is in the way. An emergency gives way to no other: it waits
 * for next to nobody, and two administrators who begin one at the same moment begin one.
 */
export function decideTakeOver(open: OpenUpdate, wish: EmergencyWish): TakeOver | undefined {
  if (wish.emergency === null || open.emergency !== null) return undefined;
  if (open.direction === 'back') return 'turned-back';
  if (!BEFORE_SWITCH.has(open.phase)) return 'finished';
  return isTarget(open, wish) ? 'kept' : 'abandoned';
}

/**
 * Is the key that was announced the one to switch to? A key that lay beside a stolen one may be stolen, too, so it is made anew: but hosts
 * that already trust the next root are found nowhere else, and a stolen root is not asked to announce a third. Nobody waits any more for
 * hosts to take a certificate from outside.
 */
function isTarget(open: OpenUpdate, wish: EmergencyWish): boolean {
  if (open.kind !== wish.kind || open.outside || wish.outside) return false;
  return wish.emergency === 'lost' || wish.kind === 'ca';
}
