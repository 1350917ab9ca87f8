import type { HostId } from '@sekisho/core/ids.ts';
import type { RotationHost } from '@sekisho/core/wire/rotations.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import type { RotationContext } from './rotation-context.ts';

/** Hosts by name, in the order given. */
export async function hostRefs(context: RotationContext, ids: readonly HostId[]): Promise<RotationHost[]> {
  const { fleet, parts } = context;
  const found = new Map((await findHosts(parts.store.db, ids)).map((host) => [host.id, host]));
  return ids.flatMap((id) => {
    const host = found.get(id);
    const seenMs = fleet.index.get(id)?.lastSeenMs ?? 0;
    return host === undefined ? [] : [{ id, name: host.name, lastSeenAtMs: seenMs === 0 ? null : seenMs }];
  });
}
