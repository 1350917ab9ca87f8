import { z } from 'zod';
import type { RotationRow } from './rotation.store.ts';

/** A key of the old CA and the one that takes its place; `before` and `after` stay as they are when an update turns round. */
const keyPair = z.object({
  role: z.enum(['root', 'issuing', 'server-tls', 'document-signer']),
  before: z.string(),
  after: z.string(),
});
const caDetail = z.object({ pairs: z.array(keyPair).min(2) });

export type CaKeyPair = z.infer<typeof keyPair>;

/** What is given up and what is to be in use, of one role. */
export interface CaExchange {
  readonly role: CaKeyPair['role'];
  readonly from: string;
  readonly to: string;
}

const known = new WeakMap<RotationRow, readonly CaExchange[]>();

/** What an update of the CA exchanges, by the direction that it has now. */
export function caExchanges(rotation: RotationRow): readonly CaExchange[] {
  const before = known.get(rotation);
  if (before !== undefined) return before;
  const { pairs } = caDetail.parse(rotation.detail);
  const isForward = pairs.some(({ role, before: old }) => role === 'root' && old === rotation.fromKeyId);
  const read = pairs.map((pair) =>
    isForward
      ? { role: pair.role, from: pair.before, to: pair.after }
      : { role: pair.role, from: pair.after, to: pair.before },
  );
  known.set(rotation, read);
  return read;
}

/** The two keys of a role that every CA has. */
export function keyOfCa(rotation: RotationRow, wanted: 'root' | 'issuing'): CaExchange {
  const found = caExchanges(rotation).find(({ role }) => role === wanted);
  if (found === undefined) throw new Error(`the update names no ${wanted}`);
  return found;
}
