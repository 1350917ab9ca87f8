import type { Language } from '@sekisho/core/language.ts';
import type { Words } from '@sekisho/core/words/en.ts';
import type { RemoteWish } from './client/remote.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Format } from './output/format.ts';
import type { Style } from './output/style.ts';

/** What every verb gets: the outside world, the language and the global flags. */
export interface Cli {
  readonly io: Io;
  readonly language: Language;
  readonly words: Words;
  readonly format: Format;
  /** Colours of standard output, and of standard error. */
  readonly style: Style;
  readonly errorStyle: Style;
  readonly json: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  /** A server on another machine; undefined: that of this one. */
  readonly remote?: RemoteWish | undefined;
  /** The words after `sekisho`, for corrected commands in hints. */
  readonly argv: readonly string[];
}

/** What a verb ends with. */
export interface VerbResult {
  /** The one document that `--json` prints; undefined when it was printed already (a daemon that became ready). */
  readonly json: unknown;
  /** The lines people read. */
  readonly text: readonly string[];
  /** The value itself, which `--quiet` prints alone; nothing when there is none. */
  readonly bare?: string;
  readonly exitCode?: ExitCode;
}

/** A line on standard error that is neither result nor refusal: progress, warnings, what to do next. */
export function note(cli: Cli, line: string): void {
  if (cli.json || cli.quiet) return;
  cli.io.stderr.write(`${line}\n`);
}

/** A line on standard output while the verb still runs. */
export function say(cli: Cli, line: string): void {
  if (cli.json || cli.quiet) return;
  cli.io.stdout.write(`${line}\n`);
}

/** The one JSON document of a verb that goes on running: printed when it is ready. */
export function sayJson(cli: Cli, document: unknown): void {
  if (cli.json) cli.io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
