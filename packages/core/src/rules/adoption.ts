import type { Sha256Hex } from '../ids.ts';

/** What an agent holds of one document type, or what it was just given. */
export interface DocumentVersion {
  readonly serial: number;
  /** SHA-256 of the payload bytes. */
  readonly contentSha256: Sha256Hex;
}

/**
 * `adopt` a higher serial; `same` changes nothing; `fork` is the same serial with other content, to be refused and
 * reported; `lower` is refused. In the last three the agent keeps what it has (invariant 5).
 */
export type AdoptionDecision = 'adopt' | 'same' | 'fork' | 'lower';

/** May this verified document take the place of the one that is held? */
export function decideAdoption(
  current: DocumentVersion | undefined,
  next: DocumentVersion,
): AdoptionDecision {
  if (current === undefined || next.serial > current.serial) return 'adopt';
  if (next.serial < current.serial) return 'lower';
  return next.contentSha256 === current.contentSha256 ? 'same' : 'fork';
}
