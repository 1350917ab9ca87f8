import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { join } from 'node:path';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { measuredOptions } from '../harness/agent-domain.ts';
import { startChild } from '../harness/child.ts';

const ENTRIES = 1_000_000;
const ENTRIES_QUICK = 100_000;

const TIME = {
  id: 'crl-million',
  title:
    'lists with 1,000,000 revoked certificates: read from the database, built, linted, signed, published',
  unit: 's',
  yardstick: UNIT_YARDSTICK,
  aim: 5,
  better: 'lower',
} as const;
const STALL = {
  id: 'crl-million-stall',
  title: 'longest stall of the event loop meanwhile',
  unit: 'ms',
  yardstick: UNIT_YARDSTICK,
  aim: 50,
  better: 'lower',
} as const;

/** T-41 Lists of many entries, which are signed while the server goes on. */
export const revocationLists: Bench = {
  name: 'revocation-lists',
  figures: [TIME, STALL],
  slow: true,
  measure,
};

const made = z.object({ tookMs: z.number(), stallMs: z.number() });

async function measure(how: HowToMeasure): Promise<Sample[]> {
  const { path, remove } = await makeTempFolder();
  const dataFolder = join(path, 'server');
  const entries = how.quick ? ENTRIES_QUICK : ENTRIES;
  try {
    how.say(`writes ${entries} revoked certificates`);
    const maker = startChild('fleet-size.ts');
    await maker.call('makeRevoked', { dataFolder, entries }, z.unknown()).finally(() => maker.stop());
    how.say('signs their lists');
    const server = startChild('server.ts', measuredOptions('revocation-lists'));
    try {
      await server.call('start', { dataFolder }, z.unknown());
      // shards that have no list yet get theirs at the start; this waits for it
      await server.call('signLists', undefined, made);
      const samples: Sample[] = [];
      for (let run = 0; run < how.runs; run += 1) {
        const cpuMs = await server.call('cpuMs', undefined, z.number());
        const { tookMs, stallMs } = await server.call('signLists', undefined, made);
        const cpuMsPerOp = (await server.call('cpuMs', undefined, z.number())) - cpuMs;
        const one = await server.call('signOneList', { entries }, made);
        const value = (tookMs / 1000) * (ENTRIES / entries);
        const oneListSeconds = (one.tookMs / 1000) * (ENTRIES / entries);
        samples.push({ id: TIME.id, value, yardstick: 1, cpuMsPerOp, extra: { oneListSeconds } });
        samples.push({ id: STALL.id, value: stallMs, yardstick: 1, extra: { oneListStallMs: one.stallMs } });
      }
      await server.call('stop', undefined, z.unknown());
      return samples;
    } finally {
      await server.stop();
    }
  } finally {
    await remove();
  }
}
