import type { Cli } from '../cli.ts';
import { wordsOf } from '../language.ts';
import { createFormat } from '../output/format.ts';
import { styleOf } from '../output/style.ts';
import type { FakeTerminal } from './fake-terminal.ts';

/** What a verb gets, in English, on a fake terminal. */
export function cliFor({ io }: FakeTerminal): Cli {
  return {
    io,
    language: 'en',
    words: wordsOf('en'),
    format: createFormat('en', io.timeZone),
    style: styleOf(io, io.stdout),
    errorStyle: styleOf(io, io.stderr),
    json: false,
    yes: false,
    quiet: false,
    argv: [],
  };
}
