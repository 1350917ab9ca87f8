import { SERVERS_PER_LIST_MAX } from '@sekisho/core/limits.ts';
import { listPayload } from '@sekisho/core/wire/documents.ts';
import { z } from 'zod';

/** An entry of a list as it is stored: which installation keeps it up to date; null: it was written by hand. */
export const storedServer = listPayload.shape.servers.element.extend({
  instanceId: z.string().max(64).nullable(),
});
export type StoredServer = z.infer<typeof storedServer>;

/** The column `server_lists.servers`. */
export const storedServers = z.array(storedServer).max(SERVERS_PER_LIST_MAX);

/** What agents are told of it. */
export const signedServers = (servers: readonly StoredServer[]): z.infer<typeof listPayload.shape.servers> =>
  servers.map(({ instanceId: _, ...server }) => server);
