import type { Clock, Random } from '@sekisho/core/time.ts';
import { PassThrough } from 'node:stream';
import type { Io, StopSignal } from '../io.ts';

/** 2026-11-21T13:50:06Z. */
export const TEST_NOW_MS = Date.UTC(2026, 10, 21, 13, 50, 6);

export interface FakeTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Somebody sits there: all three streams are a terminal. */
  readonly tty?: boolean;
  readonly columns?: number;
  /** What standard input gives, then it ends. */
  readonly input?: string;
  /** Typed one after the other, each when a question is asked. */
  readonly answers?: readonly string[];
  readonly timeZone?: string;
}

/** The outside of a command line in a test: what it prints is kept, time moves when it sleeps. */
export interface FakeTerminal {
  readonly io: Io;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Everything in the order in which it was printed. */
  readonly printed: readonly Printed[];
  /** Ctrl-C. */
  interrupt(signal?: StopSignal): void;
}

export interface Printed {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const printed: Printed[] = [];
  const all = (stream: Printed['stream']): string =>
    printed
      .filter((one) => one.stream === stream)
      .map(({ text }) => text)
      .join('');
  const stops = new Set<(signal: StopSignal) => void>();
  const terminal = { isTTY: options.tty === true, columns: options.columns ?? 100 };
  const stdin = Object.assign(new PassThrough(), { isTTY: options.tty === true });
  const answers = [...(options.answers ?? [])];
  if (options.answers === undefined) stdin.end(options.input ?? '');
  return {
    io: {
      stdin,
      stdout: { write: (text) => printed.push({ stream: 'stdout', text }), ...terminal },
      stderr: {
        write: (text) => {
          printed.push({ stream: 'stderr', text });
          const answer = /(: |\] )$/.test(text) ? answers.shift() : undefined;
          if (answer !== undefined) setImmediate(() => stdin.write(`${answer}\n`));
        },
        ...terminal,
      },
      env: { NO_COLOR: '1', ...options.env },
      cwd: options.cwd ?? '/srv/work',
      clock: sleepingClock(),
      random: noRandom,
      timeZone: options.timeZone ?? 'Asia/Tokyo',
      onStop: (call) => {
        stops.add(call);
        return () => stops.delete(call);
      },
    },
    stdout: () => all('stdout'),
    stderr: () => all('stderr'),
    printed,
    interrupt: (signal = 'SIGINT') => {
      for (const call of stops) call(signal);
    },
  };
}

/** Sleeping takes no time here, but the clock moves by it. */
function sleepingClock(): Clock {
  let elapsedMs = 0;
  return {
    nowMs: () => TEST_NOW_MS + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (delayMs) => {
      elapsedMs += delayMs;
      return new Promise((resolve) => setImmediate(resolve));
    },
    timer: () => () => undefined,
  };
}

const noRandom: Random = {
  bytes: (length) => new Uint8Array(length),
  uuid: () => '00000000-0000-4000-8000-000000000000',
  fraction: () => 0,
};
