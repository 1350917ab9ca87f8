import { exitMeaning, type ExitMeaning } from '@sekisho/core/rules/exit-code.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { RESTIC_CANCEL_GRACE_MS, RESTIC_LINE_BYTES_MAX, RESTIC_SOFT_MEMORY_SHARE } from '../limits.ts';
import { parseResticMessage, type ResticMessage } from './messages.ts';
import { LineSplitter } from './split-lines.ts';

export interface RunResticInput {
  readonly binary: string;
  /** Never a secret: anybody on the machine reads another's arguments. */
  readonly args: readonly string[];
  /** Given on top of PATH, HOME, TMPDIR and the like; secrets go here. */
  readonly env: Readonly<Record<string, string | Secret>>;
  readonly cwd?: string;
  /** A JSON message, from either output. */
  readonly onMessage?: (message: ResticMessage) => void;
  /** Any other line of standard output (a listing, for example). */
  readonly onLine?: (line: string) => void;
  /** Any other line of standard error. */
  readonly onStderr?: (line: string) => void;
  /** Aborting ends restic and all it started within 5 s: first politely, then not. */
  readonly signal?: AbortSignal;
  readonly lineBytesMax?: number;
  /** More than this ends restic (exit code 2). Enforced by the kernel on Linux with `prlimit`; elsewhere only asked for. */
  readonly memoryBytesMax?: number;
}

export interface RunResticResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly meaning: ExitMeaning;
  /** Output lines that were longer than the limit and are not seen. */
  readonly droppedLines: number;
  /** The last lines of standard error that were not JSON: what to tell people when it failed. */
  readonly stderrTail: readonly string[];
}

/** What restic inherits from our own environment; nothing else leaks into it. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'SystemRoot',
  'LOCALAPPDATA',
];
const STDERR_TAIL_LINES = 20;
const STDERR_LINE_LENGTH_MAX = 2_000;
const PROGRESS_FPS = '4';
/** util-linux: lets the kernel kill restic when our own process dies, so that none is left behind. */
const DEATH_GUARD = '/usr/bin/setpriv';
/** util-linux too: private writable memory, as address space that Go only reserves costs nothing. @source setrlimit(2), RLIMIT_DATA */
const MEMORY_GUARD = '/usr/bin/prlimit';

/**
 * Runs restic to its end in a process group of its own. It resolves whatever the end was; `meaning` says what it means.
 * On Linux with `setpriv` the kernel also ends restic when this process is killed; elsewhere an orphan ends by itself,
 * because the listener that it talks to is gone.
 */
export async function runRestic(input: RunResticInput): Promise<RunResticResult> {
  if (isAborted(input.signal))
    return { exitCode: null, meaning: 'cancelled', droppedLines: 0, stderrTail: [] };
  const [command, ...args] = guarded(input);
  const child = spawn(command, args, {
    cwd: input.cwd,
    env: environment(input),
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stderrTail: string[] = [];
  const output = splitter(input, (line) => input.onLine?.(line));
  const errors = splitter(input, (line) => {
    stderrTail.push(line.slice(0, STDERR_LINE_LENGTH_MAX));
    if (stderrTail.length > STDERR_TAIL_LINES) stderrTail.shift();
    input.onStderr?.(line);
  });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const stopWatching = endWhenAborted(child, input.signal);
  try {
    const exitCode = await ended(child);
    output.end();
    errors.end();
    return {
      exitCode,
      meaning: exitMeaning(exitCode, isAborted(input.signal)),
      droppedLines: output.dropped + errors.dropped,
      stderrTail,
    };
  } finally {
    stopWatching();
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

function splitter(input: RunResticInput, other: (line: string) => void): LineSplitter {
  return new LineSplitter(input.lineBytesMax ?? RESTIC_LINE_BYTES_MAX, (line) => {
    const message = input.onMessage === undefined ? undefined : parseResticMessage(line);
    if (message !== undefined) input.onMessage?.(message);
    else if (line !== '') other(line);
  });
}

function guarded({ binary, args, memoryBytesMax }: RunResticInput): [string, ...string[]] {
  const isThere = (guard: string): boolean => process.platform === 'linux' && existsSync(guard);
  const limited: [string, ...string[]] =
    memoryBytesMax !== undefined && isThere(MEMORY_GUARD)
      ? [MEMORY_GUARD, `--data=${Math.floor(memoryBytesMax)}`, '--', binary, ...args]
      : [binary, ...args];
  return isThere(DEATH_GUARD) ? [DEATH_GUARD, '--pdeathsig', 'KILL', '--', ...limited] : limited;
}

function environment({ env: given, memoryBytesMax }: RunResticInput): Record<string, string> {
  const env: Record<string, string> = { RESTIC_PROGRESS_FPS: PROGRESS_FPS };
  if (memoryBytesMax !== undefined)
    env['GOMEMLIMIT'] = String(Math.floor(memoryBytesMax * RESTIC_SOFT_MEMORY_SHARE));
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  for (const [name, value] of Object.entries(given))
    env[name] = value instanceof Secret ? value.reveal() : value;
  return env;
}

/** The exit code once both outputs are read; whatever the process left behind in its group is ended too. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      signalGroup(child, 'SIGKILL');
    });
    child.once('close', (code) => {
      resolve(code);
    });
  });
}

/** SIGINT first, so that restic removes its lock; SIGKILL for the whole group after the grace. */
function endWhenAborted(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    signalGroup(child, 'SIGINT');
    timer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
    }, RESTIC_CANCEL_GRACE_MS);
  };
  signal?.addEventListener('abort', abort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
