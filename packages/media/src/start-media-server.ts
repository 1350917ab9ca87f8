import { AppError } from '@sekisho/core/errors.ts';
import { repositoryOwner, type HostId, type RepositoryName } from '@sekisho/core/ids.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { listen } from '@sekisho/platform/ports.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { HostLimits } from './http/host-limits.ts';
import { parseTarget } from './http/parse-target.ts';
import { Readers } from './http/readers.ts';
import { listenForLegacy, type AdmitLegacy, type PlainListener } from './http/plain-listener.ts';
import { PeerConnections, type Authorize, type Confirm } from './http/peer-connections.ts';
import { sendProblem, toAppError } from './http/send-problem.ts';
import { serveRepository } from './http/serve-repository.ts';
import { TlsListener, type TlsMaterial, type TunnelDoor } from './http/tls-listener.ts';
import { TRASH_SWEEP_MS } from './limits.ts';
import {
  MaintenanceRunner,
  type MaintenanceRequest,
  type MaintenanceResult,
} from './maintenance/maintain.ts';
import type { MediaEvent } from './media-event.ts';
import { tunnelHeadersFit } from './tunnel/read-tunnel-request.ts';
import { Tunnels, type TunnelRoute } from './tunnel/tunnels.ts';
import { MediaStore } from './store/media-store.ts';
import { scrub, type ScrubResult } from './store/scrub.ts';
import type { MeasureSpace } from './store/space-watch.ts';
import { recoverFromTrash, sweepTrash } from './store/trash.ts';

export interface MediaServerOptions {
  /** Everything is kept below this folder; one process at a time. */
  readonly folder: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsMaterial;
  /** Asked once for each connection and again for each request; throws the AppError that names the failed check. */
  readonly authorize: Authorize;
  /** T-31: asked once for each connection that is authorized. Left out where no management server is. */
  readonly confirm?: Confirm | undefined;
  /** T-60: how hosts in a DMZ reach the management server through this one. Left out: there are no tunnels. */
  readonly tunnel?: TunnelRoute | undefined;
  /** P-14: may this host read that repository of another now? Asked for each request; nobody may when left out. */
  readonly mayRead?: ((hostId: HostId, repository: RepositoryName) => boolean) | undefined;
  /** Bytes that one host may keep here; null is no limit. */
  readonly quotaBytesPerHost: () => number | null;
  /** Resolves when the event is durable. A snapshot's event may come again after a restart. */
  readonly onEvent: (event: MediaEvent) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Environment in which restic is looked for (PATH, SEKISHO_RESTIC). */
  readonly env?: NodeJS.ProcessEnv;
  readonly measureSpace?: MeasureSpace;
}

export interface MediaServer {
  readonly port: number;
  /** New connections use the new certificate; live ones go on. */
  replaceTls(tls: TlsMaterial): void;
  /** Destroys every connection of a host; how many there were. */
  cut(hostId: HostId): number;
  /** After a new CRL: destroys every live connection that is refused now; how many. */
  cutUnauthorized(): number;
  /** The list of management servers changed: tunnels to those that left it end; how many. */
  cutUnlistedTunnels(): number;
  /** It was decided anew who goes by names: cuts live connections of hosts that may not go on; how many. */
  confirmAgain(concerned: (leaf: Certificate) => boolean): Promise<number>;
  /** Cuts answers that read a repository of another host without being granted any more; how many. */
  cutUngranted(): number;
  /** Listens for hosts without a certificate, too (T-50). One at a time; it ends with the media server. */
  listenForLegacy(options: {
    listen: { readonly host: string; readonly port: number };
    admit: AdmitLegacy;
  }): Promise<PlainListener>;
  /** Has this host a repository here? */
  holdsRepositoryOf(hostId: HostId): boolean;
  /** Forget, prune and check one repository (P-02). */
  maintain(request: MaintenanceRequest): Promise<MaintenanceResult>;
  /** From now on the repository can only be read. A maintenance that runs there is stopped. */
  seal(repository: RepositoryName): Promise<void>;
  /** Puts back what maintenance removed since then, while the trash has it (TRASH_KEEP_MS). */
  recoverFromTrash(
    repository: RepositoryName,
    sinceMs: number,
  ): Promise<{ objects: number; snapshots: number }>;
  /** Compares every object with its name; needs no key. */
  scrub(repository: RepositoryName, signal?: AbortSignal): Promise<ScrubResult>;
  stop(): Promise<void>;
}

/**
 * Serves repositories over restic's REST protocol, version 2, and mutual TLS (P-01): each host reaches its own repositories
 * alone, and appends (P-02); what it was granted of another's it reads (P-14).
 */
