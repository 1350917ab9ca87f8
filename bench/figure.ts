/** What a figure is: measured beside its yardstick in the same run, and judged by the ratio of the two. */
export interface FigureSpec {
  /** Kebab-case; stays the same for ever, so that results can be compared. */
  readonly id: string;
  /** What is measured, in a few words. */
  readonly title: string;
  /** Of the value and of the yardstick. */
  readonly unit: string;
  /** What it is compared with, in words. `UNIT_YARDSTICK`: nothing; then the ratio is the value itself. */
  readonly yardstick: string;
  /** The ratio that is wanted. */
  readonly aim: number;
  /** `lower`: the ratio must not be above the aim; `higher`: not below it. */
  readonly better: 'higher' | 'lower';
  /** Fewer runs than usual are enough, where one is made of a whole fleet already. */
  readonly runsMin?: number;
  /** On fewer cores there is nothing to see: it is then not measured. */
  readonly coresMin?: number;
}

/** The yardstick of figures whose aim is a plain number in their own unit. */
export const UNIT_YARDSTICK = 'one unit';

/** One run of one figure beside one run of its yardstick. */
export interface Sample {
  /** The figure's. */
  readonly id: string;
  readonly value: number;
  /** In the same unit; 1 where the yardstick is `UNIT_YARDSTICK`. */
  readonly yardstick: number;
  /** Milliseconds of CPU of the measured process for one operation, where that means something. */
  readonly cpuMsPerOp?: number;
  /** Further numbers worth keeping (p99, rates): their medians go into the results as they are. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** How a measurement is to be made. */
export interface HowToMeasure {
  /** Smaller, for a look in between; the figures stay comparable, the noise is larger. */
  readonly quick: boolean;
  /** So many agents instead of 10,000, where a figure is about a fleet that is connected. */
  readonly agents?: number | undefined;
  /** Runs of each figure, at least; each beside one of its yardstick. */
  readonly runs: number;
  /** Says what is being done now. */
  readonly say: (text: string) => void;
}

/** Figures that are measured together, because they need the same processes and data. */
export interface Bench {
  readonly name: string;
  readonly figures: readonly FigureSpec[];
  /** Left out of a `--quick` run that does not ask for it: it takes a minute whatever its data. */
  readonly slow?: boolean;
  /** Gives at least `runs` samples of each of its figures; starts and ends all that it needs. */
  readonly measure: (how: HowToMeasure) => Promise<readonly Sample[]>;
}
