import { AppError } from '@sekisho/core/errors.ts';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Cli } from '../cli.ts';

/** Asks for one line on the terminal; the question goes to standard error. Ctrl-C or end of input: INTERRUPTED. */
export const promptLine = (cli: Cli, question: string): Promise<string> => ask(cli, question, true);

/** The same for a secret: what is typed is not shown. */
export const promptSecret = (cli: Cli, question: string): Promise<string> => ask(cli, question, false);

function ask(cli: Cli, question: string, echo: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    cli.io.stderr.write(question);
    // readline echoes through its output: a secret gets one that says nothing
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (echo) cli.io.stderr.write(chunk.toString('utf8'));
        done();
      },
    });
    const terminal = cli.io.stdin.isTTY === true;
    const lines = createInterface({ input: cli.io.stdin, output, terminal, historySize: 0 });
    let answered = false;
    lines.once('line', (line) => {
      answered = true;
      lines.close();
      if (!echo) cli.io.stderr.write('\n');
      resolve(line);
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      if (answered) return;
      cli.io.stderr.write('\n');
      reject(new AppError('INTERRUPTED'));
    });
  });
}
