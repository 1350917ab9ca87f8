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
  let release: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    let asked = false;
    release = cli.io.onStop(() => {
      if (asked) {
        impatient();
        process.exit(EXIT.interrupted);
      }
      asked = true;
      resolve();
    });
  });
  await stop();
  release(); // what listens for signals, or for the parent's end, would keep the process alive
}
