import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** A process that was asked to stop gets so long before it is ended. */
const STOP_MS = 20_000;
const LAST_LINES = 8;
const STDOUT_CHARACTERS_MAX = 1024 * 1024;

interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ended: Promise<string>;
  how: string | undefined;
  stdout: string;
  readonly log: string;
}

/**
 * The processes that a demo started, each a real `sekisho` command in a process group of its own. They hold a channel to
 * this process: should it die, they stop by themselves.
 */
export class ChildProcesses {
  readonly #children: Child[] = [];
  readonly #clock: Clock;
  readonly #env: NodeJS.ProcessEnv;

  constructor(clock: Clock, env: Readonly<Record<string, string | undefined>>) {
    this.#clock = clock;
    this.#env = { ...env };
    process.on('exit', this.#endAll);
  }

  /** Starts a command that goes on running; what it prints goes to its log file. */
  start(name: string, args: readonly string[], log: string): void {
    this.#spawn(name, args, log);
  }

  /** Runs a command to its end and gives its standard output. Refusal: DEMO_PROCESS_ENDED when it fails. */
  async run(name: string, args: readonly string[], log: string): Promise<string> {
    const child = this.#spawn(name, args, log);
    const how = await child.ended;
    if (how !== 'exit code 0') throw ended(child, how);
    return child.stdout;
  }

  /** What a running command printed on standard output so far. */
  outputOf(name: string): string {
    return this.#children.findLast((child) => child.name === name)?.stdout ?? '';
  }

  /** Refuses (DEMO_PROCESS_ENDED) when one that should go on running has ended. */
  assertRunning(...names: readonly string[]): void {
    for (const child of this.#children) {
      if (names.includes(child.name) && child.how !== undefined) throw ended(child, child.how);
    }
  }

  /** Process IDs that still live. */
  get pids(): number[] {
    return this.#children.flatMap(({ how, process: { pid } }) =>
      how === undefined && pid !== undefined ? [pid] : [],
    );
  }

  /**
   * Stops all, the last started first: politely, then by force. Refusal: DEMO_PROCESS_LEFT when one lives all the same.
   */
  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.how !== undefined) continue;
      child.process.kill('SIGTERM');
      if (await this.#endsWithin(child, STOP_MS)) continue;
      killGroup(child);
      if (await this.#endsWithin(child, STOP_MS)) continue;
      throw new AppError('DEMO_PROCESS_LEFT', { pid: child.process.pid ?? 0, process: child.name });
    }
    process.off('exit', this.#endAll);
  }

  readonly #endAll = (): void => {
    for (const child of this.#children) if (child.how === undefined) killGroup(child);
  };

  async #endsWithin(child: Child, delayMs: number): Promise<boolean> {
    const waited = new AbortController();
    await Promise.race([child.ended, this.#clock.sleep(delayMs, waited.signal)]);
    waited.abort();
    return child.how !== undefined;
  }

  #spawn(name: string, args: readonly string[], log: string): Child {
    const spawned = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
    file.on('error', () => undefined); // a full disk must not end the demo before it could say so
    const child: Child = {
      name,
      process: spawned,
      how: undefined,
      stdout: '',
      log,
      ended: new Promise((resolve) => {
        const end = (how: string): void => {
          child.how = how;
          file.end();
          finished(file)
            .catch(() => undefined)
            .finally(() => resolve(how));
        };
        spawned.once('error', (error) => end(error.message));
        spawned.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
      }),
    };
    spawned.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (child.stdout.length < STDOUT_CHARACTERS_MAX) child.stdout += text;
    });
    spawned.stderr?.on('data', (chunk: Buffer) => file.write(chunk));
    this.#children.push(child);
    return child;
  }
}

/** The last lines of a log, for a person who wants to know why. */
export async function lastLines(log: string): Promise<string[]> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-LAST_LINES);
}

const ended = (child: Child, how: string): AppError =>
  new AppError('DEMO_PROCESS_ENDED', { process: child.name, how, log: child.log });

function killGroup(child: Child): void {
  const { pid } = child.process;
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    child.process.kill('SIGKILL'); // no process group on this system
  }
}
