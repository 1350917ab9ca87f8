import type { ListId } from '@sekisho/core/ids.ts';
import { SERVERS_PER_LIST_MAX } from '@sekisho/core/limits.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import type { DocumentService } from '../documents/document-service.ts';
import { storedListId } from '../fleet/stored-ids.ts';
import {
  followInstallation,
  signedServers,
  storedServers,
  type InstallationPlaces,
  type StoredServer,
} from '../server-lists/stored-servers.ts';
import { DEFAULT_LIST_NAME } from './default-list.ts';

/**
 * Puts this installation's addresses into the default list, in place of those it had, and makes the signed list when that
 * changed anything. Several installations of one domain each keep their own entries. What an administrator gave an entry stays: its
 * priority, and the certificates from outside.
 */
export async function publishServerList(
  tx: Tx,
  make: DocumentService['make'],
  own: InstallationPlaces,
  nowMs: number,
): Promise<void> {
  const row = await tx
    .selectFrom('server_lists')
    .select(['id', 'servers'])
    .where('name', '=', DEFAULT_LIST_NAME)
    .executeTakeFirstOrThrow();
  const list = storedListId(row.id);
  const before = storedServers.parse(JSON.parse(row.servers));
  const places = new Set(own.addresses.map((address) => serverName({ address, port: own.port })));
  const others = before.filter(
    (server) => server.instanceId !== own.instanceId && !places.has(serverName(server)),
  );
  const mine = own.addresses.map((address): StoredServer => {
    const place = serverName({ address, port: own.port });
    const known = before.find((server) => server.protocol === 'https' && serverName(server) === place);
    return {
      instanceId: own.instanceId,
      ...(own.httpPort === undefined ? {} : { httpPort: own.httpPort }),
      priority: known?.priority ?? 1,
      serverId: own.serverId,
      address,
      port: own.port,
      protocol: 'https',
      acceptedKeys: known?.acceptedKeys ?? [],
    };
  });
  const servers = [...others, ...mine].slice(-SERVERS_PER_LIST_MAX);
  await storeServers(tx, row, servers, nowMs);
  await make(tx, 'list', list, { list, servers: signedServers(servers) });
  await followInCopies(tx, make, own, nowMs);
}

/** F-11 In other lists, too, the entries that came from this installation say where it is now. */
async function followInCopies(
  tx: Tx,
  make: DocumentService['make'],
  own: InstallationPlaces,
  nowMs: number,
): Promise<void> {
  const rows = await tx
    .selectFrom('server_lists')
    .select(['id', 'servers'])
    .where('name', '!=', DEFAULT_LIST_NAME)
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const list = storedListId(row.id);
    const before = storedServers.parse(JSON.parse(row.servers));
    const servers = followInstallation(before, own).slice(0, SERVERS_PER_LIST_MAX);
    if (servers.length > 0 && (await storeServers(tx, row, servers, nowMs)))
      await make(tx, 'list', list, { list, servers: signedServers(servers) });
  }
}

/** False: the list had these servers before. */
async function storeServers(
  tx: Tx,
  row: { id: string; servers: string },
  servers: readonly StoredServer[],
  nowMs: number,
): Promise<boolean> {
  const stored = JSON.stringify(servers);
  if (stored === row.servers) return false;
  await tx
    .updateTable('server_lists')
    .set({ servers: stored, changed_at_ms: nowMs })
    .where('id', '=', row.id)
    .execute();
  return true;
}

/** Addresses of the domain's other installations. */
export async function otherAddresses(tx: DbOrTx, instanceId: string): Promise<string[]> {
  const row = await tx
    .selectFrom('server_lists')
    .select('servers')
    .where('name', '=', DEFAULT_LIST_NAME)
    .executeTakeFirst();
  const servers = storedServers.parse(JSON.parse(row?.servers ?? '[]'));
  return servers.filter((server) => server.instanceId !== instanceId).map(({ address }) => address);
}

/** An empty default list: the first installation fills it. */
export const createDefaultList = async (tx: Tx, id: ListId, nowMs: number): Promise<void> => {
  await tx
    .insertInto('server_lists')
    .values({
      id,
      name: DEFAULT_LIST_NAME,
      servers: '[]',
      revision: 1,
      created_at_ms: nowMs,
      created_by: 'server',
      changed_at_ms: nowMs,
    })
    .execute();
};
