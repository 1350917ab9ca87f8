import { fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';

const EVERY_MS = 1_000;

/** Says on standard error how far it is, once a second; on a terminal in one line. */
export function rowProgress(cli: Cli): { update: (done: number, total: number) => void; clear: () => void } {
  if (cli.json || cli.quiet || cli.io.stderr.isTTY !== true)
    return { update: () => undefined, clear: () => undefined };
  let lastMs = cli.io.clock.monotonicMs();
  let isShown = false;
  const clear = (): void => {
    if (isShown) cli.io.stderr.write('\r\u001b[K');
    isShown = false;
  };
  return {
    update: (done, total) => {
      const nowMs = cli.io.clock.monotonicMs();
      if (nowMs - lastMs < EVERY_MS) return;
      lastMs = nowMs;
      clear();
      cli.io.stderr.write(
        fill(cli.words.audit.progress, { done: cli.format.count(done), total: cli.format.count(total) }),
      );
      isShown = true;
    },
    clear,
  };
}
