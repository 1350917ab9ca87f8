import type { Language } from '@sekisho/core/language.ts';
import type { Cli } from '../cli.ts';
import { wordsOf } from '../language.ts';
import { createFormat } from '../output/format.ts';
import { styleOf } from '../output/style.ts';
import type { FakeTerminal } from './fake-terminal.ts';

/** What a verb gets on a fake terminal. */
export function cliFor({ io }: FakeTerminal, language: Language = 'en'): Cli {
  return {
    io,
    language,
    words: wordsOf(language),
    format: createFormat(language, io.timeZone),
    style: styleOf(io, io.stdout),
    errorStyle: styleOf(io, io.stderr),
    json: false,
    yes: false,
    quiet: false,
    argv: [],
  };
}
