import { fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';

/** Names the local time zone once below a table. */
export const timesLine = (cli: Cli): string =>
  cli.style.dim(fill(cli.words.units.times, { zone: cli.format.timeZone }));
