import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { testFiles } from './source-files.ts';

/** How long one test may take before it counts as failed. */
const TEST_TIMEOUT_MS = 300_000;
/** Three on two cores: tests wait as often as they work, and start servers, agents and restic beside them. */
const TEST_FILES_AT_ONCE = 3;

/** A test file that never ends (a socket left open) must not hold the run for ever. */
const RUN_MINUTES_MAX = 45;

const root = join(import.meta.dirname, '..');

/**
 * Runs the test suite with node's runner, beside one PostgreSQL that all tests share. Arguments that begin with a dash go
 * to the runner; the others choose files: a test file runs when its path contains one of them.
 */
function runTests(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const files = testFiles(root).filter(
    (file) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
  );
  if (files.length === 0) {
    console.error(`sekisho: error: no test file matches ${filters.join(', ')}`);
    return Promise.resolve(1);
  }
  const command = [
    process.execPath,
    '--test',
    `--test-concurrency=${TEST_FILES_AT_ONCE}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...options,
    ...files,
  ];
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
  const deadline = setTimeout(() => {
    console.error(
      `sekisho: error: the tests have not ended after ${RUN_MINUTES_MAX} minutes: a file keeps its process alive`,
    );
    child.kill('SIGINT');
  }, RUN_MINUTES_MAX * 60_000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(deadline);
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
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8', TZ: 'UTC' };
}

process.exitCode = await runTests(process.argv.slice(2));
