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

/** What is known of a document that a host echoes a higher serial of than this process knew. */
export interface AheadFacts {
  /** The newest serial in the database. */
  readonly newest: number;
  /** The last that was given for any document of its type. */
  readonly last: number;
  readonly nowMs: number;
}

/**
 * F-37 Why does a host echo a higher serial than its document has? `held`: it does not; this process was behind. `given`: it is another document's,
 * out of a communication package or from its former group. `lost`: serials are times, and one of the past may have been given before a database
 * failed over without its last transactions, or went back to a backup. In both cases the document is signed again with a higher serial, which
 * is a time too. `never`: a number of now or of the future was not given, and moves nothing.
 */
export function judgeAhead(
  serial: number,
  { newest, last, nowMs }: AheadFacts,
): 'held' | 'given' | 'lost' | 'never' {
  if (serial <= newest) return 'held';
  if (serial <= last) return 'given';
  return serial < nowMs ? 'lost' : 'never';
}
