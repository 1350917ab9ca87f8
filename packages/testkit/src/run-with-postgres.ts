import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { POSTGRES_URL_VARIABLE, startPostgres } from './postgres.ts';

// node run-with-postgres.ts COMMAND [ARG…]: runs the command with one PostgreSQL for all its test files, then stops it.
const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: node run-with-postgres.ts COMMAND [ARG…]');
  process.exit(2);
}
process.exitCode = await runWithPostgres(command, args);

/** Returns the command's exit code; 128 + n when signal n ended it. Signals to this process are passed on. */
async function runWithPostgres(command: string, args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  let pass = (_signal: NodeJS.Signals): void => {
    interrupted.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => pass(signal));
  const postgres = await startPostgres();
  try {
    if (interrupted.signal.aborted) return 130;
    const child = spawn(command, args, {
      stdio: 'inherit',
      env: { ...process.env, [POSTGRES_URL_VARIABLE]: postgres.url },
    });
    pass = (signal) => child.kill(signal);
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    await postgres.stop();
  }
}
