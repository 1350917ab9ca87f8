import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'sekisho');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Words in front: to run as somebody else. */
  readonly prefix?: readonly string[];
}

/** A real `sekisho` process, through the launcher. */
export interface Launched {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
}

export function launch(argv: readonly string[], options: LaunchOptions = {}): Launched {
  const [command = LAUNCHER, ...args] = [...(options.prefix ?? []), LAUNCHER, ...argv];
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Runs a command to its end. */
export const runToEnd = (argv: readonly string[], options: LaunchOptions = {}): Promise<Ended> =>
  launch(argv, options).ended;

/** As root: the words in front of a command that make it run as nobody; empty for an ordinary user; undefined: no way. */
export function asOrdinaryUser(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return [];
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [command = '', ...args] = [...nobody, 'test', '-r', LAUNCHER];
  return spawnSync(command, args).status === 0 ? nobody : undefined;
}

/** IDs of the processes whose command line names a path. Linux only. */
export async function processesNaming(path: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(path)) found.push(Number(name));
  }
  return found;
}
