import { AppError } from '@sekisho/core/errors.ts';
import { LOG_LINE_LENGTH_MAX } from '@sekisho/core/limits.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { totalmem } from 'node:os';
import {
  CHECK_LINE_BYTES_MAX,
  MAINTENANCE_LOG_LINES_MAX,
  MAINTENANCE_MEMORY_BYTES_MIN,
  MAINTENANCE_MEMORY_SHARE,
} from '../limits.ts';
import { isOlder, resticVersion } from '../restic/find-restic.ts';
import { runRestic, type RunResticResult } from '../restic/run-restic.ts';

/** `rebuild-index` has been called `repair index` since then. */
const REPAIR_SINCE = { major: 0, minor: 16, patch: 0 };

/** restic against the maintenance listener of one repository: every run of one job, with one log. */
export class ResticSession {
  readonly #binary: string;
  readonly #env: Readonly<Record<string, string | Secret>>;
  readonly #signal: AbortSignal;
  readonly #keyHint: string | undefined;
  readonly #redact: string;
  readonly #memoryBytesMax: number;
  readonly #log: string[] = [];
  /** Of the run before. */
  #isOutOfMemory = false;

  constructor(input: {
    binary: string;
    repositoryUrl: Secret;
    credentials: Secret;
    password: Secret;
    /** The repository's first key: forged ones are not even tried. */
    keyHint: string | undefined;
    memoryBytesMax?: number;
    signal: AbortSignal;
  }) {
    this.#binary = input.binary;
    this.#env = { RESTIC_REPOSITORY: input.repositoryUrl, RESTIC_PASSWORD: input.password };
    this.#memoryBytesMax = input.memoryBytesMax ?? maintenanceMemoryBytes();
    this.#signal = input.signal;
    this.#keyHint = input.keyHint;
    this.#redact = input.credentials.reveal();
  }

  /** The last lines of what restic said. */
  get log(): readonly string[] {
    return this.#log;
  }

  say(line: string): void {
    this.#log.push(line.replaceAll(this.#redact, '[redacted]').slice(0, LOG_LINE_LENGTH_MAX));
    if (this.#log.length > MAINTENANCE_LOG_LINES_MAX) this.#log.shift();
  }

  /** Runs one command to its end, whatever that is; a cancelled job throws. */
  async run(
    args: readonly string[],
    take: { onLine?: (line: string) => void; onStderr?: (line: string) => void } = {},
  ): Promise<RunResticResult> {
    this.say(`$ restic ${args.map((arg) => arg.slice(0, 80)).join(' ')}`.slice(0, LOG_LINE_LENGTH_MAX));
    this.#isOutOfMemory = false;
    const hint = this.#keyHint === undefined ? [] : ['--key-hint', this.#keyHint];
    const result = await runRestic({
      binary: this.#binary,
      args: [...args, '--no-cache', ...hint],
      env: this.#env,
      signal: this.#signal,
      lineBytesMax: CHECK_LINE_BYTES_MAX,
      memoryBytesMax: this.#memoryBytesMax,
      onLine: take.onLine ?? ((line) => this.say(line)),
      onStderr: (line) => {
        // Go's own words come first, and pages of its state after them.
        if (/^fatal error: .*(out of|allocate) memory/.test(line)) this.#isOutOfMemory = true;
        this.say(line);
        take.onStderr?.(line);
      },
    });
    this.#signal.throwIfAborted();
    return result;
  }

  /** Runs one command that must end well. @throws AppError RESTIC_FAILED */
  async require(args: readonly string[], take: { onLine?: (line: string) => void } = {}): Promise<void> {
    const result = await this.run(args, take);
    if (result.meaning === 'ok' && result.droppedLines === 0) return;
    const detail = this.#isOutOfMemory
      ? `out of memory: the limit is ${Math.floor(this.#memoryBytesMax / 1024 ** 2)} MiB`
      : (result.stderrTail.at(-1) ?? '');
    throw new AppError('RESTIC_FAILED', {
      command: args[0] ?? '',
      exitCode: result.exitCode ?? -1,
      detail: detail.replaceAll(this.#redact, '[redacted]'),
    });
  }

  /** Makes the index anew from the packs alone: what indexes claim is not believed (P-02). */
  async rebuildIndex(): Promise<void> {
    const old = isOlder(await resticVersion(this.#binary), REPAIR_SINCE);
    await this.require([...(old ? ['rebuild-index'] : ['repair', 'index']), '--read-all-packs']);
  }
}

/** What one restic of a maintenance may take: a share of what this machine, or the container it runs in, has. */
export function maintenanceMemoryBytes(
  machineBytes = Math.min(totalmem(), process.constrainedMemory() || Infinity),
): number {
  return Math.max(MAINTENANCE_MEMORY_BYTES_MIN, machineBytes * MAINTENANCE_MEMORY_SHARE);
}
