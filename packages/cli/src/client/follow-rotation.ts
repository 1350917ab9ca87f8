import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRotation, type RotationView } from '@sekisho/core/wire/rotations.ts';
import type { Cli } from '../cli.ts';
import { liveLine, progressLine } from '../output/rotation-text.ts';
import { styleOf } from '../output/style.ts';
import { truncate } from '../output/table.ts';
import { isNotThere } from './wait-for-server.ts';

const POLL_MS = SECOND_MS;
const WIDTH_DEFAULT = 80;
/** A server that is started again is waited for so long. */
export const SERVER_AWAY_MINUTES_MAX = 5;

/**
 * Follows an update until it ends or somebody stops the watching: on a terminal one line that moves, elsewhere a line whenever it says
 * something else. A server that does not answer is waited for. Refusal: ROTATION_OUT_OF_SIGHT when it stays away.
 */
export async function followRotation(cli: Cli, call: Caller, id: string): Promise<RotationView> {
  const { clock } = cli.io;
  const stopped = new AbortController();
  const release = cli.io.onStop(() => stopped.abort());
  const line = progressOn(cli);
  let view: RotationView | undefined;
  let awaySinceMs: number | undefined;
  try {
    for (;;) {
      try {
        view = await call(getRotation, { params: { id } });
        awaySinceMs = undefined;
        line.show(view);
      } catch (error) {
        if (!isNotThere(error) || (stopped.signal.aborted && view === undefined)) throw error;
        awaySinceMs ??= clock.monotonicMs();
        if (clock.monotonicMs() - awaySinceMs >= SERVER_AWAY_MINUTES_MAX * MINUTE_MS)
          throw new AppError(
            'ROTATION_OUT_OF_SIGHT',
            { minutes: SERVER_AWAY_MINUTES_MAX, id },
            { cause: error },
          );
        line.showAway();
      }
      if (view !== undefined && (view.endedAtMs !== null || stopped.signal.aborted)) return view;
      await clock.sleep(POLL_MS, stopped.signal);
    }
  } finally {
    line.erase();
    release();
  }
}

function progressOn(cli: Cli) {
  const { stderr } = cli.io;
  const style = styleOf(cli.io, stderr);
  const isLive = stderr.isTTY === true;
  let last = '';
  const erase = (): void => {
    if (isLive && last !== '') stderr.write('\r\u001b[K');
  };
  const write = (line: string, isUrgent: boolean): void => {
    if (cli.json || cli.quiet) return;
    if (isLive) {
      erase();
      const shown = truncate(line, (stderr.columns ?? WIDTH_DEFAULT) - 1);
      stderr.write(isUrgent ? style.yellow(shown) : shown);
    } else if (line !== last) stderr.write(`${line}\n`);
    last = line;
  };
  return {
    show(view: RotationView): void {
      if (view.endedAtMs !== null) return;
      write(isLive ? liveLine(cli, view) : progressLine(cli, view), view.waitsFor === 'question');
    },
    showAway: () => {
      write(cli.words.rotations.serverAway, true);
    },
    erase,
  };
}
