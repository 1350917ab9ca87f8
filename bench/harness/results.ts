import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { FigureSpec, Sample } from '../figure.ts';
import { median, rounded, spreadOf } from './statistics.ts';

/** Fewer runs than this are no figure. */
export const RUNS_MIN = 5;

/** One figure of `results.json`. */
export const figureResult = z.object({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: z.string(),
  /** Median of the runs. */
  value: z.number(),
  unit: z.string(),
  yardstick: z.string(),
  /** Median of the yardstick's runs, in the same unit; 1 where there is none. */
  yardstickValue: z.number(),
  /** Median of the ratios of the runs. */
  ratio: z.number(),
  aim: z.number(),
  better: z.enum(['higher', 'lower']),
  met: z.boolean(),
  cpuMsPerOp: z.number().nullable(),
  runs: z.int().min(1),
  /** Half of the ratios lie between these. */
  spread: z.object({ low: z.number(), high: z.number() }),
  /** Measured with the smaller data of `--quick`. */
  quick: z.boolean(),
  /** Medians of further numbers. */
  extra: z.record(z.string(), z.number()),
  measuredAt: z.iso.datetime(),
});
export type FigureResult = z.infer<typeof figureResult>;

/** What `results.json` holds. */
export const results = z.object({
  machine: z.object({
    cpus: z.int(),
    model: z.string(),
    node: z.string(),
    /** Of the last minute, when the run began: what else the machine was doing. */
    loadBefore: z.number(),
  }),
  figures: z.array(figureResult),
});
export type Results = z.infer<typeof results>;

/** Makes a figure of its samples; throws when there are fewer than `RUNS_MIN` (or the figure's own), or one that is no number. */
export function summarise(
  spec: FigureSpec,
  samples: readonly Sample[],
  facts: { quick: boolean; measuredAt: string },
): FigureResult {
  const own = samples.filter(({ id }) => id === spec.id);
  const { runsMin = RUNS_MIN } = spec;
  if (own.length < runsMin) throw new Error(`${spec.id}: ${own.length} runs of at least ${runsMin}`);
  const ratios = own.map(({ value, yardstick }) => value / yardstick);
  if (ratios.some((ratio) => !Number.isFinite(ratio))) throw new Error(`${spec.id}: a run gave no number`);
  const ratio = median(ratios);
  const cpu = own.flatMap(({ cpuMsPerOp }) => cpuMsPerOp ?? []);
  const { low, high } = spreadOf(ratios);
  return {
    id: spec.id,
    title: spec.title,
    value: rounded(median(own.map(({ value }) => value))),
    unit: spec.unit,
    yardstick: spec.yardstick,
    yardstickValue: rounded(median(own.map(({ yardstick }) => yardstick))),
    ratio: rounded(ratio),
    aim: spec.aim,
    better: spec.better,
    met: isMet(spec, ratio),
    cpuMsPerOp: cpu.length === 0 ? null : rounded(median(cpu)),
    runs: own.length,
    spread: { low: rounded(low), high: rounded(high) },
    quick: facts.quick,
    extra: extraOf(own),
    measuredAt: facts.measuredAt,
  };
}

/** Does the ratio reach the aim? */
export const isMet = ({ aim, better }: Pick<FigureSpec, 'aim' | 'better'>, ratio: number): boolean =>
  better === 'lower' ? ratio <= aim : ratio >= aim;

/** What is kept, with these figures instead of their former ones; in the order of the catalogue, nothing else. */
export function merge(
  kept: readonly FigureResult[],
  fresh: readonly FigureResult[],
  catalogue: readonly FigureSpec[],
): FigureResult[] {
  return catalogue.flatMap(({ id }) => {
    const found = fresh.find((one) => one.id === id) ?? kept.find((one) => one.id === id);
    return found === undefined ? [] : [found];
  });
}

/** Reads what an earlier run left; nothing when there is none, or it is of another shape. */
export function readResults(path: string): Results | undefined {
  try {
    return results.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes it for people too: one member a line. */
export function writeResults(path: string, content: Results): void {
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

function extraOf(samples: readonly Sample[]): Record<string, number> {
  const names = new Set(samples.flatMap(({ extra }) => Object.keys(extra ?? {})));
  return Object.fromEntries(
    [...names].map((name) => [name, rounded(median(samples.flatMap(({ extra }) => extra?.[name] ?? [])))]),
  );
}
