/** What the end of a restic process means (P, "Exit codes"). Unknown codes are failures. */
export type ExitMeaning =
  'ok' | 'failed' | 'incomplete' | 'no-repository' | 'locked' | 'wrong-password' | 'cancelled';

/**
 * The meaning of an exit code. `cancelled` is true when we asked the process to stop: then it was cancelled unless it had
 * finished well anyway. A process that ended by a signal has no code: pass null.
 * Version 0.14 knows only 0, 1 and 3; what it calls 1 stays a plain failure.
 */
export function exitMeaning(exitCode: number | null, cancelled: boolean): ExitMeaning {
  if (exitCode === 0) return 'ok';
  if (cancelled) return 'cancelled';
  switch (exitCode) {
    case 3:
      return 'incomplete';
    case 10:
      return 'no-repository';
    case 11:
      return 'locked';
    case 12:
      return 'wrong-password';
    case 130:
      return 'cancelled';
    default:
      return 'failed';
  }
}
