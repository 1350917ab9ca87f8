import { addressKey } from '@sekisho/core/address-key.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import {
  HEADER_BYTES_MAX,
  LEGACY_ANSWER_SECONDS,
  LEGACY_KEY_LENGTH_MAX,
  NAME_LENGTH_MAX,
} from '@sekisho/core/limits.ts';
import { decideLegacyAccess } from '@sekisho/core/rules/legacy.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { listen } from '@sekisho/platform/ports.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  HEADERS_COUNT_MAX,
  HEADERS_MAX_MS,
  KEEP_ALIVE_MS,
  LEGACY_CONNECTIONS_MAX,
  LEGACY_CONNECTIONS_PER_ADDRESS_MAX,
  SOCKET_IDLE_MAX_MS,
} from '../limits.ts';
import type { MediaStore } from '../store/media-store.ts';
import type { HostLimits } from './host-limits.ts';
import { parseTarget, type Target } from './parse-target.ts';
import { sendProblem, toAppError } from './send-problem.ts';
import { serveRepository } from './serve-repository.ts';

/** Who wants in without a certificate. */
export interface LegacyCaller {
  readonly name: string;
  readonly key: Secret;
  readonly address: string;
}

/** What the management server said of a caller that may come in. */
export interface LegacyGuest {
  readonly hostId: HostId;
  /** Its repositories here, and until when it may read what it backed up. */
  readonly repositories: readonly {
    readonly repository: RepositoryName;
    readonly readUntilMs: number | null;
  }[];
}

/** Asked for each request, and again and again while a connection lives; rejects with the refusal. */
export type AdmitLegacy = (caller: LegacyCaller) => Promise<LegacyGuest>;

/** The plain listener for legacy hosts (T-50). */
export interface PlainListener {
  readonly port: number;
  /** Something was decided anew: connections that may not go on are cut. */
  checkAgain(): Promise<void>;
  /** Cuts every connection and ends (T-51). */
  stop(): Promise<void>;
}

/**
 * Serves repositories to hosts without a certificate: each appends to its own, and reads what a backup needs. The caller's name and key
 * cross in clear; whoever listens gets no further than that host.
 */
export async function listenForLegacy(options: {
  store: MediaStore;
  limits: HostLimits;
  listen: { readonly host: string; readonly port: number };
  admit: AdmitLegacy;
}): Promise<PlainListener> {
  const { store, limits, admit } = options;
  const callers = new Map<Socket, LegacyCaller | undefined>();
  const answers = new Set<Promise<void>>();
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_MAX_MS,
      requestTimeout: 0, // a large upload may take hours; a silent one ends by SOCKET_IDLE_MAX_MS
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    (request, response) => {
      const answering = answer(request, response)
        .catch((error: unknown) => {
          store.log.error({ error }, 'request failed');
          response.destroy();
        })
        .finally(() => answers.delete(answering));
      answers.add(answering);
    },
  );
  server.maxHeadersCount = HEADERS_COUNT_MAX;
  server.maxConnections = LEGACY_CONNECTIONS_MAX;
  server.setTimeout(SOCKET_IDLE_MAX_MS);
  server.on('connection', (socket: Socket) => {
    const address = addressKey(socket.remoteAddress);
    const same = [...callers.keys()].filter((other) => addressKey(other.remoteAddress) === address);
    if (same.length >= LEGACY_CONNECTIONS_PER_ADDRESS_MAX) {
      // who was let in keeps its connection, whoever else is behind the same address
      const oldest = same.find((other) => callers.get(other) === undefined);
      if (oldest === undefined) {
        socket.destroy();
        return;
      }
      callers.delete(oldest);
      oldest.destroy();
    }
    callers.set(socket, undefined);
    socket.once('close', () => callers.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined); // the peer went away
    let leave: () => void;
    let target: Target;
    try {
      const caller = callerOf(request);
      const guest = await admit(caller);
      callers.set(request.socket, caller);
      target = parseTarget(request.url ?? '');
      requireAccess(request.method ?? '', target, guest, store.clock.nowMs());
      leave = limits.enter(guest.hostId, request.method === 'POST');
    } catch (error) {
      const refusal = toAppError(error);
      const remote = request.socket.remoteAddress;
      store.log.warn({ code: refusal.code, url: request.url, remote }, 'legacy host refused');
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

  async function checkAgain(): Promise<void> {
    await Promise.all(
      [...callers].map(async ([socket, caller]) => {
        if (caller === undefined) return;
        try {
          await admit(caller);
        } catch (error) {
          store.log.warn({ code: toAppError(error).code, remote: caller.address }, 'legacy host cut');
          socket.destroy();
        }
      }),
    );
  }

  let cancel: () => void = () => undefined;
  const round = (): void => {
    cancel = store.clock.timer(LEGACY_ANSWER_SECONDS * SECOND_MS, () => {
      void checkAgain().finally(() => {
        if (server.listening) round();
      });
    });
  };
  const port = await listen(server, { ...options.listen, flag: '--legacy-port' });
  round();
  return {
    port,
    checkAgain,
    async stop() {
      cancel();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(answers);
    },
  };
}

/** T-50 Its own repository, to append; what it backed up only with a grant. */
function requireAccess(method: string, target: Target, guest: LegacyGuest, nowMs: number): void {
  const own = guest.repositories.find(({ repository }) => repository === target.repository);
  if (own === undefined) throw new AppError('REPOSITORY_OTHER_HOST', { repository: target.repository });
  const decision = decideLegacyAccess({
    method,
    object:
      target.kind === 'repository' ? 'repository' : target.kind === 'list' ? target.type : target.object.type,
    list: target.kind === 'list',
    grantUntilMs: own.readUntilMs,
    nowMs,
  });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
}

/** Name and key as HTTP Basic. @source RFC 7617 §2 */
function callerOf(request: IncomingMessage): LegacyCaller {
  const [, packed = ''] =
    /^Basic +([A-Za-z0-9+/=]{1,800}) *$/i.exec(request.headers.authorization ?? '') ?? [];
  const text = Buffer.from(packed, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon));
  const key = text.slice(colon + 1);
  if (colon < 1 || name.length > NAME_LENGTH_MAX || key.length > LEGACY_KEY_LENGTH_MAX)
    throw new AppError('LEGACY_KEY_REFUSED');
  return { name, key: new Secret(key), address: addressOf(request.socket) };
}

const addressOf = (socket: Socket): string =>
  canonicalIp(socket.remoteAddress?.split('%')[0] ?? '') ?? 'unknown';
