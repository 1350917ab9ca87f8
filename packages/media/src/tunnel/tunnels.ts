import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { addressKey } from '@sekisho/core/address-key.ts';
import { decideTunnel, tunnelTarget, type TunnelServer } from '@sekisho/core/rules/tunnel.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Duplex } from 'node:stream';
import {
  STRANGER_TUNNEL_BYTES_MAX,
  STRANGER_TUNNEL_IDLE_MS,
  STRANGER_TUNNEL_LIFETIME_MS,
  STRANGER_TUNNELS_MAX,
  STRANGER_TUNNELS_PER_ADDRESS_MAX,
  TUNNEL_DIALS_MAX,
  TUNNEL_IDLE_MS,
  TUNNEL_SERVER_REST_MS,
  TUNNELS_MAX,
  TUNNELS_PER_HOST_MAX,
} from '../tunnel-limits.ts';
import type { TunnelRequest } from './read-tunnel-request.ts';
import { splice, type SpliceLimits } from './splice.ts';

/** Where tunnels may end, and how the way there is opened: the agent's business. */
export interface TunnelRoute {
  /** The management servers of the signed list; none while there is no list. */
  servers(): readonly TunnelServer[];
  /** A stream of our own to that server, for a client at this address. Rejects with the refusal. */
  open(server: TunnelServer, clientAddress: string, signal: AbortSignal): Promise<Duplex>;
}

/** Whose tunnel it is. */
export interface TunnelClient {
  /** Undefined: it showed no certificate. */
  readonly hostId: HostId | undefined;
  readonly address: string;
}

interface Tunnel {
  readonly client: TunnelClient;
  readonly server: TunnelServer;
  end: (why: string) => void;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
const STRANGER_LIMITS: SpliceLimits = {
  bytesMax: STRANGER_TUNNEL_BYTES_MAX,
  idleMs: STRANGER_TUNNEL_IDLE_MS,
  lifetimeMs: STRANGER_TUNNEL_LIFETIME_MS,
};

/**
 * The tunnels through this media server (T-60). A tunnel ends at a management server of the signed list and nowhere else; the client's
 * own TLS runs inside, so that nothing of it can be read here. Who showed no certificate is held short.
 */
export class Tunnels {
  readonly #route: TunnelRoute;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Oldest first; those whose way is still being opened too. */
  readonly #open = new Set<Tunnel>();
  readonly #failed = new Map<string, { untilMs: number; refusal: AppError }>();
  readonly #stopping = new AbortController();
  #dialling = 0;

  constructor(route: TunnelRoute, { clock, log }: { clock: Clock; log: Log }) {
    this.#route = route;
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a tunnel for a client that asked for it, and answers 200. Refusals, before anything was answered: TUNNEL_TARGET_REFUSED,
   * TUNNELS_TOO_MANY, TUNNEL_SERVER_UNREACHABLE, and what the management server refuses this media server.
   */
  async connect(stream: Duplex, request: TunnelRequest, client: TunnelClient): Promise<void> {
    const decision = decideTunnel(request.target, this.#route.servers());
    if (!decision.allow) throw new AppError(decision.code, decision.params);
    const { server } = decision;
    this.#makeRoom(client);
    const gone = new AbortController();
    const tunnel: Tunnel = {
      client,
      server,
      end: () => {
        gone.abort();
        stream.destroy();
      },
    };
    this.#open.add(tunnel);
    stream.once('close', () => {
      gone.abort();
    });
    stream.on('error', () => undefined);
    let far: Duplex;
    try {
      far = await this.#dial(server, client.address, AbortSignal.any([gone.signal, this.#stopping.signal]));
    } catch (error) {
      this.#open.delete(tunnel);
      throw error;
    }
    if (stream.destroyed || gone.signal.aborted || this.#stopping.signal.aborted) {
      this.#open.delete(tunnel);
      far.destroy();
      stream.destroy();
      return;
    }
    const { hostId, address } = client;
    this.#log.info({ hostId, address, server: server.address }, 'tunnel opened');
    stream.write(ESTABLISHED);
    if (request.head.byteLength > 0) far.write(request.head);
    tunnel.end = splice([stream, far], hostId === undefined ? STRANGER_LIMITS : { idleMs: TUNNEL_IDLE_MS }, {
      clock: this.#clock,
      onEnd: (why) => {
        this.#open.delete(tunnel);
        this.#log.info({ hostId, address, why }, 'tunnel ended');
      },
    });
  }

  /** The list changed: tunnels to servers that are not on it any more end; how many. */
  cutUnlisted(): number {
    const listed = this.#route.servers();
    let cut = 0;
    for (const { server, end } of [...this.#open]) {
      const { serverId, address, port } = server;
      if (listed.some((one) => one.serverId === serverId && one.address === address && one.port === port))
        continue;
      end('unlisted');
      cut += 1;
    }
    return cut;
  }

  /** Ends all; none is opened any more. */
  stop(): void {
    this.#stopping.abort();
    for (const { end } of [...this.#open]) end('stop');
  }

  /** Who is known is counted by host, who is not by address; strangers never use up what hosts have. */
  #makeRoom({ hostId, address }: TunnelClient): void {
    const strangers: Tunnel[] = [];
    let hosts = 0;
    let same = 0;
    for (const tunnel of this.#open) {
      const isSame =
        hostId === undefined
          ? tunnel.client.hostId === undefined && addressKey(tunnel.client.address) === addressKey(address)
          : tunnel.client.hostId === hostId;
      if (isSame) same += 1;
      if (tunnel.client.hostId === undefined) strangers.push(tunnel);
      else hosts += 1;
    }
    const limit = hostId === undefined ? STRANGER_TUNNELS_PER_ADDRESS_MAX : TUNNELS_PER_HOST_MAX;
    if (same >= limit) throw new AppError('TUNNELS_TOO_MANY', { limit });
    if (hostId !== undefined && hosts >= TUNNELS_MAX)
      throw new AppError('TUNNELS_TOO_MANY', { limit: TUNNELS_MAX });
    if (this.#dialling >= TUNNEL_DIALS_MAX)
      throw new AppError('TUNNELS_TOO_MANY', { limit: TUNNEL_DIALS_MAX });
    if (hostId === undefined && strangers.length >= STRANGER_TUNNELS_MAX) strangers[0]?.end('crowded out');
  }

  async #dial(server: TunnelServer, clientAddress: string, signal: AbortSignal): Promise<Duplex> {
    const key = tunnelTarget(server.address, server.port);
    const failed = this.#failed.get(key);
    if (failed !== undefined && this.#clock.monotonicMs() < failed.untilMs) throw failed.refusal;
    this.#dialling += 1;
    try {
      const far = await this.#route.open(server, clientAddress, signal);
      this.#failed.delete(key);
      return far;
    } catch (error) {
      if (error instanceof AppError && error.code === 'TUNNEL_SERVER_UNREACHABLE' && !signal.aborted)
        this.#failed.set(key, {
          untilMs: this.#clock.monotonicMs() + TUNNEL_SERVER_REST_MS,
          refusal: error,
        });
      throw error;
    } finally {
      this.#dialling -= 1;
    }
  }
}
