import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { testFiles } from './source-files.ts';

/** More than there are cores: tests wait as often as they work. */
const TEST_FILES_AT_ONCE = 4;
/** How long one test may take before it counts as failed. */
const TEST_TIMEOUT_MS = 300_000;
/** A file that has not ended by then is killed, and has failed: a socket that was left open would hold the run for ever. */
const FILE_MINUTES_MAX = 6;
const SLOWEST_SHOWN = 20;
/** The ticks in which Linux counts processor time, the same on all its machines. */
const TICKS_PER_SECOND = 100;

/** Those that take longest begin first: at the end of a run none of them keeps one core busy while the other rests. */
const LONGEST_FIRST = [
  'test/crashes.test.ts',
  'test/crashed-jobs.test.ts',
  'test/several-servers.test.ts',
  'test/ca-rotation.test.ts',
  'test/paused-worker.test.ts',
  'packages/cli/src/end-to-end.test.ts',
  'packages/media/src/crash.test.ts',
  'packages/cli/src/demo/demo.test.ts',
  'test/killed.test.ts',
  'packages/agent/src/bad-days.test.ts',
  'packages/agent/src/agent.test.ts',
  'packages/server/src/features/est/est.test.ts',
  'packages/server/src/features/issuance/crash.test.ts',
  'test/insider-repository.test.ts',
  'packages/media/src/maintenance/insider.test.ts',
  'packages/media/src/endurance.test.ts',
  'packages/server/src/http/listeners.test.ts',
  'packages/media/src/maintenance/maintain.test.ts',
  'packages/server/src/channel/channel.test.ts',
  'test/packaging.test.ts',
  'test/dmz.test.ts',
];

/** What node's reporter sums up at the end of each file; the whole run has one sum. */
const OWN_SUM = /\n*ℹ tests \d+\n(?:ℹ [a-z_]+ [\d.]+\n){7}/;

const root = join(import.meta.dirname, '..');
const counts = z.object({
  tests: z.number(),
  passed: z.number(),
  cancelled: z.number(),
  skipped: z.number(),
  todo: z.number(),
  failures: z.array(z.string()),
});

/** What came of one test file. */
interface Outcome {
  readonly file: string;
  readonly seconds: number;
  /** Of its process and all that it started and waited for; PostgreSQL's is not in it. */
  readonly cpuSeconds: number;
  /** Undefined when it ended well. */
  readonly trouble: string | undefined;
  readonly counts: z.infer<typeof counts> | undefined;
}

/**
 * Runs test files, each in a process of its own and several at once, and shows the output of each when it has ended. Options
 * go to node's test runner, but for `--slowest`: the files that took longest, with their processor time.
 */
async function runTestFiles(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-') && arg !== '--slowest');
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const all = testFiles(root);
  const lost = LONGEST_FIRST.filter((file) => !all.includes(file));
  if (lost.length > 0)
    console.error(`sekisho: warning: LONGEST_FIRST names no test file: ${lost.join(', ')}`);
  const chosen = all.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)));
  if (chosen.length === 0) {
    console.error(`sekisho: error: no test file matches ${filters.join(', ')}`);
    return 1;
  }
  const waiting = [
    ...LONGEST_FIRST.filter((file) => chosen.includes(file)),
    ...chosen.filter((file) => !LONGEST_FIRST.includes(file)),
  ];
  const startedMs = performance.now();
  const outcomes: Outcome[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-tests-'));
  const work = async (worker: number): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined && !interrupted; file = waiting.shift()) {
      outcomes.push(await runFile(file, options, folder, worker));
    }
  };
  try {
    await Promise.all(Array.from({ length: TEST_FILES_AT_ONCE }, (_, worker) => work(worker)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (args.includes('--slowest')) printSlowest(outcomes);
  printSum(outcomes, (performance.now() - startedMs) / 1000);
  return interrupted ? 130 : outcomes.some(({ trouble }) => trouble !== undefined) ? 1 : 0;
}

let interrupted = false;
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    for (const child of running) child.kill(signal);
  });
}

