import { AppError } from '@sekisho/core/errors.ts';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Cli } from '../cli.ts';
import { text, type Flag } from '../flag.ts';
import { quoteCommand, quoteWord } from '../output/shell-quote.ts';

export const SERVER_FOLDER_DEFAULT = '/var/lib/sekisho/server';
export const AGENT_FOLDER_DEFAULT = '/var/lib/sekisho/agent';

/** The flag of administrative commands; see `serverFolder` for its default. */
export const serverData: Flag<string | undefined> = {
  ...text('--data <dir>'),
  defaultText: `$SEKISHO_DATA, ${SERVER_FOLDER_DEFAULT}`,
};
export const agentData: Flag<string | undefined> = {
  ...text('--data <dir>'),
  defaultText: AGENT_FOLDER_DEFAULT,
};

/** The management server's data folder: the flag, else SEKISHO_DATA, else the system's. Absolute. */
export function serverFolder(cli: Cli, data: string | undefined): string {
  const fromEnvironment = cli.io.env['SEKISHO_DATA'];
  const chosen = data ?? (fromEnvironment === '' ? undefined : fromEnvironment) ?? SERVER_FOLDER_DEFAULT;
  return resolve(cli.io.cwd, chosen);
}

/** The agent's data folder, absolute. */
export const agentFolder = (cli: Cli, data: string | undefined): string =>
  resolve(cli.io.cwd, data ?? AGENT_FOLDER_DEFAULT);

/** What a program that owns a data folder is, for refusals. */
export interface Daemon {
  /** File whose presence says that the folder was initialised. */
  readonly marker: string;
  readonly socket: string;
  readonly notInitialized: 'SERVER_NOT_INITIALISED' | 'AGENT_NOT_SET_UP';
  readonly notRunning: 'SERVER_NOT_RUNNING' | 'AGENT_NOT_RUNNING';
  readonly forbidden: 'SERVER_SOCKET_FORBIDDEN' | 'AGENT_SOCKET_FORBIDDEN';
}

export const AGENT_DAEMON: Daemon = {
  marker: 'agent.json',
  socket: 'agent.sock',
  notInitialized: 'AGENT_NOT_SET_UP',
  notRunning: 'AGENT_NOT_RUNNING',
  forbidden: 'AGENT_SOCKET_FORBIDDEN',
};

export const SERVER_DAEMON: Daemon = {
  marker: 'server.json',
  socket: 'admin.sock',
  notInitialized: 'SERVER_NOT_INITIALISED',
  notRunning: 'SERVER_NOT_RUNNING',
  forbidden: 'SERVER_SOCKET_FORBIDDEN',
};

/** The control socket of a data folder: a path too long for a socket is replaced by the one its record names. */
export async function findSocket(cli: Cli, folder: string, daemon: Daemon): Promise<string> {
  try {
    await stat(join(folder, daemon.marker));
  } catch (error) {
    throw await socketRefusal(cli, folder, daemon, error, daemon.notInitialized);
  }
  try {
    const recorded = (await readFile(join(folder, 'run', 'socket-path'), 'utf8')).trim();
    if (recorded !== '') return recorded;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw await socketRefusal(cli, folder, daemon, error, daemon.notRunning);
  }
  return join(folder, 'run', daemon.socket);
}

/** Turns a failure to reach a socket (or its folder) into words. */
export async function socketRefusal(
  cli: Cli,
  folder: string,
  daemon: Daemon,
  cause: unknown,
  otherwise: AppError['code'],
): Promise<AppError> {
  const code = codeOf(cause);
  if (code === 'EACCES' || code === 'EPERM') {
    const owner = await ownerOf(folder);
    const command = quoteCommand(['sekisho', ...cli.argv]);
    return new AppError(daemon.forbidden, { folder: quoteWord(folder), owner, command }, { cause });
  }
  return new AppError(otherwise, { folder: quoteWord(folder) }, { cause });
}

/** The error code of a system call, through undici's and Node's wrappers. */
export function codeOf(error: unknown): string | undefined {
  const parsed = z.object({ code: z.string() }).safeParse(error);
  if (parsed.success && !parsed.data.code.startsWith('UND_')) return parsed.data.code;
  const wrapped = z.object({ cause: z.unknown() }).safeParse(error);
  if (wrapped.success && wrapped.data.cause !== undefined) return codeOf(wrapped.data.cause);
  return parsed.success ? parsed.data.code : undefined;
}

/** Name of the user who owns a folder; its number when the name cannot be known, `root` when nothing can. */
async function ownerOf(folder: string): Promise<string> {
  const facts = await stat(folder).catch(() => undefined);
  if (facts === undefined || facts.uid === 0) return 'root';
  if (facts.uid === userInfo().uid) return userInfo().username;
  return (await userName(facts.uid)) ?? `'#${facts.uid}'`;
}

async function userName(uid: number): Promise<string | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(uid))?.[0];
}
