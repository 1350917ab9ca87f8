import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRotation, type RotationView } from '@sekisho/core/wire/rotations.ts';
import type { Cli } from '../cli.ts';
import { liveLine, progressLine } from '../output/rotation-text.ts';
import { styleOf } from '../output/style.ts';
import { truncate } from '../output/table.ts';

const POLL_MS = SECOND_MS;
const WIDTH_DEFAULT = 80;

/**
 * Follows an update until it ends or somebody stops the watching: on a terminal one line that moves, elsewhere a line whenever it says
 * something else.
 */
export async function followRotation(cli: Cli, call: Caller, id: string): Promise<RotationView> {
  const { stderr, clock } = cli.io;
  const style = styleOf(cli.io, stderr);
  const stopped = new AbortController();
  const release = cli.io.onStop(() => stopped.abort());
  const isQuiet = cli.json || cli.quiet;
  let last = '';
  const erase = (): void => {
    if (stderr.isTTY === true && last !== '') stderr.write('\r\u001b[K');
  };
  try {
    for (;;) {
      const view = await call(getRotation, { params: { id } });
      if (view.endedAtMs !== null || stopped.signal.aborted) {
        erase();
        return view;
      }
      const isLive = stderr.isTTY === true;
      const line = isLive ? liveLine(cli, view) : progressLine(cli, view);
      if (!isQuiet && isLive) {
        erase();
        const shown = truncate(line, (stderr.columns ?? WIDTH_DEFAULT) - 1);
        stderr.write(view.waitsFor === 'question' ? style.yellow(shown) : shown);
      } else if (!isQuiet && line !== last) stderr.write(`${line}\n`);
      last = line;
      await clock.sleep(POLL_MS, stopped.signal);
    }
  } finally {
    release();
  }
}
