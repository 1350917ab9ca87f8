import { AppError } from '@sekisho/core/errors.ts';
import { parseListId, type ListId } from '@sekisho/core/ids.ts';
import { SERVER_LISTS_MAX, SERVERS_PER_LIST_MAX } from '@sekisho/core/limits.ts';
import type { FleetParts } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { dropDocuments } from '../documents/drop-documents.ts';
import { deleteList, insertList, selectLists, type StoredList } from './server-lists.store.ts';
import { keeperOf, signedServers, type StoredServer } from './stored-servers.ts';

/** Entries with TLS stand behind those without: agents fall back to them, and need them once the server is verified again. */
const HTTPS_LATER = 50;
const PRIORITY_MAX = 100;
const COPIED_NAME_LENGTH_MAX = 60;

/**
 * F-31.3 Copies these lists, each with entries without TLS before the others; `label` tells the copies of one purpose from others.
 * Refusal: SERVER_LISTS_TOO_MANY.
 */
export async function makePlainCopies(
  parts: FleetParts,
  tx: Tx,
  ids: ReadonlySet<ListId>,
  { label, nowMs }: { readonly label: string; readonly nowMs: number },
): Promise<{ from: ListId; to: ListId }[]> {
  const all = await selectLists(tx);
  const originals = all.filter((list) => ids.has(list.id) && list.servers.length > 0);
  if (all.length + originals.length > SERVER_LISTS_MAX)
    throw new AppError('SERVER_LISTS_TOO_MANY', { limit: SERVER_LISTS_MAX });
  const copies: { from: ListId; to: ListId }[] = [];
  for (const original of originals) {
    const to = parseListId(parts.random.uuid());
    if (to === undefined) throw new Error('a list ID was drawn that is none');
    const copy: StoredList = {
      id: to,
      name: `${original.name.slice(0, COPIED_NAME_LENGTH_MAX)} (${label})`,
      servers: withoutTlsFirst(original.servers, all, parts.ports.http),
      revision: 1,
      createdAtMs: nowMs,
      createdBy: 'system',
      changedAtMs: nowMs,
    };
    await insertList(tx, copy);
    await parts.documents.make(tx, 'list', to, { list: to, servers: signedServers(copy.servers) });
    copies.push({ from: original.id, to });
  }
  return copies;
}

/** Removes copies that no group has any more. */
export async function dropCopies(tx: Tx, ids: readonly ListId[]): Promise<void> {
  for (const id of ids) await deleteList(tx, id);
  await dropDocuments(tx, 'list', ids);
}

/** The same places without TLS, each at the plain port of its installation, else at that of this one; those with TLS behind them. */
function withoutTlsFirst(
  servers: readonly StoredServer[],
  lists: readonly StoredList[],
  httpPort: number,
): StoredServer[] {
  const installed = lists.flatMap((list) => list.servers).filter(({ instanceId }) => instanceId !== null);
  const http = new Map<string, StoredServer>();
  for (const server of servers) {
    const known = server.httpPort ?? keeperOf(installed, server).httpPort ?? httpPort;
    const port = server.protocol === 'http' ? server.port : known;
    const key = `${server.serverId} ${server.address}:${port}`;
    if (!http.has(key)) http.set(key, { ...server, port, protocol: 'http', acceptedKeys: [] });
  }
  const https = servers
    .filter(({ protocol }) => protocol === 'https')
    .map((server) => ({
      ...server,
      priority: Math.min(server.priority + HTTPS_LATER, PRIORITY_MAX),
    }));
  return [...http.values(), ...https].slice(0, SERVERS_PER_LIST_MAX);
}
