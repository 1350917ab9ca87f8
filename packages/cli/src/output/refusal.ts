import { errorWords, type AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Cli } from '../cli.ts';
import { visible } from './table.ts';

/** Prints a refusal: words, hint and code on standard error, or the one JSON document on standard output. */
export function printRefusal(cli: Cli, error: AppError): void {
  const { words, hint } = errorWords(error.code, error.params, cli.language);
  if (cli.json) {
    const document = { error: { code: error.code, words, hint, params: error.params } };
    cli.io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const { notes } = cli.words;
  const style = cli.errorStyle;
  cli.io.stderr.write(
    `${style.bold('sekisho:')} ${style.red(`${notes.errorWord}:`)} ${visible(words)} (${error.code})\n` +
      `${style.bold('sekisho:')} ${style.yellow(`${notes.hintWord}:`)} ${visible(hint)}\n`,
  );
}

/** The demo ran, but proved nothing. */
const NOT_PROVED: readonly ErrorCode[] = ['DEMO_NOT_PROVED', 'DEMO_NOTHING_TO_PROVE', 'DEMO_JOB_FAILED'];

/** The exit code of a refusal. */
export function exitCodeOf(error: AppError): ExitCode {
  if (error.code.startsWith('USAGE_')) return EXIT.usage;
  if (error.code === 'INTERRUPTED' || error.code === 'WAIT_INTERRUPTED') return EXIT.interrupted;
  if (NOT_PROVED.includes(error.code)) return EXIT.partly;
  return EXIT.failed;
}
