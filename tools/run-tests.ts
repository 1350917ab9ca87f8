import { spawn } from 'node:child_process';
import { accessSync, constants as access, existsSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const MEMORY_FOLDER = '/dev/shm';
/** A whole run needs about a third of it. */
const MEMORY_FREE_MIN_BYTES = 3 * 2 ** 30;

const root = join(import.meta.dirname, '..');

/**
 * Runs the test suite beside one PostgreSQL that all tests share. Arguments that begin with a dash go to node's test runner
 * (`--slowest` is our own: see run-test-files.ts); the others choose files: one runs when its path contains one of them.
 */
function runTests(args: readonly string[]): Promise<number> {
  const command = [process.execPath, join(root, 'tools/run-test-files.ts'), ...args];
  const beside = join(root, 'packages/testkit/src/run-with-postgres.ts');
  return run(existsSync(beside) ? [process.execPath, beside, ...command] : command);
}

function run([program = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment(),
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** A test must not see the caller's language, time zone or crash points; those that need one set it. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(LC_.*|LANG|LANGUAGE|TZ|SEKISHO_(?!RUN_MARK|TEST_POSTGRES_URL).*|RESTIC_.*|NODE_TEST_CONTEXT)$/.test(
        name,
      ),
  );
  return {
    ...Object.fromEntries(kept),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...temporaryFolder(),
  };
}

/**
 * Temporary files are in memory where there is enough of it, unless the caller says where: a test run makes two thousand
 * databases, and no test can tell whether a disk keeps what was synced.
 */
function temporaryFolder(): NodeJS.ProcessEnv {
  if (process.env['TMPDIR'] !== undefined) return {};
  try {
    accessSync(MEMORY_FOLDER, access.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    return bavail * bsize < MEMORY_FREE_MIN_BYTES ? {} : { TMPDIR: MEMORY_FOLDER };
  } catch {
    return {};
  }
}

process.exitCode = await runTests(process.argv.slice(2));
