import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { findTargets, type Target } from './mutants/targets.ts';
import { makeWorkCopy } from './mutants/work-copy.ts';

/** Of 100 mutants that run, so many must be found. */
const SCORE_MIN = 85;
const NICE = 19;
/** More than the runner gives a mutant that never ends. */
const MUTANT_TIMEOUT_MS = 120_000;

const root = join(import.meta.dirname, '..');
/** Reports; not in git. */
const KEPT = join(root, '.sekisho', 'mutants');
const SCORES = join(root, 'tools', 'mutants', 'scores.json');

const report = z.object({
  files: z.record(
    z.string(),
    z.object({
      mutants: z.array(
        z.object({
          status: z.string(),
          mutatorName: z.string(),
          replacement: z.string().optional(),
          location: z.object({ start: z.object({ line: z.int(), column: z.int() }) }),
        }),
      ),
    }),
  ),
});

/** What was found in one file. */
const score = z.object({ mutants: z.int(), found: z.int(), missed: z.int(), percent: z.number() });
type Score = z.infer<typeof score>;

/**
 * Mutation testing: changes the rules and verifiers in many small ways and sees which changes no test notices. Arguments
 * choose files: those whose path contains one of them. Not part of the check: it takes an hour.
 */
async function findMutants(filters: readonly string[]): Promise<number> {
  const chosen = findTargets(root).filter(
    ({ file }) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
  );
  if (chosen.length === 0) {
    console.error(`sekisho: error: no target matches ${filters.join(', ')}`);
    return 1;
  }
  setPriority(NICE);
  mkdirSync(KEPT, { recursive: true });
  const copy = makeWorkCopy(root);
  mkdirSync(join(copy.folder, 'tmp'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      running?.kill();
      copy.remove();
      process.exit(130);
    });
  let worst = 0;
  try {
    for (const target of chosen) {
      const found = await mutate(copy.folder, target);
      if (found === undefined || found.percent < SCORE_MIN) worst = 1;
      if (found !== undefined) keepScore(target.file, found);
    }
  } finally {
    copy.remove();
  }
  return worst;
}

/** One file; undefined when Stryker itself failed. */
async function mutate(folder: string, target: Target): Promise<Score | undefined> {
  const name = target.file.replace(/^packages\//, '').replaceAll('/', '-');
  const json = join(KEPT, `${name}.json`);
  const config = {
    testRunner: 'warm',
    plugins: [join(root, 'tools/mutants/warm-runner.ts')],
    warm: { testFiles: target.tests.map((test) => join(folder, test)) },
    warnings: { unknownOptions: false, slow: false },
    mutate: [target.file],
    inPlace: true,
    disableTypeChecks: false,
    checkers: [],
    concurrency: 1,
    timeoutMS: MUTANT_TIMEOUT_MS,
    reporters: ['json', 'progress-append-only'],
    logLevel: 'warn',
    jsonReporter: { fileName: json },
    allowConsoleColors: false,
  };
  writeFileSync(join(folder, 'stryker.config.json'), JSON.stringify(config));
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const code = await run([stryker, 'run', 'stryker.config.json'], folder);
  if (code !== 0 || !existsSync(json)) {
    console.error(`${target.file}: Stryker ended with ${code}`);
    return undefined;
  }
  const { files } = report.parse(JSON.parse(readFileSync(json, 'utf8')));
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  const of = (...states: readonly string[]) => mutants.filter(({ status }) => states.includes(status));
  const found = of('Killed', 'Timeout').length;
  const missed = of('Survived', 'NoCoverage');
  const percent = Math.round((1000 * found) / Math.max(1, found + missed.length)) / 10;
  console.log(`${target.file}: ${percent} % of ${found + missed.length} mutants found`);
  for (const { location, mutatorName, replacement, status } of missed) {
    const { line, column } = location.start;
    console.log(
      `  ${basename(target.file)}:${line}:${column} ${status} ${mutatorName}: ${replacement ?? ''}`,
    );
  }
  return { mutants: found + missed.length, found, missed: missed.length, percent };
}

/** The scores are in git; each run brings those of its files up to date. */
function keepScore(file: string, found: Score): void {
  const before = existsSync(SCORES)
    ? z.record(z.string(), score).parse(JSON.parse(readFileSync(SCORES, 'utf8')))
    : {};
  const all = Object.entries({ ...before, [file]: found }).sort(([a], [b]) => a.localeCompare(b));
  mkdirSync(dirname(SCORES), { recursive: true });
  writeFileSync(SCORES, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

let running: ChildProcess | undefined;

function run(args: readonly string[], folder: string): Promise<number> {
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    // what a test leaves behind when its process is ended goes with the copy
    TMPDIR: join(folder, 'tmp'),
    // stripped types and compiled code are kept between processes
    NODE_COMPILE_CACHE: join(folder, '.compile-cache'),
  };
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  running = child;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await findMutants(process.argv.slice(2));
