import type { ListId } from '@sekisho/core/ids.ts';
import type { ListPayload } from '@sekisho/core/wire/documents.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectLists } from './server-lists.store.ts';
import { signedServers } from './stored-servers.ts';

/** What every management server list of the domain tells agents, before it is signed. */
export async function signedLists(db: DbOrTx): Promise<{ list: ListId; servers: ListPayload['servers'] }[]> {
  const lists = await selectLists(db);
  return lists.map(({ id, servers }) => ({ list: id, servers: signedServers(servers) }));
}

/** Under which addresses the lists name each installation of the domain. */
export async function addressesOfInstances(db: DbOrTx): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>();
  for (const { servers } of await selectLists(db))
    for (const { instanceId, address } of servers) {
      if (instanceId === null) continue;
      found.set(instanceId, (found.get(instanceId) ?? new Set()).add(address));
    }
  return new Map([...found].map(([instanceId, addresses]) => [instanceId, [...addresses]]));
}
