import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import type {
  DryRunResult,
  MutantRunOptions,
  MutantRunResult,
  TestRunner,
  TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner';
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunAnswer, RunOfTest, RunRequest } from './host-messages.ts';

/** Tests that never end are ended; late, so that a busy machine finds no mutants by being slow. */
const LOAD_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 10_000;
/** Beside that: so many times what the tests take without a mutant. */
const RUN_TIMEOUT_FACTOR = 10;
/** In a test that passes a mutant's place more than so many times as often as without the mutant, it is endless. */
const HITS_FACTOR = 10;
const HITS_MIN = 1000;
const HOST = join(import.meta.dirname, 'test-host.ts');

/**
 * Runs the tests of a target in a process that has loaded them already: most mutants are found there, in milliseconds. A
 * finding counts only when the same test passes without the mutant afterwards. What is not found there, or left something
 * behind, is tried again in a process of its own in which the mutant is active from the beginning: that one decides.
 */
class WarmRunner implements TestRunner {
  static readonly inject = ['options'] as const;
  readonly #files: readonly string[];
  #host: Host | undefined;
  /** The tests as they run without a mutant. */
  #plain: RunAnswer | undefined;

  constructor(options: unknown) {
    this.#files = z
      .object({ warm: z.object({ testFiles: z.array(z.string()) }) })
      .parse(options).warm.testFiles;
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  async dryRun(): Promise<DryRunResult> {
    const answer = await (await this.#warm()).run({ tests: undefined, mutant: undefined }, LOAD_TIMEOUT_MS);
    if (typeof answer === 'string') return { status: DryRunStatus.Error, errorMessage: answer };
    this.#plain = answer;
    return {
      status: DryRunStatus.Complete,
      mutantCoverage: answer.coverage,
      tests: answer.outcomes.map(({ title, spentMs, failure }) => ({
        id: title,
        name: title,
        timeSpentMs: spentMs,
        ...(failure === undefined
          ? { status: TestStatus.Success }
          : { status: TestStatus.Failed, failureMessage: failure }),
      })),
    };
  }

  async mutantRun({ activeMutant: { id }, testFilter }: MutantRunOptions): Promise<MutantRunResult> {
    if (this.#plain === undefined) await this.dryRun();
    const warm = await this.#warm();
    const request = { tests: this.#testsFor(id, testFilter), mutant: id };
    const answer = await warm.run(request, this.#timeoutMs());
    if (answer === TIMED_OUT) {
      this.#drop();
      return resultOf(answer);
    }
    const killer = typeof answer === 'string' ? undefined : answer.outcomes.at(-1);
    if (killer?.failure !== undefined) {
      const alone = { tests: [{ ...killer, hitsMax: Number.MAX_SAFE_INTEGER }], mutant: undefined };
      const clean = await warm.run(alone, this.#timeoutMs());
      if (typeof clean !== 'string' && clean.outcomes.every(({ failure }) => failure === undefined))
        return resultOf(answer);
    }
    if (typeof answer === 'string' || killer?.failure !== undefined) this.#drop();
    return this.#cold(request);
  }

  /** The tests that pass the mutant's place (all, when that is done while loading), the fastest first. */
  #testsFor(mutant: string, titles: readonly string[] | undefined): RunOfTest[] {
    const { outcomes = [], coverage } = this.#plain ?? {};
    const wanted = titles === undefined ? undefined : new Set(titles);
    return outcomes
      .filter(({ title }) => wanted?.has(title) ?? true)
      .sort((a, b) => a.spentMs - b.spentMs)
      .map(({ title }) => {
        const hits = coverage?.perTest[title]?.[mutant] ?? 0;
        return { title, hitsMax: HITS_MIN + HITS_FACTOR * hits };
      });
  }

  #timeoutMs(): number {
    const spentMs = this.#plain?.outcomes.reduce((sum, one) => sum + one.spentMs, 0) ?? 0;
    return RUN_TIMEOUT_MS + RUN_TIMEOUT_FACTOR * spentMs;
  }

  dispose(): Promise<void> {
    this.#drop();
    return Promise.resolve();
  }

  async #warm(): Promise<Host> {
    this.#host ??= new Host(this.#files, undefined);
    const problem = await this.#host.loaded;
    if (problem !== undefined) throw new Error(problem);
    return this.#host;
  }

  #drop(): void {
    this.#host?.end();
    this.#host = undefined;
  }

  async #cold(request: RunRequest): Promise<MutantRunResult> {
    const host = new Host(this.#files, request.mutant);
    const problem = await host.loaded;
    if (problem !== undefined) return { status: MutantRunStatus.Error, errorMessage: problem };
    const answer = await host.run(request, this.#timeoutMs());
    host.end();
    return resultOf(answer);
  }
}

function resultOf(answer: RunAnswer | string): MutantRunResult {
  if (answer === TIMED_OUT) return { status: MutantRunStatus.Timeout };
  if (typeof answer === 'string')
    return { status: MutantRunStatus.Killed, killedBy: [], failureMessage: answer, nrOfTests: 0 };
  if (answer.isEndless) return { status: MutantRunStatus.Timeout };
  const { length } = answer.outcomes;
  const last = answer.outcomes.at(-1);
  return last?.failure === undefined
    ? { status: MutantRunStatus.Survived, nrOfTests: length }
    : {
        status: MutantRunStatus.Killed,
        killedBy: [last.title],
        failureMessage: last.failure,
        nrOfTests: length,
      };
}

const TIMED_OUT = 'the tests did not end';

/** A test host's process. */
class Host {
  readonly #child: ChildProcess;
  /** Undefined when the files are loaded, else why they are not. */
  readonly loaded: Promise<string | undefined>;

  constructor(files: readonly string[], mutant: string | undefined) {
    this.#child = fork(HOST, files, {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, ...(mutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: mutant }) },
    });
    this.loaded = this.#answer(LOAD_TIMEOUT_MS).then((answer) =>
      answer === 'loaded' ? undefined : String(answer),
    );
  }

  /** A text instead of an answer: why there is none. */
  async run(request: RunRequest, timeoutMs: number): Promise<RunAnswer | string> {
    this.#child.send(request);
    return (await this.#answer(timeoutMs)) as RunAnswer | string; // from our own host
  }

  /** Lets the host put away what its tests made; it is not waited for. */
  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #answer(timeoutMs: number): Promise<unknown> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        settle(TIMED_OUT);
      }, timeoutMs);
      const onExit = (code: number | null): void =>
        settle(`the tests' process ended with ${code ?? 'a signal'}`);
      const settle = (answer: unknown): void => {
        clearTimeout(timer);
        this.#child.off('message', settle);
        this.#child.off('exit', onExit);
        resolve(answer);
      };
      this.#child.once('message', settle);
      this.#child.once('exit', onExit);
    });
  }
}

/** @source https://stryker-mutator.io/docs/stryker-js/guides/create-a-plugin */
export const strykerPlugins = [{ kind: 'TestRunner', name: 'warm', injectableClass: WarmRunner }];
