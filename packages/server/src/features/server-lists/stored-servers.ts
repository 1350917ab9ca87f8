import { serverName } from '@sekisho/core/rules/serverlist.ts';
import { SERVERS_PER_LIST_MAX } from '@sekisho/core/limits.ts';
import { listPayload } from '@sekisho/core/wire/documents.ts';
import { port } from '@sekisho/core/wire/scalars.ts';
import { z } from 'zod';

/** An entry of a list as it is stored: which installation keeps it up to date; null: it was written by hand. */
export const storedServer = listPayload.shape.servers.element.extend({
  instanceId: z.string().max(64).nullable(),
  /** The plain port of that installation (F-31.3); absent: it is not known. */
  httpPort: port.optional(),
});
export type StoredServer = z.infer<typeof storedServer>;

/** The column `server_lists.servers`. */
export const storedServers = z.array(storedServer).max(SERVERS_PER_LIST_MAX);

/** What agents are told of it. */
export const signedServers = (servers: readonly StoredServer[]): z.infer<typeof listPayload.shape.servers> =>
  servers.map(({ instanceId: _, httpPort: _plain, ...server }) => server);

type Written = Pick<StoredServer, 'address' | 'port' | 'protocol'>;

/** The installation that keeps such an entry, and its plain port, out of entries that are kept: by address and port of the same protocol. */
export function keeperOf(
  known: readonly StoredServer[],
  wanted: Written,
): Pick<StoredServer, 'instanceId' | 'httpPort'> {
  const found = known.find(
    (server) =>
      server.instanceId !== null &&
      ((server.protocol === wanted.protocol && serverName(server) === serverName(wanted)) ||
        (wanted.protocol === 'http' && serverName(plainPlace(server)) === serverName(wanted))),
  );
  if (found === undefined) return { instanceId: null };
  const { instanceId, httpPort } = found;
  return { instanceId, ...(httpPort === undefined ? {} : { httpPort }) };
}

const plainPlace = ({ address, port: own, httpPort = own }: StoredServer) => ({ address, port: httpPort });

/** Where an installation is now. */
export interface InstallationPlaces {
  readonly instanceId: string;
  readonly serverId: StoredServer['serverId'];
  readonly addresses: readonly string[];
  readonly port: number;
  readonly httpPort?: number | undefined;
}

/**
 * F-11 The entries of a list that came from an installation follow it: those whose address or port it has no longer give way to those that it
 * has, at the same place and priority. What an administrator took away or added stays as it is.
 */
export function followInstallation(
  servers: readonly StoredServer[],
  own: InstallationPlaces,
): StoredServer[] {
  const plain = own.httpPort === undefined ? {} : { httpPort: own.httpPort };
  const portOf = ({ protocol, port: was }: StoredServer): number =>
    protocol === 'https' ? own.port : (own.httpPort ?? was);
  const isHere = (server: StoredServer): boolean =>
    server.port === portOf(server) &&
    own.addresses.some((address) => serverName({ ...server, address }) === serverName(server));
  const named = new Set<string>();
  const place = (server: StoredServer): string => `${server.protocol} ${serverName(server)}`;
  for (const server of servers)
    if (server.instanceId !== own.instanceId || isHere(server)) named.add(place(server));
  return servers.flatMap((server) => {
    if (server.instanceId !== own.instanceId) return [server];
    if (isHere(server)) return [{ ...server, ...plain }];
    return own.addresses.flatMap((address) => {
      const moved = { ...server, ...plain, serverId: own.serverId, address, port: portOf(server) };
      if (named.has(place(moved))) return [];
      named.add(place(moved));
      return [moved];
    });
  });
}
