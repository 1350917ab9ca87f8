import { AppError } from '@sekisho/core/errors.ts';
import { ADMIN_BODY_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Problem } from '@sekisho/core/wire/route.ts';
import { makePrivateFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import type { DataFolder } from '../data-folder.ts';
import { isMissing } from '../settings.ts';
import {
  askPeer,
  getAgentStatus,
  heartbeatAgent,
  renewAgent,
  repairAgent,
  reportPackage,
  setAgentSettings,
  type AgentStatus,
} from './agent-status.ts';

const SOCKET_FILE = 'agent.sock';
/** Says where the socket is when its own place is too deep for the system. */
const SOCKET_PATH_FILE = 'socket-path';
/** sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included. */
const SOCKET_PATH_BYTES_MAX = 100;

export interface ControlActs {
  status(): AgentStatus;
  setSettings(settings: { allowCommands: boolean }): Promise<{ allowCommands: boolean }>;
  renew(): Promise<z.input<typeof renewAgent.reply>>;
  heartbeat(): Promise<{ lastContactMs: number | null }>;
  ask(target: { host: string; port: number }): Promise<z.input<typeof askPeer.reply>>;
  reportPackage(code: string): Promise<{ spooled: true }>;
  repair(wish: z.output<typeof repairAgent.body>): Promise<z.input<typeof repairAgent.reply>>;
}

/**
 * Listens on `run/agent.sock`, in a folder that only its owner can enter. Another agent that answers there already keeps it:
 * AGENT_ALREADY_RUNNING.
 */
export async function listenOnControlSocket(
  folder: DataFolder,
  /** Undefined while the agent starts. */
  acts: () => ControlActs | undefined,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  await makePrivateFolder(folder.run);
  await chmod(folder.run, 0o700);
  const pointer = join(folder.run, SOCKET_PATH_FILE);
  const before = await socketPathOf(folder);
  if (await answers(before)) throw new AppError('AGENT_ALREADY_RUNNING', { folder: folder.root });
  await rm(before, { force: true });
  await rm(pointer, { force: true });
  let path = join(folder.run, SOCKET_FILE);
  let shortFolder: string | undefined;
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    shortFolder = await mkdtemp(join(tmpdir(), 'sekisho-')); // mkdtemp makes it 0700
    path = join(shortFolder, SOCKET_FILE);
    await writeDurably(pointer, `${path}\n`);
  }
  const server = createServer((request, response) => {
    answer(acts(), request)
      .then((body) => {
        send(response, 200, body);
      })
      .catch((error: unknown) => {
        const refusal = error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error });
        if (refusal.code === 'INTERNAL') log.error({ err: error }, 'the control socket failed');
        send(response, refusal.status, problemOf(refusal), 'application/problem+json');
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await rm(path, { force: true });
      await rm(pointer, { force: true });
      if (shortFolder !== undefined) await rm(dirname(path), { recursive: true, force: true });
    },
  };
}

/** Where the control socket of a data folder is, whether somebody listens or not. */
export async function socketPathOf(folder: DataFolder): Promise<string> {
  try {
    const recorded = (await readFile(join(folder.run, SOCKET_PATH_FILE), 'utf8')).trim();
    if (recorded !== '') return recorded;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return join(folder.run, SOCKET_FILE);
}

/** Does a process listen on this socket? */
export const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

async function answer(acts: ControlActs | undefined, request: IncomingMessage): Promise<unknown> {
  if (acts === undefined) throw new AppError('SERVER_STOPPING');
  const body = await readBody(request);
  const asked = `${request.method ?? ''} ${request.url ?? ''}`;
  switch (asked) {
    case `${getAgentStatus.method} ${getAgentStatus.path}`:
      return acts.status();
    case `${setAgentSettings.method} ${setAgentSettings.path}`:
      return acts.setSettings(parse(setAgentSettings.body, body));
    case `${renewAgent.method} ${renewAgent.path}`:
      return acts.renew();
    case `${heartbeatAgent.method} ${heartbeatAgent.path}`:
      return acts.heartbeat();
    case `${askPeer.method} ${askPeer.path}`:
      return acts.ask(parse(askPeer.body, body));
    case `${reportPackage.method} ${reportPackage.path}`:
      return acts.reportPackage(parse(reportPackage.body, body).code);
    case `${repairAgent.method} ${repairAgent.path}`:
      return acts.repair(parse(repairAgent.body, body));
    default:
      throw new AppError('ROUTE_UNKNOWN');
  }
}

function parse<T>(schema: z.ZodType<T>, body: string): T {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch (error) {
    throw new AppError('BODY_INVALID', { detail: 'JSON' }, { cause: error });
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new AppError('BODY_INVALID', { detail: parsed.error.issues[0]?.message ?? '-' });
  return parsed.data;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = Buffer.from(part as Uint8Array);
    bytes += chunk.byteLength;
    if (bytes > ADMIN_BODY_BYTES_MAX)
      throw new AppError('BODY_TOO_LARGE', { limitBytes: ADMIN_BODY_BYTES_MAX });
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const problemOf = (refusal: AppError): Problem => ({
  type: 'about:blank',
  title: refusal.code,
  status: refusal.status,
  code: refusal.code,
  params: { ...refusal.params },
});
