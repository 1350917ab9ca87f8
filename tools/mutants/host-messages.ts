/** What a test host is asked: to run these tests, in this order, with this mutant, and to stop at the first that fails. */
export interface RunRequest {
  /** Titles; undefined: all. */
  readonly tests: readonly string[] | undefined;
  /** Undefined: the code as it is. */
  readonly mutant: string | undefined;
  /** How often the mutant's place may be passed before it counts as endless; undefined: as often as it likes. */
  readonly hitLimit: number | undefined;
}

export interface TestOutcome {
  readonly title: string;
  readonly spentMs: number;
  /** Undefined: it passed. */
  readonly failure: string | undefined;
}

export type Coverage = Record<string, number>;

/** What it answers. */
export interface RunAnswer {
  readonly outcomes: readonly TestOutcome[];
  /** The mutant's place was passed too often. */
  readonly isEndless: boolean;
  /** What was passed since the host began, by mutant: while loading, and by test. */
  readonly coverage: { readonly static: Coverage; readonly perTest: Record<string, Coverage> };
}