export async function startMediaServer(options: MediaServerOptions): Promise<MediaServer> {
  const { clock, random, log } = options;
  const store = await MediaStore.open(options);
  const maintenance = new MaintenanceRunner(store, options.env ?? process.env);
  const peers = new PeerConnections(options.authorize, options.confirm, log);
  const limits = new HostLimits();
  const readers = new Readers(options.mayRead);
  const tunnels = options.tunnel === undefined ? undefined : new Tunnels(options.tunnel, { clock, log });
  /** What is being answered: the store is closed after the last of it. */
  const answers = new Set<Promise<void>>();
  const listener = new TlsListener(
    options.tls,
    (request, response) => {
      const answering = answer({ store, peers, limits, readers }, request, response)
        .catch((error: unknown) => {
          log.error({ error }, 'request failed');
          response.destroy();
        })
        .finally(() => answers.delete(answering));
      answers.add(answering);
    },
    {
      clock,
      random,
      log,
      admit: (socket) => peers.admit(socket),
      tunnels: tunnels === undefined ? undefined : tunnelDoor(tunnels, peers),
    },
  );
  const stopSweeping = startSweeping(store);
  let plain: PlainListener | undefined;
  let port: number;
  try {
    port = await listen(listener.server, { ...options.listen, flag: '--media-port' });
  } catch (error) {
    stopSweeping();
    await store.close();
    throw error;
  }
  return {
    port,
    replaceTls: (tls) => listener.replaceTls(tls),
    cut: (hostId) => {
      listener.changeTicketKeys();
      return peers.cut(hostId);
    },
    cutUnauthorized: () => {
      listener.changeTicketKeys();
      return peers.cutUnauthorized();
    },
    cutUnlistedTunnels: () => tunnels?.cutUnlisted() ?? 0,
    confirmAgain: (concerned) => peers.confirmAgain(concerned),
    cutUngranted: () => readers.cutUngranted(),
    listenForLegacy: async (wish) => {
      await plain?.stop();
      plain = await listenForLegacy({ store, limits, ...wish });
      return plain;
    },
    holdsRepositoryOf: (hostId) => store.names().some((name) => repositoryOwner(name) === hostId),
    maintain: (request) => maintenance.maintain(request),
    seal: async (name) => {
      const repository = await store.create(name); // also one that has no data yet: its host must not begin it
      maintenance.stopOn(name);
      if (repository.sealed) return;
      await repository.seal(clock.nowMs());
      store.tell('repository-sealed', { repository: name });
    },
    recoverFromTrash: async (name, sinceMs) => recoverFromTrash(await store.get(name), sinceMs, clock),
    scrub: async (name, signal) => scrub(await store.get(name), signal),
    stop: async () => {
      stopSweeping();
      await plain?.stop();
      const closed = new Promise((resolve) => listener.server.close(resolve));
      tunnels?.stop();
      peers.cutAll();
      listener.cutUnauthenticated();
      listener.server.closeAllConnections();
      await maintenance.stop();
      await closed;
      await Promise.all(answers);
      await store.close();
    },
  };
}

/** T-60 A tunnel is opened for whoever asks, within limits; who showed a certificate is judged by it, like for any request. */
function tunnelDoor(tunnels: Tunnels, peers: PeerConnections): TunnelDoor {
  const addressOf = (socket: TLSSocket): string =>
    canonicalIp(socket.remoteAddress?.split('%')[0] ?? '') ?? '';
  return {
    ofStranger: (socket, request) =>
      tunnels.connect(socket, request, { hostId: undefined, address: addressOf(socket) }),
    ofHost: async (socket, request, head) => {
      const hostId = peers.authorizeAgain(socket);
      if (request.headers.host === undefined || !tunnelHeadersFit(Object.keys(request.headers)))
        throw new AppError('TUNNEL_REQUEST_INVALID');
      await tunnels.connect(
        socket,
        { target: request.url ?? '', head },
        { hostId, address: addressOf(socket) },
      );
    },
  };
}

/** Identity from the TLS peer, asked again; then the address; then the table. */
async function answer(
  {
    store,
    peers,
    limits,
    readers,
  }: { store: MediaStore; peers: PeerConnections; limits: HostLimits; readers: Readers },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => undefined); // the peer went away
  let leave: () => void;
  let target;
  try {
    if (!(request.socket instanceof TLSSocket)) throw new AppError('PEER_CERTIFICATE_MISSING');
    const hostId = peers.authorizeAgain(request.socket);
    const isWhole =
      request.httpVersion === '1.0' || (request.httpVersion === '1.1' && request.headers.host !== undefined);
    if (!isWhole) throw new AppError('REQUEST_MALFORMED'); // RFC 9112 §3.2
    target = parseTarget(request.url ?? '');
    if (repositoryOwner(target.repository) !== hostId)
      readers.enter({ hostId, repository: target.repository }, request, response);
    const leaveLimits = limits.enter(hostId, request.method === 'POST');
    const end = peers.begin(request.socket);
    leave = () => {
      end();
      leaveLimits();
    };
  } catch (error) {
    const refusal = toAppError(error);
    store.log.warn({ code: refusal.code, url: request.url, remote: request.socket.remoteAddress }, 'refused');
    response.setHeader('Connection', 'close');
    sendProblem(request, response, refusal);
    return;
  }
  try {
    await serveRepository({ store, request, response, caller: { kind: 'client' } }, target);
  } finally {
    leave();
  }
}

/** Sweeps the trash now and regularly; the result stops that. */
function startSweeping(store: MediaStore): () => void {
  let cancel: () => void = () => undefined;
  let running = false;
  const sweep = async (): Promise<void> => {
    for (const name of store.names())
      try {
        await sweepTrash(await store.get(name), store.clock.nowMs());
      } catch (error) {
        store.log.error({ error, repository: name }, 'trash could not be swept');
      }
  };
  const round = (): void => {
    cancel = store.clock.timer(TRASH_SWEEP_MS, round);
    if (running) return;
    running = true;
    sweep()
      .catch((error: unknown) => {
        store.log.error({ error }, 'trash could not be swept');
      })
      .finally(() => {
        running = false;
      });
  };
  round();
  return () => {
    cancel();
  };
}
