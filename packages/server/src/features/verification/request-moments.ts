import type { HostId } from '@sekisho/core/ids.ts';
import type { Store } from '../../store/store.ts';

/**
 * Remembers for which moment a host's latest request was signed; false when there was one for this moment or a later one: it is a
 * repetition, whichever server process had the first. One row a host, written with those of others.
 */
export function takeMoment(store: Store, hostId: HostId, atMs: number): Promise<boolean> {
  return store.submit(async (tx) => {
    const taken = await tx
      .insertInto('signed_requests')
      .values({ host_id: hostId, at_ms: atMs })
      .onConflict((conflict) =>
        conflict.column('host_id').doUpdateSet({ at_ms: atMs }).where('signed_requests.at_ms', '<', atMs),
      )
      .returning('host_id')
      .execute();
    return taken.length > 0;
  });
}
