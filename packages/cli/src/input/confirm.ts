import { AppError, fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';
import { quoteCommand } from '../output/shell-quote.ts';
import { promptLine } from './prompt.ts';

/**
 * Asks before what destroys. The preview is shown in any case; `--yes` answers in advance. Without a terminal, or with
 * `--json`, nobody can be asked: refused with the command that goes ahead.
 * Refusals: CONFIRMATION_NEEDED, CONFIRMATION_DECLINED.
 */
export async function confirm(cli: Cli, preview: readonly string[], question: string): Promise<void> {
  if (!cli.json && !cli.quiet) for (const line of preview) cli.io.stderr.write(`${line}\n`);
  if (cli.yes) return;
  if (cli.json || !canAsk(cli)) {
    throw new AppError('CONFIRMATION_NEEDED', { corrected: quoteCommand(['sekisho', ...cli.argv, '--yes']) });
  }
  if (!(await askYesNo(cli, question))) throw new AppError('CONFIRMATION_DECLINED');
}

/** True when somebody is there to answer. */
export const canAsk = (cli: Cli): boolean => cli.io.stdin.isTTY === true && cli.io.stderr.isTTY === true;

/** Asks a question whose default is no. */
export async function askYesNo(cli: Cli, question: string): Promise<boolean> {
  const answer = await promptLine(cli, fill(cli.words.notes.confirmQuestion, { question }));
  return ['y', 'yes', 'はい'].includes(answer.trim().toLowerCase());
}
