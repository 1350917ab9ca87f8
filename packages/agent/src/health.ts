import type { HealthCode } from '@sekisho/core/wire/health-codes.ts';

/** The codes that hold at the moment, each with the words for `agent status`. */
export class HealthBoard {
  readonly #codes = new Map<HealthCode, string>();

  set(code: HealthCode, holds: boolean, detail = ''): void {
    if (holds) this.#codes.set(code, detail);
    else this.#codes.delete(code);
  }

  get codes(): HealthCode[] {
    return [...this.#codes.keys()].sort();
  }

  get details(): Record<string, string> {
    return Object.fromEntries(this.#codes);
  }
}
