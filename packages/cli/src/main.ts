import { AppError } from '@sekisho/core/errors.ts';
import { CommanderError } from 'commander';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { z } from 'zod';
import { sayJson, type Cli, type VerbResult } from './cli.ts';
import { EXIT } from './exit-codes.ts';
import { processIo, type Io } from './io.ts';
import { languageOfEnvironment, wordsOf } from './language.ts';
import { createFormat } from './output/format.ts';
import { serverFolder } from './client/data-folder.ts';
import { remoteWish, REMOTE_OPTIONS, type RemoteWish } from './client/remote.ts';
import { quoteCommand } from './output/shell-quote.ts';
import { asRefusal, exitCodeOf, printRefusal } from './output/refusal.ts';
import { styleOf } from './output/style.ts';
import { buildProgram, isAdministrative, LOCAL_VERBS } from './program.ts';
import { longName, type Verb } from './verb.ts';

/** Runs one command line and gives its exit code. Nothing is thrown: every refusal is printed with words and hint. */
export async function runCli(given: readonly string[], io: Io): Promise<number> {
  const argv = hoistRemoteOptions(given);
  const language = languageOfEnvironment(io.env);
  const words = wordsOf(language);
  const base = {
    io,
    language,
    words,
    format: createFormat(language, io.timeZone),
    style: styleOf(io, io.stdout),
    errorStyle: styleOf(io, io.stderr),
    argv,
  };
  // read here too, so that a usage error is printed as asked
  const asked = globalFlags(argv);
  let exitCode: number = EXIT.done;
  const program = buildProgram(words, argv, await packageVersion(), async (verb, args, options) => {
    const remote = isAdministrative(verb) ? remoteWish(options, io.env) : undefined;
    const cli: Cli = { ...base, ...asked, remote };
    if (remote !== undefined && LOCAL_VERBS.includes(verb.path)) refuseRemote(cli, verb, remote, options);
    const result = await verb.run(cli, args, options);
    printResult(cli, result);
    exitCode = result.exitCode ?? EXIT.done;
  });
  const width = io.stdout.columns;
  program.configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    getOutHelpWidth: () => Math.max(60, width ?? 100),
    getErrHelpWidth: () => Math.max(60, width ?? 100),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const noun of program.commands) {
    noun.copyInheritedSettings(program);
    for (const verb of noun.commands) verb.copyInheritedSettings(program);
  }
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const refusal = asRefusal(error);
    printRefusal({ ...base, ...asked }, refusal);
    if (refusal.code === 'INTERNAL' && !asked.json) printCause(io, refusal.cause);
    return exitCodeOf(refusal);
  }
}

/** A verb of this machine alone, while a server elsewhere is named: by an option, or by a variable that may be forgotten. */
function refuseRemote(
  cli: Cli,
  verb: Verb,
  remote: RemoteWish,
  options: Readonly<Record<string, unknown>>,
): void {
  const command = `sekisho ${verb.path}`;
  if (remote.isFlag) throw new AppError('USAGE_LOCAL_ONLY', { command });
  if (options['data'] !== undefined || options['agentData'] !== undefined) return;
  const corrected = quoteCommand(['sekisho', ...cli.argv, '--data', serverFolder(cli, undefined)]);
  throw new AppError('USAGE_LOCAL_ONLY_VARIABLE', { command, corrected });
}

/** `sekisho --server URL host list` means `sekisho host list --server URL`. */
function hoistRemoteOptions(argv: readonly string[]): readonly string[] {
  const names = Object.values(REMOTE_OPTIONS).map(longName);
  let at = 0;
  while (
    at < argv.length &&
    names.some((name) => argv[at] === name || argv[at]?.startsWith(`${name}=`) === true)
  )
    at += names.includes(argv[at] ?? '') ? 2 : 1;
  const [leading, rest] = [argv.slice(0, at), argv.slice(at)];
  const end = rest.indexOf('--');
  return end === -1 ? [...rest, ...leading] : [...rest.slice(0, end), ...leading, ...rest.slice(end)];
}

function globalFlags(argv: readonly string[]): { json: boolean; yes: boolean; quiet: boolean } {
  const end = argv.indexOf('--');
  const before = end === -1 ? argv : argv.slice(0, end);
  const given = (...names: readonly string[]): boolean => before.some((word) => names.includes(word));
  return { json: given('--json'), yes: given('--yes', '-y'), quiet: given('--quiet', '-q') };
}

function printResult(cli: Cli, result: VerbResult): void {
  if (cli.json) {
    if (result.json !== undefined) sayJson(cli, result.json);
  } else if (cli.quiet) {
    if (result.bare !== undefined) cli.io.stdout.write(`${result.bare}\n`);
  } else if (result.text.length > 0) {
    cli.io.stdout.write(`${result.text.join('\n')}\n`);
  }
}

/** What only somebody who mends the program can use; stack and cause, on standard error. */
function printCause(io: Io, cause: unknown): void {
  if (cause !== undefined) io.stderr.write(`${inspect(cause, { depth: 4 })}\n`);
}

async function packageVersion(): Promise<string> {
  const raw = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(raw)).version;
}

if (import.meta.main) {
  // a closed pipe (`sekisho … | head`) is the reader's wish, no failure
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done);
    process.stderr.write(`sekisho: error: standard output: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
  process.exitCode = await runCli(process.argv.slice(2), processIo());
}
