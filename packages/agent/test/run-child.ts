import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs the crash child to its end; `killed` says that the armed point was reached. */
export function runChild(
  args: readonly string[],
  crashPoint?: string,
): Promise<{ killed: boolean; exitCode: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('crash-child.ts', import.meta.url)), ...args],
      {
        env: { ...process.env, NODE_OPTIONS: '', SEKISHO_TEST_CRASH_POINT: crashPoint ?? '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    let errors = '';
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString();
    });
    child.stderr.on('data', (part: Buffer) => {
      errors += part.toString();
    });
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({ killed: signal === 'SIGKILL', exitCode, output, errors });
    });
  });
}
