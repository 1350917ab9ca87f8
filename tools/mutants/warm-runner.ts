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
import type { RunAnswer, RunRequest } from './host-messages.ts';

/** A mutant that never ends is ended; long, so that a busy machine finds no mutants by being slow. */
const RUN_TIMEOUT_MS = 30_000;
/** Stryker calls a mutant endless after a hundred times what all tests pass its place; a twentieth of that is enough, and seconds. */
const HIT_LIMIT_DIVISOR = 20;
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
  /** Titles of all tests, the fastest first. */
  #order: readonly string[] = [];

  constructor(options: unknown) {
    this.#files = z
      .object({ warm: z.object({ testFiles: z.array(z.string()) }) })
      .parse(options).warm.testFiles;
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  async dryRun(): Promise<DryRunResult> {
    const answer = await (
      await this.#warm()
    ).run({ tests: undefined, mutant: undefined, hitLimit: undefined });
    if (typeof answer === 'string') return { status: DryRunStatus.Error, errorMessage: answer };
    this.#order = inOrder(answer);
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

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    const warm = await this.#warm();
    if (this.#order.length === 0) {
      const all = await warm.run({ tests: undefined, mutant: undefined, hitLimit: undefined });
      if (typeof all !== 'string') this.#order = inOrder(all);
    }
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    const tests = this.#order.filter((title) => wanted?.has(title) ?? true);
    const request = {
      tests,
      mutant: activeMutant.id,
      hitLimit: hitLimit === undefined ? undefined : hitLimit / HIT_LIMIT_DIVISOR,
    };
    const answer = await warm.run(request);
    if (answer === TIMED_OUT) {
      this.#drop();
      return resultOf(answer);
    }
    const killer = typeof answer === 'string' ? undefined : answer.outcomes.at(-1);
    if (killer?.failure !== undefined) {
      const clean = await warm.run({ tests: [killer.title], mutant: undefined, hitLimit: undefined });
      if (typeof clean !== 'string' && clean.outcomes.every(({ failure }) => failure === undefined))
        return resultOf(answer);
    }
    if (typeof answer === 'string' || killer?.failure !== undefined) this.#drop();
    return this.#cold(request);
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
    const answer = await host.run(request);
    host.end();
    return resultOf(answer);
  }
}

const inOrder = ({ outcomes }: RunAnswer): string[] =>
  [...outcomes].sort((a, b) => a.spentMs - b.spentMs).map(({ title }) => title);

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
    this.loaded = this.#answer().then((answer) => (answer === 'loaded' ? undefined : String(answer)));
  }

  /** A text instead of an answer: why there is none. */
  async run(request: RunRequest): Promise<RunAnswer | string> {
    this.#child.send(request);
    return (await this.#answer()) as RunAnswer | string; // from our own host
  }

  /** Lets the host put away what its tests made; it is not waited for. */
  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        settle(TIMED_OUT);
      }, RUN_TIMEOUT_MS);
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
