import { AppError } from '@sekisho/core/errors.ts';
import type { Words } from '@sekisho/core/words/en.ts';
import { Command, Help, Option, type HelpContext } from 'commander';
import stringWidth from 'string-width';
import { nearest } from '@sekisho/core/nearest.ts';
import { REMOTE_OPTIONS } from './client/remote.ts';
import { quoteCommand } from './output/shell-quote.ts';

/**
 * commander's command, with refusals as AppError (so in both languages, with the corrected command) in place of its own
 * English messages. The overridden methods without `override` are not in commander's typings; a test proves that each is
 * still the one that commander calls.
 */
export class SekishoCommand extends Command {
  readonly words: Words;
  /** The words after `sekisho`, for corrected commands. */
  readonly given: readonly string[];

  constructor(name: string, words: Words, given: readonly string[]) {
    super(name);
    this.words = words;
    this.given = given;
  }

  override createCommand(name?: string): SekishoCommand {
    return new SekishoCommand(name ?? '', this.words, this.given);
  }

  override createHelp(): Help {
    return Object.assign(new SekishoHelp(this.words), this.configureHelp());
  }

  /** commander asks for help as an error when the verb is missing. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === 'object' && context.error === true) {
      throw new AppError('USAGE_VERB_MISSING', {
        command: pathOf(this),
        choices: this.verbNames().join(', '),
        help: `${pathOf(this)} --help`,
      });
    }
    return super.help();
  }

  unknownCommand(): never {
    const given = this.args[0] ?? '';
    const turned = this.turnedRound();
    if (turned !== undefined) {
      throw new AppError('USAGE_COMMAND_MISSPELT', { given: `${pathOf(this)} ${given}`, corrected: turned });
    }
    const meant = nearest(given, this.verbNames());
    if (meant === undefined) {
      throw new AppError('USAGE_COMMAND_UNKNOWN', {
        given: `${pathOf(this)} ${given}`,
        help: `${pathOf(this)} --help`,
      });
    }
    throw new AppError('USAGE_COMMAND_MISSPELT', {
      given: `${pathOf(this)} ${given}`,
      corrected: this.corrected(given, meant),
    });
  }

  unknownOption(flag: string): never {
    const command = pathOf(this);
    if (/^--token(=|$)/.test(flag)) throw new AppError('USAGE_SECRET_IN_ARGUMENTS');
    if (/^--(server|api-key-file)(=|$)/.test(flag)) throw new AppError('USAGE_LOCAL_ONLY', { command });
    const candidates = [...this.options, ...this.globals()].flatMap(({ long, hidden }) =>
      long != null && !hidden ? [long] : [],
    );
    const meant = flag.startsWith('--') ? nearest(flag, candidates) : undefined;
    if (meant === undefined) {
      throw new AppError('USAGE_OPTION_UNKNOWN', { command, given: flag, help: `${command} --help` });
    }
    throw new AppError('USAGE_OPTION_MISSPELT', {
      command,
      given: flag,
      corrected: this.corrected(flag, meant),
    });
  }

  missingArgument(name: string): never {
    throw new AppError('USAGE_ARGUMENT_MISSING', {
      command: pathOf(this),
      argument: `<${name}>`,
      usage: this.createHelp().commandUsage(this),
    });
  }

  optionMissingArgument(option: Option): never {
    throw new AppError('USAGE_OPTION_VALUE_MISSING', {
      option: option.flags,
      help: `${pathOf(this)} --help`,
    });
  }

  missingMandatoryOptionValue(option: Option): never {
    const command = pathOf(this);
    throw new AppError('USAGE_OPTION_MISSING', { command, option: option.flags, help: `${command} --help` });
  }

  _excessArguments(received: readonly string[]): never {
    throw new AppError('USAGE_ARGUMENTS_EXCESS', {
      command: pathOf(this),
      given: received.slice(this.registeredArguments.length).join(' '),
      usage: this.createHelp().commandUsage(this),
    });
  }

  private globals(): readonly Option[] {
    return this.parent === null ? [] : rootOf(this).options;
  }

  private verbNames(): string[] {
    return this.createHelp()
      .visibleCommands(this)
      .map((command) => command.name())
      .filter((name) => name !== 'help');
  }

  /** `sekisho list hosts` means `sekisho host list`. */
  private turnedRound(): string | undefined {
    const [verb = '', second = '', ...others] = this.args;
    const noun = this.commands.find((one) => one.name() === second.replace(/s$/, ''));
    if (this.parent !== null || noun?.commands.some((one) => one.name() === verb) !== true) return undefined;
    return quoteCommand(['sekisho', noun.name(), verb, ...others]);
  }

  private corrected(wrong: string, right: string): string {
    const at = this.given.findIndex((word) => word === wrong || word.startsWith(`${wrong}=`));
    const words = this.given.map((word, index) =>
      index === at ? `${right}${word.slice(wrong.length)}` : word,
    );
    return quoteCommand(['sekisho', ...words]);
  }
}

/** Help in the language of the locale, aligned in terminal cells. */
class SekishoHelp extends Help {
  readonly words: Words;

  constructor(words: Words) {
    super();
    this.words = words;
    this.showGlobalOptions = true;
    this.sortSubcommands = false;
  }

  override displayWidth(text: string): number {
    return stringWidth(text);
  }

  /** The version belongs to the program, not to each command. */
  override visibleGlobalOptions(command: Command): Option[] {
    return super.visibleGlobalOptions(command).filter(({ long }) => long !== '--version');
  }

  override commandUsage(command: Command): string {
    const args = command.registeredArguments.map((argument) => this.argumentSpec(argument));
    const verb = command.commands.length > 0 ? [this.words.help.usageCommand] : [];
    return [pathOf(command), ...verb, ...args, this.words.help.usageOptions].join(' ');
  }

  override subcommandTerm(command: Command): string {
    return [command.name(), ...command.registeredArguments.map((one) => this.argumentSpec(one))].join(' ');
  }

  override argumentTerm(argument: Command['registeredArguments'][number]): string {
    return this.argumentSpec(argument);
  }

  /** How to administer a server on another machine: every administrative command takes these. */
  override visibleOptions(command: Command): Option[] {
    const options = super.visibleOptions(command);
    if (command.parent !== null) return options;
    const { serverFlag, caFingerprintFlag, apiKeyFileFlag } = this.words.help;
    return [
      ...options,
      new Option(REMOTE_OPTIONS.server, serverFlag),
      new Option(REMOTE_OPTIONS.caFingerprint, caFingerprintFlag),
      new Option(REMOTE_OPTIONS.apiKeyFile, apiKeyFileFlag),
    ];
  }

  override optionDescription(option: Option): string {
    return option.description;
  }

  override styleTitle(title: string): string {
    const { help } = this.words;
    switch (title) {
      case 'Usage:':
        return help.usage;
      case 'Arguments:':
        return help.arguments;
      case 'Options:':
        return help.options;
      case 'Global Options:':
        return help.globalOptions;
      case 'Commands:':
        return help.commands;
      default:
        return title;
    }
  }

  private argumentSpec(argument: Command['registeredArguments'][number]): string {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  }
}

/** `sekisho host list` of a command. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent));
