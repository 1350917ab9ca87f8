import { refuse, type Refusal } from '../errors.ts';
import { canonicalIp, printable } from './naming.ts';

/** A management server that a tunnel may end at: an entry of the relay's signed list. */
export interface TunnelServer {
  readonly serverId: string;
  readonly address: string;
  readonly port: number;
}

/** The longest target: a DNS name and a port. */
export const TUNNEL_TARGET_LENGTH_MAX = 260;

/**
 * Where may this tunnel end (T-60)? At an entry of the relay's signed list, whole: `ADDRESS:PORT` or `SERVER-ID:PORT`. The relay dials
 * its own entry, so nothing that the client wrote is looked up or dialled.
 */
export function decideTunnel<Server extends TunnelServer>(
  target: string,
  servers: readonly Server[],
): { readonly allow: true; readonly server: Server } | Refusal {
  const [, rawHost, rawPort] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]/@]+):([1-9]\d{0,4})$/.exec(target) ?? [];
  if (rawHost !== undefined && target.length <= TUNNEL_TARGET_LENGTH_MAX) {
    const host = canonical(rawHost.replace(/^\[|\]$/g, ''));
    const server = servers.find(
      (entry) =>
        String(entry.port) === rawPort && (canonical(entry.address) === host || entry.serverId === host),
    );
    if (server !== undefined) return { allow: true, server };
  }
  return refuse('TUNNEL_TARGET_REFUSED', {
    target: printable(target.slice(0, TUNNEL_TARGET_LENGTH_MAX)),
  });
}

/** `ADDRESS:PORT` as a target is written. */
export const tunnelTarget = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** May this host relay for others (T-60, T-62)? It must be current, and a media server. */
export function decideRelay(facts: {
  readonly host: string;
  readonly isMedia: boolean;
  readonly isLegacy: boolean;
}): { readonly allow: true } | Refusal {
  if (facts.isLegacy) return refuse('RELAY_LEGACY', { host: facts.host });
  if (!facts.isMedia) return refuse('RELAY_NOT_MEDIA_SERVER', { host: facts.host });
  return { allow: true };
}

const canonical = (host: string): string => canonicalIp(host) ?? host.toLowerCase();
