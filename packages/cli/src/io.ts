import type { Clock, Random } from '@sekisho/core/time.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';

/** Where text goes. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in cells. */
  readonly columns?: number;
}

export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Signals that ask the program to stop. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Everything the command line touches outside itself, so that a test can be the terminal. */
export interface Io {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: Random;
  /** IANA name of the local time zone. */
  readonly timeZone: string;
  /** Calls at each request to stop; the returned function takes it back. */
  onStop(call: (signal: StopSignal) => void): () => void;
}

/** The process itself. */
export const processIo = (): Io => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  random: systemRandom,
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  onStop,
});

/** Also when the parent that holds the IPC channel (the demo) is gone: no process is left behind. */
function onStop(call: (signal: StopSignal) => void): () => void {
  const handlers = STOP_SIGNALS.map((signal) => ({ signal, handler: () => call(signal) }));
  for (const { signal, handler } of handlers) process.on(signal, handler);
  const orphaned = (): void => call('SIGTERM');
  if (process.channel != null) process.on('disconnect', orphaned);
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
    process.off('disconnect', orphaned);
  };
}
