import { z } from 'zod';
import { route } from './route.ts';
import { address, hostId, port } from './scalars.ts';

/**
 * A media server opens this at 13000 with its own certificate (T-60): `GET` with `Upgrade: sekisho-relay`. After 101 the stream carries
 * another host's TLS connection to the same port, and nothing else.
 */
export const RELAY_PATH = '/v1/relay';
export const RELAY_PROTOCOL = 'sekisho-relay';
/** Header with the address of the host that the tunnel is for, as its media server sees it. */
export const RELAY_CLIENT_HEADER = 'sekisho-client';

/** So many media servers are named to hosts that are set up. */
export const RELAYS_MAX = 64;

/** Where a host finds media servers that relay for it. */
export const relayEndpoint = z.object({ hostId, address, port });
export type RelayEndpoint = z.infer<typeof relayEndpoint>;

/** The media servers of the domain, to everybody: who is set up in a DMZ needs one before it trusts anything (T-60). */
export const getPublicRelays = route({
  method: 'GET',
  path: '/v1/relays',
  right: 'public',
  reply: z.object({ relays: z.array(relayEndpoint).max(RELAYS_MAX) }),
});
