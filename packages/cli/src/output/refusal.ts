import { AppError, errorWords, type ErrorCode } from '@sekisho/core/errors.ts';
import { z } from 'zod';
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

/** What stops a folder from being used, as the system names it. */
const FOLDER_TROUBLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR'];
const systemError = z.object({ code: z.string(), path: z.string() });

/** Any failure as a refusal: what the file system says gets words too, the rest is INTERNAL with its cause. */
export function asRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const parsed = systemError.safeParse(error);
  if (!parsed.success) return new AppError('INTERNAL', {}, { cause: error });
  const { code, path } = parsed.data;
  if (code === 'ENOSPC') return new AppError('DISK_FULL', { path }, { cause: error });
  if (!FOLDER_TROUBLE.includes(code)) return new AppError('INTERNAL', {}, { cause: error });
  return new AppError('FOLDER_FORBIDDEN', { folder: path, reason: code, option: '--data' }, { cause: error });
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
