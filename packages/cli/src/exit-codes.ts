/** Exit codes of `sekisho`; scripts rely on them. */
export const EXIT = {
  done: 0,
  /** Refused or failed: standard error says why, with a code. */
  failed: 1,
  /** The command line itself is not right. */
  usage: 2,
  /** Done only in part: a job ended incomplete or with warnings. */
  partly: 3,
  /** Ctrl-C, as shells count it (128 + SIGINT). */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
