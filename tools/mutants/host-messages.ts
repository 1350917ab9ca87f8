/** What a test host is asked: to run these tests, in this order, with this mutant, and to stop at the first that fails. */
export interface RunRequest {
  /** Undefined: all, as often as they like. */
  readonly tests: readonly RunOfTest[] | undefined;
  /** Undefined: the code as it is. */
  readonly mutant: string | undefined;
}
export interface RunOfTest {
  readonly title: string;
  /** How often the mutant's place may be passed before it counts as endless. */
  readonly hitsMax: number;
}

export interface TestOutcome {
  readonly title: string;
  readonly spentMs: number;
  /** Undefined: it passed. */
  readonly failure: string | undefined;
}

/** How often the places of mutants were passed. */
export type Hits = Readonly<Record<string, number>>;

/** What it answers. */
export interface RunAnswer {
  readonly outcomes: readonly TestOutcome[];
  /** The mutant's place was passed too often. */
  readonly isEndless: boolean;
  /** What was passed since the host began: while loading, and by test. */
  readonly coverage: { readonly static: Hits; readonly perTest: Readonly<Record<string, Hits>> };
}
