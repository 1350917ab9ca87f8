import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { measuredOptions, type ServerChild } from '../harness/agent-domain.ts';
import { startChild } from '../harness/child.ts';
import { inTurn } from '../harness/statistics.ts';

/** As many as an agent keeps. */
const PEERS = 10_000;
const SLICE_MS = 400;
const QUICK_SLICE_MS = 150;
const SLICES = 7;

const CACHED = {
  id: 'peer-decisions-cached',
  title: 'T-31 decisions about peers, from the memory of an agent that keeps 10,000',
  unit: 'decisions/CPU-s',
  yardstick: UNIT_YARDSTICK,
  aim: 200_000,
  better: 'higher',
} as const;
export const ASKED = {
  id: 'peer-decisions-server',
  title: 'the same, from the memory of the management server: revocation and name, 100 to a request',
  unit: 'decisions/CPU-s',
  yardstick: UNIT_YARDSTICK,
  aim: 20_000,
  better: 'higher',
} as const;

/** What an agent decides about a peer that it met before. */
export const peerDecisions: Bench = { name: 'peer-decisions', figures: [CACHED], measure };

async function measure({ quick, runs }: HowToMeasure): Promise<Sample[]> {
  const child = startChild('peer-decisions.ts', measuredOptions('peer-decisions'));
  try {
    const kept = await child.call('prepare', { count: PEERS }, z.int());
    if (kept !== PEERS) throw new Error(`${kept} of ${PEERS} decisions are kept`);
    const durationMs = quick ? QUICK_SLICE_MS : SLICE_MS;
    const slice = (name: 'decide' | 'hash') => () => child.call(name, { durationMs }, z.number());
    await slice('decide')();
    await slice('hash')();
    const pairs = await inTurn(Math.max(runs, SLICES), slice('decide'), slice('hash'));
    return pairs.map(([value, hashes]) => ({
      id: CACHED.id,
      value,
      yardstick: 1,
      cpuMsPerOp: 1000 / value,
      extra: { sha256Of64BytesPerCpuSecond: hashes },
    }));
  } finally {
    await child.stop();
  }
}

/** The same of a server that is running, and prepared. */
export async function measureAsked(server: ServerChild, { quick, runs }: HowToMeasure): Promise<Sample[]> {
  const durationMs = quick ? QUICK_SLICE_MS : SLICE_MS;
  const samples: Sample[] = [];
  await server.call('decide', { durationMs }, z.number());
  for (let run = 0; run < Math.max(runs, SLICES); run += 1) {
    const value = await server.call('decide', { durationMs }, z.number());
    samples.push({ id: ASKED.id, value, yardstick: 1, cpuMsPerOp: 1000 / value });
  }
  return samples;
}
