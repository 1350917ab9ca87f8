import { fill } from '@sekisho/core/errors.ts';
import type { Words } from '@sekisho/core/words/en.ts';
import { Option } from 'commander';
import { serverData } from './client/data-folder.ts';
import { REMOTE_OPTIONS } from './client/remote.ts';
import { SekishoCommand } from './command.ts';
import type { Flag } from './flag.ts';
import { longName, type Verb, type VerbPath } from './verb.ts';
import { VERBS } from './verbs.ts';

/** Called for the verb that the command line names. */
export type RunVerb = (
  verb: Verb,
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** Help of one verb in one language, as the typed words give it. */
interface VerbHelp {
  readonly summary: string;
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, string>>;
  readonly examples: Readonly<Record<string, string>>;
}

/** Verbs that read or write this machine's own data folder: no server can be asked to. A test holds the list. */
export const LOCAL_VERBS: readonly string[] = [
  'server init',
  'server join',
  'server run',
  'config show',
  'db migrate',
];

/** Does the verb administer a management server, here or on another machine? One with a `--server` of its own does not. */
export const isAdministrative = (verb: Verb): boolean =>
  Object.values(verb.flags).includes(serverData) &&
  !Object.values(verb.flags).some(({ spec }) => longName(spec) === '--server');

/** Where a newcomer begins. */
const FIRST_STEPS: readonly VerbPath[] = ['demo', 'server init', 'server run', 'agent setup'];

/** The whole tree `sekisho <noun> <verb>` with help in one language. */
export function buildProgram(
  words: Words,
  given: readonly string[],
  version: string,
  run: RunVerb,
): SekishoCommand {
  const { help } = words;
  const program = new SekishoCommand('sekisho', words, given);
  program
    .description(help.about)
    .helpOption('-h, --help', help.helpFlag)
    .version(version, '-V, --version', help.versionFlag)
    .option('--json', help.jsonFlag)
    .option('-y, --yes', help.yesFlag)
    .option('-q, --quiet', help.quietFlag)
    .addHelpText('after', () => firstExamples(words, ({ path }) => FIRST_STEPS.includes(path)))
    .addHelpText('after', () => footer(words))
    .exitOverride();
  program.helpCommand('help [command]', help.helpCommand);
  for (const [noun, summary] of Object.entries(words.nouns)) {
    program
      .command(noun)
      .description(summary)
      .helpOption('-h, --help', help.helpFlag)
      .helpCommand(false)
      .addHelpText('after', () => firstExamples(words, (verb) => verb.path.startsWith(`${noun} `)))
      .exitOverride();
  }
  for (const verb of VERBS) addVerb(program, words, verb, run);
  return program;
}

function addVerb(program: SekishoCommand, words: Words, verb: Verb, run: RunVerb): void {
  const help: VerbHelp = words.verbs[verb.path];
  const path = verb.path.split(' ');
  const name = path.at(-1) ?? verb.path;
  const noun = path.length > 1 ? program.commands.find((one) => one.name() === path[0]) : undefined;
  const command = (noun ?? program).command(name);
  command.summary(help.summary).description(help.summary).helpOption('-h, --help', words.help.helpFlag);
  command.exitOverride();
  for (const [key, spec] of Object.entries(verb.args)) command.argument(spec, help.args[key]);
  for (const [key, flag] of Object.entries(verb.flags)) {
    command.addOption(optionOf(flag, help.flags[key] ?? '', words));
  }
  // shown once, in the help of the program
  if (isAdministrative(verb))
    for (const spec of Object.values(REMOTE_OPTIONS))
      if (!Object.values(verb.flags).some((flag) => flag.spec === spec))
        command.addOption(new Option(spec).hideHelp());
  command.addHelpText('after', () => examplesText(words, verb, help));
  command.action((...given: unknown[]) => run(verb, given.slice(0, -2), command.opts()));
}

function optionOf(flag: Flag<unknown>, description: string, words: Words): Option {
  const facts = [
    ...(flag.required === true ? [words.help.required] : []),
    ...(flag.choices === undefined ? [] : [fill(words.help.choices, { choices: flag.choices.join(', ') })]),
    ...(flag.defaultText === undefined ? [] : [fill(words.help.default, { value: flag.defaultText })]),
  ];
  const option = new Option(
    flag.spec,
    facts.length === 0 ? description : `${description} (${facts.join('; ')})`,
  );
  if (flag.required === true) option.makeOptionMandatory();
  if (flag.hidden === true) option.hideHelp();
  if (flag.repeatable === true) {
    option.argParser((value: string, all: readonly string[] | undefined) => [...(all ?? []), value]);
  }
  return option;
}

function examplesText(words: Words, verb: Verb, help: VerbHelp): string {
  const lines = Object.entries(verb.examples).flatMap(([key, line]) => [
    `  # ${help.examples[key] ?? ''}`,
    `  ${line}`,
  ]);
  return `\n${words.help.examples}\n${lines.join('\n')}`;
}

/** The first example of each of some verbs, under what the verb does. */
function firstExamples(words: Words, isWanted: (verb: Verb) => boolean): string {
  const lines = VERBS.filter(isWanted).flatMap(({ path, examples }) => [
    `  # ${words.verbs[path].summary}`,
    `  ${Object.values(examples)[0] ?? `sekisho ${path}`}`,
  ]);
  return `\n${words.help.examples}\n${lines.join('\n')}`;
}

function footer({ help }: Words): string {
  const codes = [help.exit0, help.exit1, help.exit2, help.exit3, help.exit130];
  return `\n${help.exitCodes}\n${codes.map((line) => `  ${line}`).join('\n')}\n\n${help.more}`;
}
