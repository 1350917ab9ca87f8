/** The middle one; the mean of the two in the middle when there is no middle. Throws when there is none at all. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which that share of the values lies, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new Error('no values');
  return below + (above - below) * (at - Math.floor(at));
}

/** Half of the runs lie within: from the first quartile to the third. */
export const spreadOf = (values: readonly number[]): { low: number; high: number } => ({
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});

/** Three significant digits, as measured figures deserve. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));

/**
 * Runs both in turn, so that what disturbs the machine disturbs both; who begins changes with every round.
 * @returns pairs of results, `first`'s first
 */
export async function inTurn<First, Second>(
  rounds: number,
  first: (round: number) => Promise<First>,
  second: (round: number) => Promise<Second>,
): Promise<(readonly [First, Second])[]> {
  const pairs: (readonly [First, Second])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const one = await first(round);
      pairs.push([one, await second(round)]);
    } else {
      const two = await second(round);
      pairs.push([await first(round), two]);
    }
  }
  return pairs;
}
