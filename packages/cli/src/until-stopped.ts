import type { Cli } from './cli.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Waits for a request to stop (Ctrl-C, SIGTERM, SIGHUP, the parent's end), then stops in good order. A second request
 * ends the process at once: somebody does not want to wait.
 */
export async function untilStopped(
  cli: Cli,
  stop: () => Promise<void>,
  impatient: () => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false;
    cli.io.onStop(() => {
      if (asked) {
        impatient();
        process.exit(EXIT.interrupted);
      }
      asked = true;
      resolve();
    });
  });
  await stop();
}
