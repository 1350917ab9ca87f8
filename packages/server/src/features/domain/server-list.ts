import { parseListId, type ListId, type ServerId } from '@sekisho/core/ids.ts';
import { SERVERS_PER_LIST_MAX } from '@sekisho/core/limits.ts';
import { listPayload } from '@sekisho/core/wire/documents.ts';
import { z } from 'zod';
import type { Tx } from '../../store/tables.ts';
import type { DocumentService } from '../documents/document-service.ts';
import { DEFAULT_LIST_NAME } from './default-list.ts';

/** An entry of a list as it is stored: which installation serves there. */
const storedServer = listPayload.shape.servers.element.extend({ instanceId: z.string().max(64) });
type StoredServer = z.infer<typeof storedServer>;
const storedServers = z.array(storedServer).max(SERVERS_PER_LIST_MAX);

/**
 * Puts this installation's addresses into the default list, in place of those it had, and makes the signed list when that
 * changed anything. Several installations of one domain each keep their own entries.
 */
export async function publishServerList(
  tx: Tx,
  make: DocumentService['make'],
  own: { instanceId: string; serverId: ServerId; addresses: readonly string[]; port: number },
  nowMs: number,
): Promise<void> {
  const row = await tx
    .selectFrom('server_lists')
    .select(['id', 'servers'])
    .where('name', '=', DEFAULT_LIST_NAME)
    .executeTakeFirstOrThrow();
  const list = parseListId(row.id);
  if (list === undefined) throw new Error(`the row of list ${row.id} is not readable`);
  const others = storedServers
    .parse(JSON.parse(row.servers))
    .filter(({ instanceId }) => instanceId !== own.instanceId);
  const mine = own.addresses.map((address): StoredServer => ({
    instanceId: own.instanceId,
    priority: 1,
    serverId: own.serverId,
    address,
    port: own.port,
    protocol: 'https',
    acceptedKeys: [],
  }));
  const servers = [...others, ...mine].slice(-SERVERS_PER_LIST_MAX);
  const stored = JSON.stringify(servers);
  if (stored !== row.servers)
    await tx
      .updateTable('server_lists')
      .set({ servers: stored, changed_at_ms: nowMs })
      .where('id', '=', row.id)
      .execute();
  await make(tx, 'list', list, { list, servers: servers.map(({ instanceId: _, ...server }) => server) });
}

/** Addresses of the domain's other installations. */
export async function otherAddresses(tx: Tx, instanceId: string): Promise<string[]> {
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
