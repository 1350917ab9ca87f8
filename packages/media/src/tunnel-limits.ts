/** Named limits of tunnels to the management server (T-60, invariant 8). */

/** What somebody without a certificate may say before the tunnel: one CONNECT with a few headers, at once. */
export const TUNNEL_HEAD_BYTES_MAX = 1024;
export const TUNNEL_HEAD_MAX_MS = 5_000;

/** Tunnels without a certificate carry a certificate request: few, small and short. The oldest gives way to the next. */
export const STRANGER_TUNNELS_MAX = 64;
/** From one address (IPv6: one /64) no more than so many; the next is refused. */
export const STRANGER_TUNNELS_PER_ADDRESS_MAX = 8;
/** Each way. */
export const STRANGER_TUNNEL_BYTES_MAX = 512 * 1024;
export const STRANGER_TUNNEL_IDLE_MS = 15_000;
export const STRANGER_TUNNEL_LIFETIME_MS = 60_000;

/** Tunnels of hosts that showed their certificate here: an agent has a channel and a few requests. */
export const TUNNELS_MAX = 2_048;
export const TUNNELS_PER_HOST_MAX = 16;
/** Nothing moved for so long: given up. Longer than the usual time between heartbeats. */
export const TUNNEL_IDLE_MS = 30 * 60_000;

/**
 * Ways to the management server that are being opened at once. Until it has switched, each counts there as a connection of this media
 * server, of which it keeps 64: its own channel must not be the oldest of too many.
 */
export const TUNNEL_DIALS_MAX = 32;
/** A management server that did not answer is not dialled again at once, however many ask. */
export const TUNNEL_SERVER_REST_MS = 3_000;
