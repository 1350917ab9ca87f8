import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import { note, type Cli } from '../cli.ts';
import { withServer } from './open-server.ts';

const TRY_EVERY_MS = 200;
/** Not there yet, as a server that just starts is; everything else is wrong, and waiting would not mend it. */
const NOT_YET: readonly ErrorCode[] = [
  'SERVER_NOT_RUNNING',
  'SERVER_CONNECTION_LOST',
  'SERVER_STOPPING',
  'REMOTE_UNREACHABLE',
];

/** Resolves when the management server answers. Refusals: those of `openServer`; after so many milliseconds the last one. */
export async function waitForServer(cli: Cli, data: string | undefined, waitMs: number): Promise<void> {
  const { clock } = cli.io;
  const untilMs = clock.monotonicMs() + waitMs;
  for (let tried = 0; ; tried += 1) {
    try {
      await withServer(cli, data, ({ call }) => call(getDomain));
      return;
    } catch (error) {
      if (!isNotThere(error) || clock.monotonicMs() >= untilMs) throw error;
    }
    if (tried === 0) note(cli, cli.words.notes.waitingForServer);
    await clock.sleep(TRY_EVERY_MS);
  }
}

/** True: it may answer a moment later, as one that is started again does. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof AppError && NOT_YET.includes(error.code);
