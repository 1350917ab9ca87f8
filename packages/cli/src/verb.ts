import type { Words } from '@sekisho/core/words/en.ts';
import type { Cli, VerbResult } from './cli.ts';
import type { Flag, FlagValues } from './flag.ts';

type VerbWords = Words['verbs'];
/** The path of a verb: `host list`. Every one has its help in every language. */
export type VerbPath = keyof VerbWords;
type ArgSpecs<Path extends VerbPath> = Readonly<Record<keyof VerbWords[Path]['args'], string>>;
type FlagSpecs<Path extends VerbPath> = Readonly<Record<keyof VerbWords[Path]['flags'], Flag<unknown>>>;

/** What a verb is run with: arguments by name (undefined when an optional one was left out), flags parsed. */
export interface VerbInput<Args, Flags> {
  readonly cli: Cli;
  readonly args: Readonly<Record<keyof Args, string | undefined>>;
  /** All values of the last argument when it is repeatable. */
  readonly rest: readonly string[];
  readonly flags: FlagValues<Flags>;
}

/** One verb as the program sees it. */
export interface Verb {
  readonly path: VerbPath;
  /** Argument specs in order: `<host>`, `[path]`, `<points...>`. */
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, Flag<unknown>>>;
  /** Command lines; what each shows is in the words, under the same key. */
  readonly examples: Readonly<Record<string, string>>;
  run(cli: Cli, args: readonly unknown[], options: Readonly<Record<string, unknown>>): Promise<VerbResult>;
}

/** Declares a verb; arguments, flags and examples must be those that have words. */
export function defineVerb<Path extends VerbPath, Flags extends FlagSpecs<Path>>(spec: {
  readonly path: Path;
  readonly args: ArgSpecs<Path>;
  readonly flags: Flags;
  readonly examples: Readonly<Record<keyof VerbWords[Path]['examples'], string>>;
  readonly run: (input: VerbInput<ArgSpecs<Path>, Flags>) => Promise<VerbResult>;
}): Verb {
  const args: Readonly<Record<string, string>> = spec.args;
  const flags: Readonly<Record<string, Flag<unknown>>> = spec.flags;
  return {
    path: spec.path,
    args,
    flags,
    examples: spec.examples,
    run: (cli, given, options) => {
      const values = Object.fromEntries(
        Object.entries(flags).map(([key, flag]) => [
          key,
          flag.read(options[attributeName(flag.spec)], longName(flag.spec)),
        ]),
      );
      const named = Object.fromEntries(
        Object.keys(args).map((key, at) => [key, typeof given[at] === 'string' ? given[at] : undefined]),
      );
      const last: unknown = given[Object.keys(args).length - 1];
      return spec.run({
        cli,
        args: named as Readonly<Record<keyof ArgSpecs<Path>, string | undefined>>,
        rest: Array.isArray(last) ? last.filter((one) => typeof one === 'string') : [],
        // each value was read by the flag of the same key, one line above
        flags: values as FlagValues<Flags>,
      });
    },
  };
}

/** `--uses <n>` → `--uses`. */
export const longName = (spec: string): string => /--[a-z0-9-]+/.exec(spec)?.[0] ?? spec;

/** `--as-schedule <name>` → `asSchedule`: where commander keeps the value. */
export const attributeName = (spec: string): string =>
  longName(spec)
    .slice(2)
    .replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
