import { AppError } from '@sekisho/core/errors.ts';
import { parseListId } from '@sekisho/core/ids.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listServerLists, type ServerListView } from '@sekisho/core/wire/server-lists.ts';

/** The management server list of a name or ID. Refusal: SERVER_LIST_UNKNOWN. */
export async function resolveList(call: Caller, given: string): Promise<ServerListView> {
  const id = parseListId(given);
  const { lists } = await call(listServerLists, {});
  const list = lists.find((one) => (id === undefined ? one.name === given : one.id === id));
  if (list === undefined) throw new AppError('SERVER_LIST_UNKNOWN', { given });
  return list;
}

/** The place of a server (`ADDRESS:PORT`) in a list. Refusal: SERVER_LIST_ENTRY_MISSING. */
export function placeOf(list: ServerListView, server: { address: string; port: number }): number {
  const wanted = serverName(server);
  const at = list.servers.findIndex((one) => serverName(one) === wanted);
  if (at < 0) throw new AppError('SERVER_LIST_ENTRY_MISSING', { name: list.name, server: wanted });
  return at;
}
