import type { CrashPoint } from '@sekisho/core/crash-points.ts';

/**
 * A named point on a path that must survive a crash. It does nothing unless a test armed it: in a child process through
 * `SEKISHO_TEST_CRASH_POINT=<name>` (the nth pass with `<name>:<n>`), which kills the process with SIGKILL.
 */
export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passes -= 1;
  if (armed.passes <= 0) process.kill(process.pid, 'SIGKILL');
}

const armed = readArmed(process.env['SEKISHO_TEST_CRASH_POINT']);

function readArmed(raw: string | undefined): { name: string; passes: number } | undefined {
  if (raw === undefined || raw === '') return undefined;
  const [name = '', passes = '1'] = raw.split(':');
  return { name, passes: Number(passes) };
}
