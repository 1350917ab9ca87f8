import { fill, type ErrorParams } from '@sekisho/core/errors.ts';
import { say, type Cli } from '../cli.ts';
import { visible } from '../output/table.ts';

/** Steps of the demo, for the numbers in front of them. */
export const DEMO_STEPS = 9;

/** Tells what the demo does, step by step. */
export class Narrator {
  readonly #cli: Cli;
  #step = 0;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  line(text = ''): void {
    say(this.#cli, text);
  }

  /** The next numbered step begins. */
  step(title: string): void {
    this.#step += 1;
    say(this.#cli, '');
    say(this.#cli, this.#cli.style.bold(`[${this.#step}/${DEMO_STEPS}] ${title}`));
  }

  /** A figure or fact about the step. */
  fact(template: string, params: ErrorParams = {}): void {
    say(this.#cli, `      ${visible(fill(template, params))}`);
  }
}
