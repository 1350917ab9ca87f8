import type { Bench, FigureSpec } from './figure.ts';

/** All benches, in the order of the table. */
export const BENCHES: readonly Bench[] = [];

/** Every figure that there is. */
export const FIGURES: readonly FigureSpec[] = BENCHES.flatMap(({ figures }) => figures);
