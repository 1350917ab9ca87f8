import { AppError, fill } from '@sekisho/core/errors.ts';
import { lstat, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { note, say, sayJson, type Cli } from '../cli.ts';
import { codeOf } from '../client/data-folder.ts';
import { openServer } from '../client/open-server.ts';
import { quoteWord } from '../output/shell-quote.ts';
import { visible } from '../output/table.ts';
import { ChildProcesses, lastLines } from './child-processes.ts';
import { makeDemoFolder, releaseDemoFolder, repositoryFolder, type DemoFolder } from './demo-folder.ts';
import { makeDomain } from './make-domain.ts';
import { Narrator } from './narrator.ts';
import { proveBackup, type DemoProof, type DemoSource } from './prove-backup.ts';

export interface DemoOptions {
  /** What to back up; the files of this repository when undefined. */
  readonly path: string | undefined;
  readonly folder: string | undefined;
  /** Stop after the proof. */
  readonly once: boolean;
}

/** What every step of the demo has at hand. */
export interface Demo {
  readonly cli: Cli;
  readonly narrator: Narrator;
  readonly folder: DemoFolder;
  readonly processes: ChildProcesses;
  /** Somebody asked to stop. */
  readonly signal: AbortSignal;
}

/** In the repository, what no newcomer would call its files. */
const REPOSITORY_LEAVES_OUT = ['node_modules', '.sekisho', '.git', 'coverage'];

/**
 * The main job, for real: domain, server, host, plan, backup, restore, comparison byte for byte. Every process it starts is
 * stopped, whatever happens. Refusals: DEMO_…, RESTIC_MISSING, INTERRUPTED, and those of the commands it runs.
 */
export async function runDemo(cli: Cli, options: DemoOptions): Promise<void> {
  const source = await demoSource(cli, options.path);
  const { findRestic } = await import('@sekisho/media/restic/find-restic.ts');
  await findRestic(cli.io.env);
  const folder = await makeDemoFolder(cli, options.folder);
  const stopping = new AbortController();
  const release = cli.io.onStop(() => stopping.abort());
  const processes = new ChildProcesses(cli.io.clock, cli.io.env);
  const demo = { cli, narrator: new Narrator(cli), folder, processes, signal: stopping.signal };
  try {
    await showAndProve(demo, source, options.once);
  } catch (error) {
    if (error instanceof AppError && error.code === 'DEMO_PROCESS_ENDED') await showLastWords(cli, error);
    throw stopping.signal.aborted ? new AppError('INTERRUPTED', {}, { cause: error }) : error;
  } finally {
    try {
      await processes.stop();
      await releaseDemoFolder(folder);
    } finally {
      release();
    }
  }
  say(cli, fill(cli.words.demo.stopped, { folder: folder.root }));
}

async function showAndProve(demo: Demo, source: DemoSource, once: boolean): Promise<void> {
  const { cli, narrator, folder, processes, signal } = demo;
  const words = cli.words.demo;
  const startedMs = cli.io.clock.monotonicMs();
  narrator.line(cli.style.bold(words.title));
  narrator.line(fill(words.folderLine, { folder: folder.root }));
  narrator.line(visible(fill(words.sourceLine, { path: source.path })));
  const domain = await makeDomain(demo);
  const server = await openServer(cli, folder.server);
  let proof: DemoProof;
  try {
    proof = await proveBackup(demo, server.call, source);
  } finally {
    await server.close();
  }
  narrator.line();
  narrator.line(cli.style.green(cli.style.bold(words.proved)));
  const totalMs = cli.io.clock.monotonicMs() - startedMs;
  narrator.line(fill(words.totalTime, { duration: cli.format.duration(totalMs) }));
  sayJson(cli, { proved: true, domain, source: source.path, ...proof, totalMs, folder: folder.root });
  if (once) return;
  showAround(demo, domain.ports.http, proof.restored);
  while (!signal.aborted) {
    processes.assertRunning('server', 'agent');
    await cli.io.clock.sleep(1_000, signal);
  }
  narrator.line();
  narrator.line(words.stopping);
}

/** Where to look and what to try while it runs. */
function showAround({ cli, narrator, folder }: Demo, httpPort: number, restored: string): void {
  const words = cli.words.demo;
  const commands = [
    ['sekisho host list', words.tryHosts],
    ['sekisho point list', words.tryPoints],
    ['sekisho point browse latest', words.tryBrowse],
    ['sekisho backup run demo', words.tryBackup],
    ['sekisho cert revoke demo-host', words.tryRevoke],
  ] as const;
  narrator.line();
  narrator.line(fill(words.pageLine, { url: `http://127.0.0.1:${httpPort}/` }));
  narrator.line(fill(words.restoredAt, { folder: restored }));
  narrator.line();
  narrator.line(words.keepsRunning);
  narrator.line(`  cd ${quoteWord(repositoryFolder())}`);
  narrator.line(`  export SEKISHO_DATA=${quoteWord(folder.server)}`);
  for (const [command, what] of commands) {
    narrator.line(`  npx ${command.padEnd(32)}${cli.style.dim(`# ${what}`)}`);
  }
  narrator.line();
  narrator.line(words.stopLine);
}

/** What is protected: the real path, and what is left out of it. Refusal: DEMO_PATH_MISSING. */
async function demoSource(cli: Cli, named: string | undefined): Promise<DemoSource> {
  if (named === undefined) return { path: repositoryFolder(), leaveOut: REPOSITORY_LEAVES_OUT };
  const path = resolve(cli.io.cwd, named);
  try {
    const real = await realpath(path);
    await lstat(real);
    return { path: real, leaveOut: [] };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? ''))
      throw new AppError('DEMO_PATH_MISSING', { path });
    throw new AppError('FILE_NOT_READABLE', { path, reason: codeOf(error) ?? 'unknown' }, { cause: error });
  }
}

async function showLastWords(cli: Cli, error: AppError): Promise<void> {
  const { log, process } = error.params;
  note(cli, fill(cli.words.demo.lastWords, { process: process ?? '' }));
  for (const line of await lastLines(String(log))) note(cli, `  ${visible(line)}`);
}
