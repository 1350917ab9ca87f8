import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCHES, FIGURES } from './catalogue.ts';
import type { Bench, FigureSpec } from './figure.ts';
import {
  merge,
  readResults,
  RUNS_MIN,
  summarise,
  writeResults,
  type FigureResult,
  type Results,
} from './harness/results.ts';
import { tableOf } from './harness/table.ts';

const RESULTS = join(import.meta.dirname, 'results.json');
const SLOW = BENCHES.filter(({ slow }) => slow === true).map(({ name }) => name);
const USAGE = `npm run bench -- [--quick] [--only ID]… [--agents N] [--json]

  --quick    smaller data; without ${SLOW.join(', ')}, whose earlier figures stay
  --only ID  this figure (or bench) alone; may be repeated
  --agents N so many agents instead of 10,000 in the figures of a connected fleet (their extra says how many)
  --json     results as JSON on standard output, instead of the table

Figures: ${FIGURES.map(({ id }) => id).join(', ')}
`;

/** Measures what is asked for, prints it and keeps it in bench/results.json. Not zero when a figure could not be measured. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      agents: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const wanted = (bench: Bench): boolean =>
    (values.only.length === 0 && !(values.quick && bench.slow === true)) ||
    values.only.some((id) => id === bench.name || bench.figures.some((figure) => figure.id === id));
  const agents = values.agents === undefined ? undefined : Number(values.agents);
  if (agents !== undefined && !(Number.isInteger(agents) && agents > 0)) {
    process.stderr.write(`sekisho: error: --agents takes a number\n\n${USAGE}`);
    return 2;
  }
  const benches = BENCHES.filter(wanted);
  if (benches.length === 0) {
    process.stderr.write(`sekisho: error: no figure is called ${values.only.join(', ')}\n\n${USAGE}`);
    return 2;
  }
  const machine = machineNow();
  const measured: FigureResult[] = [];
  const failed: string[] = [];
  for (const bench of benches) {
    try {
      measured.push(...(await measure(bench, values.quick, agents)));
    } catch (error) {
      failed.push(bench.name);
      process.stderr.write(`sekisho: error: ${bench.name} could not be measured\n`);
      console.error(error);
    }
  }
  const isAll = benches.length === BENCHES.length;
  const kept = isAll ? [] : (readResults(RESULTS)?.figures ?? []);
  const all: Results = { machine, figures: merge(kept, measured, FIGURES) };
  if (measured.length > 0) writeResults(RESULTS, all);
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...all, figures: measured })}\n` : tableOf(measured),
  );
  for (const { id, coresMin } of benches.flatMap(({ figures }) => figures).filter((one) => !isSeenHere(one)))
    process.stderr.write(
      `sekisho: ${id}: not measured: it takes ${String(coresMin)} cores, here are ${cpus().length}\n`,
    );
  for (const one of measured.filter(({ met }) => !met))
    process.stderr.write(`sekisho: warning: ${one.id} misses its aim: ${one.ratio} for ${one.aim}\n`);
  return failed.length === 0 ? 0 : 1;
}

async function measure(bench: Bench, quick: boolean, agents: number | undefined): Promise<FigureResult[]> {
  const startedMs = Date.now();
  const say = (text: string): void => {
    process.stderr.write(`${bench.name}: ${text}\n`);
  };
  say('begins');
  const samples = await bench.measure({ quick, agents, runs: RUNS_MIN, say });
  say(`took ${Math.round((Date.now() - startedMs) / 1000)} s`);
  const facts = { quick, measuredAt: new Date().toISOString() };
  return bench.figures.filter(isSeenHere).map((spec) => summarise(spec, samples, facts));
}

/** Does this machine have the cores that the figure is about? */
const isSeenHere = ({ coresMin = 1 }: FigureSpec): boolean => cpus().length >= coresMin;

const machineNow = (): Results['machine'] => ({
  cpus: cpus().length,
  model: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  loadBefore: loadavg()[0] ?? 0,
});

process.exitCode = await main(process.argv.slice(2));
