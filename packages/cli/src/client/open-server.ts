import { AppError } from '@sekisho/core/errors.ts';
import { createClient, type Caller, type Transport } from '@sekisho/core/wire/client.ts';
import { Agent, request } from 'undici';
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

/** A reply longer than this is not read further. */
export const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const REPLY_TIMEOUT_MS = 120_000;

/** A caller of the management server's routes over its Unix socket. */
export interface ServerConnection {
  readonly call: Caller;
  readonly folder: string;
  readonly socketPath: string;
  close(): Promise<void>;
}

/**
 * Opens the administration of the management server whose data folder is named. Nothing is sent yet.
 * Refusals: SERVER_NOT_INITIALISED, SERVER_SOCKET_FORBIDDEN; of each call also SERVER_NOT_RUNNING, SERVER_CONNECTION_LOST,
 * SERVER_REPLY_UNREADABLE and whatever the server refuses.
 */
export async function openServer(cli: Cli, data: string | undefined): Promise<ServerConnection> {
  const folder = serverFolder(cli, data);
  const socketPath = await findSocket(cli, folder, SERVER_DAEMON);
  const { transport, close } = socketTransport(cli, folder, socketPath, SERVER_DAEMON);
  const call = createClient(transport);
  return {
    folder,
    socketPath,
    close,
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

/** HTTP over a Unix socket, with failures in words. */
export function socketTransport(
  cli: Cli,
  folder: string,
  socketPath: string,
  daemon: Daemon,
): { transport: Transport; close: () => Promise<void> } {
  const agent = new Agent({
    connect: { socketPath, timeout: 5_000 },
    headersTimeout: REPLY_TIMEOUT_MS,
    bodyTimeout: REPLY_TIMEOUT_MS,
    maxResponseSize: REPLY_BYTES_MAX,
    connections: 4,
  });
  const transport: Transport = async ({ method, path, body }) => {
    try {
      const response = await request(`http://localhost${path}`, {
        method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).parse(method),
        dispatcher: agent,
        headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.statusCode, body: await response.body.text() };
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && ['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTSOCK'].includes(code)) {
        throw await socketRefusal(cli, folder, daemon, error, daemon.notRunning);
      }
      throw new AppError('SERVER_CONNECTION_LOST', { reason: code ?? 'unknown' }, { cause: error });
    }
  };
  return { transport, close: () => agent.destroy() };
}
