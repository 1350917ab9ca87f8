import type { Log } from '@sekisho/platform/log.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Waits for a request to stop (Ctrl-C, SIGTERM, SIGHUP, the parent's end), then stops in good order. A second request
 * ends the process at once: somebody does not want to wait. Who looks for the reason of a stop finds the signal in the log.
 */
export async function untilStopped(
  cli: Cli,
  log: Pick<Log, 'info' | 'warn'>,
  stop: () => Promise<void>,
): Promise<void> {
  let release: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    let asked = false;
    release = cli.io.onStop((signal) => {
      if (asked) {
        log.warn({ signal }, 'stopping at once');
        process.exit(EXIT.interrupted);
      }
      asked = true;
      log.info({ signal }, 'asked to stop');
      resolve();
    });
  });
  await stop();
  release(); // what listens for signals, or for the parent's end, would keep the process alive
}
