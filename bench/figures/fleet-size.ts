import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { join } from 'node:path';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { measuredOptions } from '../harness/agent-domain.ts';
import { startChild } from '../harness/child.ts';

const START_HOSTS = 100_000;
const INDEX_HOSTS = 1_000_000;
const FLUSHED_HOSTS = 50_000;

const START = {
  id: 'start-100k',
  title: 'start of a server with 100,000 hosts, from the start of its process until it serves',
  unit: 's',
  yardstick: UNIT_YARDSTICK,
  aim: 3,
  better: 'lower',
} as const;
const INDEX = {
  id: 'index-host',
  title: 'memory of one host in the fleet index, with 1,000,000 of them',
  unit: 'bytes',
  yardstick: UNIT_YARDSTICK,
  aim: 500,
  better: 'lower',
} as const;
const FLUSH = {
  id: 'flush-stall',
  title: 'longest stall of the event loop while what 50,000 hosts said is written',
  unit: 'ms',
  yardstick: UNIT_YARDSTICK,
  aim: 20,
  better: 'lower',
} as const;

/** S-07 What a large fleet costs: the start, the memory, the flush. */
export const fleetSize: Bench = { name: 'fleet-size', figures: [START, INDEX, FLUSH], measure };

const started = z.object({ startMs: z.number() });
const loaded = z.object({ hosts: z.int(), bytesPerHost: z.number(), loadMs: z.number() });
const flushed = z.object({ written: z.int(), flushMs: z.number(), cpuMs: z.number(), stallMs: z.number() });

async function measure(how: HowToMeasure): Promise<Sample[]> {
  const { path, remove } = await makeTempFolder();
  try {
    const dataFolder = join(path, 'start');
    how.say(`writes ${START_HOSTS} hosts`);
    await make(dataFolder, START_HOSTS);
    how.say('starts and flushes');
    const samples: Sample[] = [];
    for (let run = 0; run < how.runs; run += 1) samples.push(await startOnce(dataFolder));
    samples.push(...(await flushes(dataFolder, how.runs)));
    let large = dataFolder;
    if (!how.quick) {
      large = join(path, 'index');
      how.say(`writes ${INDEX_HOSTS} hosts`);
      await make(large, INDEX_HOSTS);
    }
    how.say('loads them');
    samples.push(...(await loads(large, how.runs)));
    return samples;
  } finally {
    await remove();
  }
}

async function make(dataFolder: string, hosts: number): Promise<void> {
  const child = startChild('fleet-size.ts');
  try {
    await child.call('make', { dataFolder, hosts }, z.unknown());
  } finally {
    await child.stop();
  }
}

async function startOnce(dataFolder: string): Promise<Sample> {
  const startedMs = performance.now();
  const child = startChild('server.ts', measuredOptions('start'));
  try {
    const { startMs } = await child.call('start', { dataFolder }, started);
    const wholeMs = performance.now() - startedMs;
    const cpuMsPerOp = await child.call('cpuMs', undefined, z.number());
    await child.call('stop', undefined, z.unknown());
    return {
      id: START.id,
      value: wholeMs / 1000,
      yardstick: 1,
      cpuMsPerOp,
      extra: { startServerMs: startMs },
    };
  } finally {
    await child.stop();
  }
}

async function flushes(dataFolder: string, runs: number): Promise<Sample[]> {
  const child = startChild('fleet-size.ts', measuredOptions('flush'));
  try {
    const samples: Sample[] = [];
    for (let run = 0; run < runs; run += 1) {
      const found = await child.call('flush', { dataFolder, changed: FLUSHED_HOSTS }, flushed);
      if (found.written !== FLUSHED_HOSTS) throw new Error(`${found.written} rows were written`);
      const { flushMs, cpuMs, stallMs } = found;
      samples.push({ id: FLUSH.id, value: stallMs, yardstick: 1, cpuMsPerOp: cpuMs, extra: { flushMs } });
    }
    await child.call('stop', undefined, z.unknown());
    return samples;
  } finally {
    await child.stop();
  }
}

async function loads(dataFolder: string, runs: number): Promise<Sample[]> {
  const child = startChild('fleet-size.ts', measuredOptions('index'));
  try {
    const samples: Sample[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { bytesPerHost, loadMs } = await child.call('load', { dataFolder }, loaded);
      samples.push({ id: INDEX.id, value: bytesPerHost, yardstick: 1, extra: { loadMs } });
    }
    return samples;
  } finally {
    await child.stop();
  }
}
