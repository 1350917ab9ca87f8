import type { CrashPoint } from '@sekisho/core/crash-points.ts';

/**
 * A named point on a path that must survive a crash. It does nothing unless a test armed it: in a child process through
 * `SEKISHO_TEST_CRASH_POINT=<name>` (the nth pass with `<name>:<n>`), which kills the process with SIGKILL, or by `pauseAt`.
 */
export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passes -= 1;
  if (armed.passes > 0) return;
  const { signal } = armed;
  armed = undefined;
  process.kill(process.pid, signal);
}

/** From now on this process stops itself at the point, once, until somebody sends it SIGCONT: for tests of paused processes. */
export function pauseAt(name: string): void {
  armed = { name, passes: 1, signal: 'SIGSTOP' };
}

interface Armed {
  readonly name: string;
  passes: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

let armed = readArmed(process.env['SEKISHO_TEST_CRASH_POINT']);

function readArmed(raw: string | undefined): Armed | undefined {
  if (raw === undefined || raw === '') return undefined;
  const [name = '', passes = '1'] = raw.split(':');
  return { name, passes: Number(passes), signal: 'SIGKILL' };
}
