import fc from 'fast-check';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { RunAnswer, RunRequest, TestOutcome } from './host-messages.ts';
import { kept } from './test-shim.ts';

/** What Stryker's code in the mutated file reads and writes. */
interface Switch {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: RunAnswer['coverage'];
}
const mutants: Switch = {};
Object.assign(globalThis, { __stryker__: mutants });

/** A test that found a mutant has done its work: the smallest example is of no use. */
fc.configureGlobal({ endOnFailure: true });

const shim = new URL('./test-shim.ts', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'node:test' ? { url: shim, shortCircuit: true } : next(name, context),
});

/**
 * A process that loads test files once and runs their tests as often as it is asked: `test-host.ts FILE…`, driven over IPC.
 * A mutant in the environment is active from the beginning, in what is done while loading, too.
 */
const problem = await load().catch((error: unknown) => String(error));
process.on('message', (request: RunRequest) => void run(request).then((answer) => process.send?.(answer)));
process.on('disconnect', () => void end());
process.send?.(problem);

async function load(): Promise<string> {
  for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
  for (const act of kept.before) await act();
  return 'loaded';
}

async function run({ tests, mutant }: RunRequest): Promise<RunAnswer> {
  const byTitle = new Map(kept.tests.map((one) => [one.title, one]));
  const wanted = tests ?? kept.tests.map(({ title }) => ({ title, hitsMax: Number.MAX_SAFE_INTEGER }));
  const outcomes: TestOutcome[] = [];
  let isEndless = false;
  for (const { title, hitsMax } of wanted) {
    Object.assign(mutants, { activeMutant: mutant, hitCount: 0, hitLimit: hitsMax, currentTestId: title });
    const startMs = performance.now();
    const failure = await failureOf(byTitle.get(title)!.act);
    outcomes.push({ title, spentMs: Math.round(performance.now() - startMs), failure });
    Object.assign(mutants, { activeMutant: undefined, currentTestId: undefined });
    isEndless = (mutants.hitCount ?? 0) > hitsMax;
    if (failure !== undefined || isEndless) break;
  }
  return { outcomes, isEndless, coverage: mutants.mutantCoverage ?? { static: {}, perTest: {} } };
}

async function failureOf(act: () => unknown): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return String(error).slice(0, 500);
  }
}

async function end(): Promise<void> {
  for (const act of kept.after) await act();
  process.exit(0);
}
