import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../../packages/cli/src/main.ts');
const STOP_MS_MAX = 30_000;

/** A `sekisho` command that goes on running, and that is killed and started again with the same arguments. */
export class SekishoProcess {
  readonly #args: readonly string[];
  readonly #logFile: string;
  readonly #onLine: ((line: string) => void) | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  /** Ends that nobody here asked for: when, and the exit code or signal. */
  readonly unasked: string[] = [];
  #asked = false;

  /** What it prints goes to the end of the log file; `onLine` hears each line of standard error. */
  constructor(args: readonly string[], logFile: string, onLine?: (line: string) => void) {
    this.#args = args;
    this.#logFile = logFile;
    this.#onLine = onLine;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#child !== undefined) return;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...this.#args], {
      // the channel: should this process die, the command stops by itself
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const log = createWriteStream(this.#logFile, { flags: 'a', mode: 0o600 });
    const { stderr } = child;
    if (stderr !== null)
      createInterface({ input: stderr }).on('line', (line) => {
        log.write(`${line}\n`);
        this.#onLine?.(line);
      });
    this.#child = child;
    this.#asked = false;
    this.#ended = new Promise((resolve) => {
      const end = (why: number | Error | null, signal?: NodeJS.Signals | null): void => {
        if (!this.#asked) this.unasked.push(`${new Date().toISOString()} (${String(signal ?? why)})`);
        this.#child = undefined;
        log.end();
        resolve();
      };
      child.once('error', end);
      child.once('close', end);
    });
  }

  /** SIGKILL: it gets no chance to tidy up. */
  async kill(): Promise<void> {
    this.#asked = true;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL when that is not enough. */
  async stop(): Promise<void> {
    this.#asked = true;
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS_MAX);
    await this.#ended;
    clearTimeout(timer);
  }
}
