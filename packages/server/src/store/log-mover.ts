import type { Log } from '@sekisho/platform/log.ts';
import { Worker } from 'node:worker_threads';

/** SQLite's write-ahead log is moved into the database on another thread: the main one would wait for the disk meanwhile. */
export class LogMover {
  readonly #path: string;
  readonly #log: Log;
  #worker: Worker | undefined;
  #moving: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Moves what readers and writers let it; who asks while it works shares the answer. The thread starts at the first call. */
  move(): Promise<void> {
    this.#moving ??= this.#ask().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  async stop(): Promise<void> {
    await this.#moving;
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ask(): Promise<void> {
    return new Promise((resolve) => {
      const worker = (this.#worker ??= this.#start());
      const settle = (): void => {
        worker.off('message', settle).off('exit', settle);
        resolve();
      };
      worker.on('message', settle).on('exit', settle);
      worker.postMessage('move');
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./log-mover-thread.ts', import.meta.url), { workerData: this.#path });
    worker.unref();
    // SQLite itself moves the log when it grows on: what fails here costs time, not data
    worker.on('error', (error) => {
      this.#log.warn({ err: error }, 'the write-ahead log could not be moved in the background');
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