async function runFile(
  file: string,
  options: readonly string[],
  folder: string,
  worker: number,
): Promise<Outcome> {
  const [said, counted] = [join(folder, `${worker}.output`), join(folder, `${worker}.json`)];
  rmSync(counted, { force: true });
  const startedMs = performance.now();
  // a file and not a pipe: a process that a test left behind would hold a pipe open
  const output = openSync(said, 'w');
  const child = spawn(
    process.execPath,
    [
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${pathToFileURL(join(root, 'tools/count-tests.ts')).href}`,
      `--test-reporter-destination=${counted}`,
      ...options,
      file,
    ],
    {
      cwd: root,
      stdio: ['ignore', output, output],
      // stripped types and compiled code are kept between the processes of a run: each would spend half a second on them
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    },
  );
  closeSync(output);
  running.add(child);
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, FILE_MINUTES_MAX * 60_000);
  const end = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  const cpuSeconds = cpuSecondsSinceLast();
  clearTimeout(deadline);
  running.delete(child);
  console.log(`\n${file}\n${readFileSync(said, 'utf8').replace(OWN_SUM, '')}`);
  const found = existsSync(counted)
    ? counts.safeParse(jsonOf(readFileSync(counted, 'utf8'))).data
    : undefined;
  return {
    file,
    seconds: (performance.now() - startedMs) / 1000,
    cpuSeconds,
    counts: found,
    trouble: troubleOf(end, late, found),
  };
}

function troubleOf(end: string, late: boolean, found: Outcome['counts']): string | undefined {
  if (late) return `had not ended after ${FILE_MINUTES_MAX} minutes and was killed`;
  if (found === undefined) return `ended with ${end} and told no result`;
  if (end !== '0') return `ended with ${end}`;
  return undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

let lastTicks = 0;

/** The processor time of the child that was just waited for: what all children had by now, without what they had before. */
function cpuSecondsSinceLast(): number {
  if (!existsSync('/proc/self/stat')) return 0;
  const text = readFileSync('/proc/self/stat', 'utf8');
  // proc(5): fields 16 and 17, user and system time of children; the name in field 2 may have spaces
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[13]) + Number(fields[14]);
  const since = ticks - lastTicks;
  lastTicks = ticks;
  return since / TICKS_PER_SECOND;
}

function printSlowest(outcomes: readonly Outcome[]): void {
  const slowest = [...outcomes].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_SHOWN);
  console.log('\nThe slowest files:\n   seconds   of processor');
  for (const { file, seconds, cpuSeconds } of slowest)
    console.log(`${seconds.toFixed(1).padStart(10)} ${cpuSeconds.toFixed(1).padStart(14)}   ${file}`);
}

function printSum(outcomes: readonly Outcome[], seconds: number): void {
  const sum = (key: 'tests' | 'passed' | 'cancelled' | 'skipped' | 'todo'): number =>
    outcomes.reduce((before, { counts: one }) => before + (one?.[key] ?? 0), 0);
  const failed = outcomes.reduce((before, one) => before + (one.counts?.failures.length ?? 0), 0);
  const cpuSeconds = outcomes.reduce((before, one) => before + one.cpuSeconds, 0);
  for (const { file, trouble, counts: one } of outcomes) {
    if (trouble === undefined) continue;
    console.log(`\n✖ ${file} ${trouble}`);
    for (const failure of one?.failures ?? []) console.log(`    ✖ ${failure}`);
  }
  console.log(
    `\n${outcomes.length} files, ${sum('tests')} tests: ${sum('passed')} passed, ${failed} failed, ` +
      `${sum('cancelled')} cancelled, ${sum('skipped')} skipped, ${sum('todo')} to do\n` +
      `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s, ${Math.round(cpuSeconds)} s of processor time`,
  );
}

process.exitCode = await runTestFiles(process.argv.slice(2));
