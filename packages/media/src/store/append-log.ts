import { syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A file of JSON lines that only grows: `append` resolves when the line survives power loss. A line that a crash cut off is
 * dropped when the log is opened. Appends that wait at the same time share one fsync.
 */
export class AppendLog {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens the log and gives its lines; `compact` may return fewer lines, which then replace the file. */
  static async open(
    path: string,
    compact: (lines: readonly string[]) => readonly string[],
  ): Promise<{ log: AppendLog; lines: readonly string[] }> {
    const whole = await readWholeLines(path);
    const lines = compact(whole.lines);
    if (whole.torn || lines.length !== whole.lines.length) {
      await writeDurably(path, lines.map((line) => `${line}\n`).join(''));
    }
    const file = await open(path, 'a', 0o600);
    await syncFolder(dirname(path));
    return { log: new AppendLog(file), lines };
  }

  append(value: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, resolve, reject });
      this.#begin();
    });
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#file.close();
  }

  #begin(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // What came after the last look at the queue, and before this.
      if (this.#waiting.length > 0) this.#begin();
    });
  }

  async #writeAll(): Promise<void> {
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#writeDurably(batch.map((entry) => entry.line).join(''));
        for (const entry of batch) entry.resolve();
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
  }

  async #writeDurably(text: string): Promise<void> {
    const { size } = await this.#file.stat();
    try {
      await this.#file.appendFile(text);
      await this.#file.sync();
    } catch (error) {
      await this.#file.truncate(size).catch(() => undefined); // no half line before the next one
      throw error;
    }
  }

  #take(): Waiting[] {
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }
}

async function readWholeLines(path: string): Promise<{ lines: string[]; torn: boolean }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], torn: false };
    throw error;
  }
  const lines = text.split('\n');
  const rest = lines.pop();
  return { lines, torn: rest !== '' };
}
