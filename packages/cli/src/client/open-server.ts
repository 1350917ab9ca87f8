import { AppError } from '@sekisho/core/errors.ts';
import { createClient, refusalOf, type Caller, type Transport } from '@sekisho/core/wire/client.ts';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { z } from 'zod';
import type { Cli } from '../cli.ts';
import {
  codeOf,
  findSocket,
  SERVER_DAEMON,
  serverFolder,
  socketRefusal,
  type Daemon,
} from './data-folder.ts';
import type { RemoteWish } from './remote.ts';

/** A reply longer than this is not read further. */
export const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const REPLY_TIMEOUT_MS = 120_000;

/** Where a server is administered: over the Unix socket of this machine, or over HTTPS. */
export type ServerPlace =
  | { readonly kind: 'local'; readonly folder: string; readonly socketPath: string }
  | { readonly kind: 'remote'; readonly url: string };

/** A caller of the management server's routes. */
export interface ServerConnection {
  readonly call: Caller;
  readonly place: ServerPlace;
  /** Opens a reply that does not end (a stream of events). Refusals: those of the calls. */
  stream(path: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage>;
  close(): Promise<void>;
}

/**
 * Opens the administration of the server that was named with --server (or SEKISHO_SERVER), else of the one whose data folder
 * is on this machine. Over a Unix socket nothing is sent yet; over HTTPS the server's certificate has been checked.
 * Refusals: SERVER_NOT_INITIALISED, SERVER_SOCKET_FORBIDDEN, REMOTE_…; of each call also SERVER_NOT_RUNNING,
 * SERVER_CONNECTION_LOST, SERVER_REPLY_UNREADABLE and whatever the server refuses.
 */
export async function openServer(cli: Cli, data: string | undefined): Promise<ServerConnection> {
  if (cli.remote === undefined || (data !== undefined && !cli.remote.isFlag)) return openLocal(cli, data);
  if (data !== undefined) throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--server, --data' });
  return openRemote(cli, cli.remote);
}

/** Runs work with a connection that is closed afterwards, whatever happens. */
export async function withServer<Result>(
  cli: Cli,
  data: string | undefined,
  work: (connection: ServerConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await openServer(cli, data);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function openLocal(cli: Cli, data: string | undefined): Promise<ServerConnection> {
  const folder = serverFolder(cli, data);
  const socketPath = await findSocket(cli, folder, SERVER_DAEMON);
  const http = socketHttp(cli, folder, socketPath, SERVER_DAEMON);
  return connectionOf(cli, http, { kind: 'local', folder, socketPath }, async () => undefined);
}

async function openRemote(cli: Cli, wish: RemoteWish): Promise<ServerConnection> {
  // loaded only where it is needed: most commands are for the server of this machine
  const { readRemote } = await import('./remote.ts');
  const { connectRemote } = await import('./remote-connection.ts');
  const remote = await readRemote(cli, wish);
  const { options, failure, close } = await connectRemote(cli, remote);
  const http: Http = { options, failure: async (error) => failure(error) };
  return connectionOf(cli, http, { kind: 'remote', url: remote.shown }, close);
}

function connectionOf(
  cli: Cli,
  http: Http,
  place: ServerPlace,
  close: () => Promise<void>,
): ServerConnection {
  const call = createClient(transportOf(http), {
    newIdempotencyKey: () => cli.io.random.uuid(),
    wait: (delayMs) => cli.io.clock.sleep(delayMs),
    isLost: (error) => error instanceof AppError && error.code === 'SERVER_CONNECTION_LOST',
  });
  return {
    place,
    close,
    stream: (path, headers) => openStream(http, path, headers),
    call: async (route, input) => {
      try {
        return await call(route, input);
      } catch (error) {
        if (error instanceof z.ZodError) {
          const first = error.issues[0];
          const detail = `${route.path}: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}`;
          throw new AppError('SERVER_REPLY_UNREADABLE', { detail }, { cause: error });
        }
        throw error;
      }
    },
  };
}

/** How requests get to the other side, and what a failure on the way means. */
interface Http {
  readonly options: RequestOptions;
  readonly failure: (error: unknown) => Promise<AppError>;
}

/** HTTP over a Unix socket, with failures in words. */
export function socketTransport(
  cli: Cli,
  folder: string,
  socketPath: string,
  daemon: Daemon,
): { transport: Transport; close: () => Promise<void> } {
  return {
    transport: transportOf(socketHttp(cli, folder, socketPath, daemon)),
    close: async () => undefined,
  };
}

const socketHttp = (cli: Cli, folder: string, socketPath: string, daemon: Daemon): Http => ({
  options: { socketPath, agent: false, timeout: REPLY_TIMEOUT_MS, headers: { host: 'localhost' } },
  failure: async (error) => {
    const code = codeOf(error);
    if (code !== undefined && ['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTSOCK'].includes(code))
      return socketRefusal(cli, folder, daemon, error, daemon.notRunning);
    return new AppError('SERVER_CONNECTION_LOST', { reason: code ?? 'unknown' }, { cause: error });
  },
});

const transportOf =
  (http: Http): Transport =>
  async ({ method, path, body, headers }) => {
    try {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await send(http, { method, path, headers: { ...headers, ...type }, body });
      return { status: response.statusCode ?? 0, headers: response.headers, body: await textOf(response) };
    } catch (error) {
      throw error instanceof AppError ? error : await http.failure(error);
    }
  };

async function openStream(
  http: Http,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  try {
    const response = await send(http, { method: 'GET', path, headers, body: undefined });
    const { statusCode = 0 } = response;
    if (statusCode === 200) return response;
    throw refusalOf(statusCode, parseJson(await textOf(response)));
  } catch (error) {
    throw error instanceof AppError ? error : await http.failure(error);
  }
}

function send(
  http: Http,
  asked: {
    method: string;
    path: string;
    headers: Readonly<Record<string, string>>;
    body: string | undefined;
  },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, path, body } = asked;
    const length: Record<string, number> =
      body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const headers = { ...http.options.headers, ...asked.headers, ...length };
    const sent = request({ ...http.options, method, path, headers }, resolve);
    sent.once('error', reject);
    sent.once('timeout', () => {
      sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    });
    sent.end(body);
  });
}

function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > REPLY_BYTES_MAX) response.destroy(new Error('the reply is too long'));
      else chunks.push(chunk);
    });
    response.once('error', reject);
    response.once('aborted', () => {
      reject(Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' }));
    });
    response.once('end', () => {
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
