import type { ServerId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { signedLists } from '../server-lists/signed-lists.ts';

/** The addresses under which lists name this domain's servers over HTTPS: a certificate of theirs has to cover them. */
export async function listedAddresses(db: DbOrTx, serverId: ServerId): Promise<string[]> {
  const lists = await signedLists(db);
  const entries = lists.flatMap(({ servers }) => servers);
  const own = entries.filter((entry) => entry.serverId === serverId && entry.protocol === 'https');
  return [...new Set(own.map(({ address }) => address))].sort();
}
