/**
 * F-37 Does a host that echoes this serial hold what a step of an update made? `wanted`: from this serial on documents say it; zero: the step
 * made none. `newest`: of the document that is meant for this host; undefined: there is none. A document that the step left as it was has
 * a lower serial than the wanted one, and its newest version counts. A number that was never given counts for nothing.
 */
export function isHeld(serial: number, wanted: number, newest: number | undefined): boolean {
  if (wanted === 0) return true;
  if (newest === undefined) return serial >= wanted;
  return serial === newest || (serial >= wanted && serial < newest);
}

/** The serial from which on a document says what a step has made. `before`: the last serial that was given before the step. */
export function wantedSerial(serials: readonly number[], before: number): number {
  const made = serials.filter((serial) => serial > before);
  // nothing was made: who holds the newest of all holds it; others are asked by their own document's newest version
  return made.length > 0 ? Math.min(...made) : Math.max(0, ...serials);
}
