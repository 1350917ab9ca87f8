import { AppError, isErrorCode } from '@sekisho/core/errors.ts';
import type { RepositoryName } from '@sekisho/core/ids.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { listen } from '@sekisho/platform/ports.ts';
import { releaseBytes } from '@sekisho/platform/release-bytes.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { refusalOf, sendRequest, describeNetworkError } from '../net/http-request.ts';
import type { MediaConnection } from './media-connection.ts';
import { streamBody } from './stream-body.ts';

/** While nothing at all gets through for so long, the run is given up rather than retried by restic for ever. */
export const MEDIA_UNREACHABLE_MAX_MS = 3 * 60_000;
/** Nothing moves on a request for so long: it is cut, and restic tries again. */
const REQUEST_IDLE_MAX_MS = 5 * 60_000;
/** Of an answer with an error, so much is looked at to say later why a run failed. */
const PROBLEM_BYTES_MAX = 8 * 1024;
const PROXY_CONNECTIONS_MAX = 64;

/** The loopback listener through which one restic run reaches one repository (P-11). */
export interface ResticProxy {
  /** `rest:http://user:password@127.0.0.1:port/repository/`: for the environment, never for a command line. */
  readonly repositoryUrl: Secret;
  /** The last refusal that explains why restic failed. */
  readonly refusal: AppError | undefined;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Does the repository exist? Refusals: PEER_…, MEDIA_SERVER_UNREACHABLE and the media server's own. */
  hasRepository(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Starts it on 127.0.0.1 with credentials of its own, for exactly one repository. Bodies stream both ways with back pressure;
 * each upstream connection passed every peer check. `onGiveUp` is called once when trying on is pointless: a check of the
 * peer failed, or the media server stayed away too long.
 */
export async function startResticProxy(options: {
  repository: RepositoryName;
  media: MediaConnection;
  onGiveUp: (refusal: AppError) => void;
  unreachableMaxMs?: number;
  clock: Clock;
  random: Random;
  log: Log;
}): Promise<ResticProxy> {
  const { repository, media, clock, random, log } = options;
  const unreachableMaxMs = options.unreachableMaxMs ?? MEDIA_UNREACHABLE_MAX_MS;
  const user = Buffer.from(random.bytes(12)).toString('hex');
  const password = Buffer.from(random.bytes(32)).toString('hex');
  const expected = digest(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  const prefix = `/${repository}/`;
  let refusal: AppError | undefined;
  let gaveUp = false;
  let unreachableSinceMs: number | undefined;
  let bytesUp = 0;
  let bytesDown = 0;

  function noteRefusal(error: AppError): void {
    refusal = error;
    if (error.code === 'MEDIA_SERVER_UNREACHABLE') {
      unreachableSinceMs ??= clock.monotonicMs();
      if (clock.monotonicMs() - unreachableSinceMs < unreachableMaxMs) return;
    } else if (!/^(PEER_|LEGACY_|INSECURE_)/.test(error.code)) return;
    if (gaveUp) return;
    gaveUp = true;
    options.onGiveUp(error);
  }

  function handle(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      answer(response, 401, { 'www-authenticate': 'Basic realm="sekisho"' });
      return;
    }
    const path = request.url ?? '';
    if (!isInside(path, prefix)) {
      answer(response, 403, {});
      return;
    }
    const upstream = httpRequest({
      agent: media.agent,
      host: media.endpoint.address,
      port: media.endpoint.port,
      method: request.method,
      path,
      headers: forwarded(request.headers),
    });
    upstream.setTimeout(REQUEST_IDLE_MAX_MS, () => upstream.destroy(new Error('nothing moved for too long')));
    // HTTP's own listener, which copies what it needs, comes first; ours goes before another request gets the socket
    upstream.once('socket', (socket) => {
      socket.on('data', releaseBytes);
      upstream.once('close', () => socket.off('data', releaseBytes));
    });
    let stopBody: () => void = () => undefined;
    const sendBody = (): void => {
      stopBody = streamBody(request, upstream, (piece) => {
        bytesUp += piece.byteLength;
      });
    };
    if (expectsContinue) {
      upstream.once('continue', () => {
        response.writeContinue();
        sendBody();
      });
      upstream.flushHeaders();
    } else sendBody();
    connectFailures(request, response, upstream, () => {
      stopBody();
    });
    upstream.once('response', (reply) => {
      unreachableSinceMs = undefined;
      if (refusal?.code === 'MEDIA_SERVER_UNREACHABLE') refusal = undefined;
      passBack(reply, response);
    });
  }

  /** What breaks on one side ends the other; restic hears 502 when it can still be told. */
  function connectFailures(
    request: IncomingMessage,
    response: ServerResponse,
    upstream: ClientRequest,
    stopBody: () => void,
  ): void {
    /** restic went away: that the upload breaks off then is no fault of the media server. */
    let isLeft = false;
    const leave = (): void => {
      isLeft = true;
      upstream.destroy();
    };
    response.once('close', () => {
      if (!response.writableFinished) leave();
    });
    request.on('error', leave);
    upstream.on('error', (error) => {
      stopBody();
      if (isLeft) return;
      const reason =
        error instanceof AppError
          ? error
          : new AppError(
              'MEDIA_SERVER_UNREACHABLE',
              { name: media.target.name, detail: describeNetworkError(error) },
              { cause: error },
            );
      log.warn({ err: reason, repository }, 'a request to the media server failed');
      noteRefusal(reason);
      if (response.headersSent) response.destroy();
      else answer(response, reason.code.startsWith('PEER_') ? 403 : 502, {});
    });
  }

  function passBack(reply: IncomingMessage, response: ServerResponse): void {
    const status = reply.statusCode ?? 502;
    response.writeHead(status, forwarded(reply.headers));
    if (status >= 400 && status !== 404) watchProblem(reply);
    reply.on('error', () => response.destroy());
    // TLS hands out pieces of 16 KiB, several at once: they leave together
    let corked = false;
    streamBody(reply, response, (piece) => {
      bytesDown += piece.byteLength;
      if (corked) return;
      corked = true;
      response.cork();
      setImmediate(() => {
        corked = false;
        response.uncork();
      });
    });
  }

  function watchProblem(reply: IncomingMessage): void {
    const parts: Buffer[] = [];
    let bytes = 0;
    reply.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= PROBLEM_BYTES_MAX) parts.push(Buffer.from(part)); // what is passed on is released
    });
    reply.once('end', () => {
      const found = problemIn(Buffer.concat(parts));
      if (found !== undefined) noteRefusal(found);
    });
  }

  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: 0 }, (request, response) => {
    handle(request, response, false);
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response, true);
  });
  server.maxConnections = PROXY_CONNECTIONS_MAX;
  const port = await listen(server, { host: '127.0.0.1', port: 0, flag: '-' });

  return {
    repositoryUrl: new Secret(`rest:http://${user}:${password}@127.0.0.1:${port}${prefix}`),
    get refusal() {
      return refusal;
    },
    get bytesUp() {
      return bytesUp;
    },
    get bytesDown() {
      return bytesDown;
    },
    async hasRepository() {
      const name = media.target.name;
      const reply = await sendRequest(
        { host: media.endpoint.address, port: media.endpoint.port, agent: media.agent },
        // GET, as a refusal has a body that says why.
        { method: 'GET', path: `${prefix}config`, replyBytesMax: 64 * 1024 },
      ).catch((error: unknown) => {
        if (error instanceof AppError) throw error;
        const detail = describeNetworkError(error);
        throw new AppError('MEDIA_SERVER_UNREACHABLE', { name, detail }, { cause: error });
      });
      if (reply.status === 200) return true;
      if (reply.status === 404) return false;
      throw refusalOf(name, reply);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The repository's own folder, and nothing that climbs out of it. */
const isInside = (path: string, prefix: string): boolean =>
  path.startsWith(prefix) && /^[A-Za-z0-9/.?=&_-]*$/.test(path) && !path.includes('..');

/** Headers that belong to one connection, or to our own credentials. @source RFC 9110 §7.6.1 */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !NOT_FORWARDED.has(name)) kept[name] = value;
  return kept;
}

function answer(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
  response.writeHead(status, { ...headers, 'content-length': 0, connection: 'close' });
  response.end();
}

function problemIn(body: Buffer): AppError | undefined {
  try {
    const parsed = problem.parse(JSON.parse(body.toString('utf8')));
    return isErrorCode(parsed.code) ? new AppError(parsed.code, parsed.params) : undefined;
  } catch {
    return undefined;
  }
}
