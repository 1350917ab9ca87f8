import { AppError } from '@sekisho/core/errors.ts';
import { access, constants, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { codeOf } from '../client/data-folder.ts';
import type { Cli } from '../cli.ts';

/** Says that everything in a folder was made by a demo and may be removed by the next one. */
const MARKER = 'made-by-sekisho-demo.json';
const marker = z.object({ pid: z.int().min(1) });

/** The folder of this repository. */
export const repositoryFolder = (): string =>
  fileURLToPath(new URL('../../../../', import.meta.url)).replace(/\/$/, '');

/** Where the demo keeps its things, made anew. */
export interface DemoFolder {
  readonly root: string;
  readonly server: string;
  readonly agent: string;
  readonly restored: string;
  readonly logs: string;
}

/**
 * Chooses the folder (the named one, else `.sekisho/demo` in the repository, else the user's state folder when that cannot
 * be written) and empties it of an earlier demo. Refusals: DEMO_RUNNING, DEMO_FOLDER_FOREIGN, FOLDER_FORBIDDEN.
 */
export async function makeDemoFolder(cli: Cli, named: string | undefined): Promise<DemoFolder> {
  const root = named === undefined ? await defaultRoot(cli) : resolve(cli.io.cwd, named);
  await refuseForeign(root);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const name of await readdir(root)) {
      if (name !== MARKER) await rm(join(root, name), { recursive: true, force: true });
    }
    await writeFile(join(root, MARKER), JSON.stringify({ pid: process.pid }), { mode: 0o600 });
    const folder = {
      root,
      server: join(root, 'server'),
      agent: join(root, 'agent'),
      restored: join(root, 'restored'),
      logs: join(root, 'logs'),
    };
    for (const path of [folder.restored, folder.logs]) await mkdir(path, { mode: 0o700 });
    return folder;
  } catch (error) {
    throw new AppError(
      'FOLDER_FORBIDDEN',
      { folder: root, reason: codeOf(error) ?? 'unknown', option: '--folder' },
      { cause: error },
    );
  }
}

/** What was in the folder stays for a look; only the claim on it ends. */
export async function releaseDemoFolder(folder: DemoFolder): Promise<void> {
  await writeFile(join(folder.root, MARKER), JSON.stringify({ pid: RELEASED_PID }), { mode: 0o600 });
}

/** No demo has the process ID 1. */
const RELEASED_PID = 1;

async function defaultRoot(cli: Cli): Promise<string> {
  const inRepository = join(repositoryFolder(), '.sekisho', 'demo');
  if (await mayOwn(inRepository)) return inRepository;
  const state = cli.io.env['XDG_STATE_HOME'];
  const home = cli.io.env['HOME'] ?? homedir();
  return join(state === undefined || state === '' ? join(home, '.local', 'state') : state, 'sekisho', 'demo');
}

/** True when this user may write the folder, or make it; another user's demo is not taken over. */
async function mayOwn(path: string): Promise<boolean> {
  try {
    const facts = await stat(path);
    if (process.getuid !== undefined && facts.uid !== process.getuid()) return false;
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return false;
  }
  const parent = dirname(path);
  return access(parent, constants.W_OK | constants.X_OK).then(
    () => true,
    (error: unknown) => codeOf(error) === 'ENOENT' && parent !== path && mayOwn(parent),
  );
}

async function refuseForeign(root: string): Promise<void> {
  const names = await readdir(root).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    if (codeOf(error) === 'ENOTDIR') throw new AppError('DEMO_FOLDER_FOREIGN', { folder: root });
    throw new AppError('FOLDER_FORBIDDEN', {
      folder: root,
      reason: codeOf(error) ?? 'unknown',
      option: '--folder',
    });
  });
  if (names.length === 0) return;
  const text = await readFile(join(root, MARKER), 'utf8').catch(() => undefined);
  const parsed = marker.safeParse(text === undefined ? undefined : parseJson(text));
  if (!parsed.success) throw new AppError('DEMO_FOLDER_FOREIGN', { folder: root });
  const { pid } = parsed.data;
  if (pid !== process.pid && (await isDemoProcess(pid))) {
    throw new AppError('DEMO_RUNNING', { folder: root, pid });
  }
}

/** A process of that ID lives, and as far as the system tells it is a demo (IDs are used again). */
async function isDemoProcess(pid: number): Promise<boolean> {
  if (pid === RELEASED_PID) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined || commandLine.split('\0').includes('demo');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
