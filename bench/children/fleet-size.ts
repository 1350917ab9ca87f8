/** The fleet index alone, in a process of its own: filled from a database, and flushed into it. */
import { sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FleetIndex } from '@sekisho/server/features/fleet/fleet-index.ts';
import { initServer } from '@sekisho/server/main.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { fillDomain } from '../harness/fill-domain.ts';
import { fillRevoked } from '../harness/fill-revoked.ts';
import { StallProbe } from '../harness/stall-probe.ts';

const folder = z.object({ dataFolder: z.string() });
let store: Store | undefined;
const opened = async (dataFolder: string): Promise<Store> =>
  (store ??= await openStore({
    database: `sqlite:${join(dataFolder, 'sekisho.db')}`,
    dataFolder,
    clock: systemClock,
    log: silentLog(),
  }));
const SETTLE_MS = 100;
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await sleep(SETTLE_MS);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

serve({
  make: async (input) => {
    const { dataFolder, hosts } = folder.extend({ hosts: z.int() }).parse(input);
    const parts = { dataFolder, clock: systemClock, random: systemRandom, environment: {} };
    await initServer({ ...parts, name: 'Bench', addresses: ['127.0.0.1'] });
    fillDomain(join(dataFolder, 'sekisho.db'), hosts, Date.now());
  },
  /** A domain with so many revoked certificates. */
  makeRevoked: async (input) => {
    const { dataFolder, entries } = folder.extend({ entries: z.int() }).parse(input);
    const parts = { dataFolder, clock: systemClock, random: systemRandom, environment: {} };
    await initServer({ ...parts, name: 'Bench', addresses: ['127.0.0.1'] });
    fillRevoked(join(dataFolder, 'sekisho.db'), entries, Date.now());
  },
  /** Fills an index that is new; bytes of heap that it holds for each host, and how long it took. */
  load: async (input) => {
    const { dataFolder } = folder.parse(input);
    const index = new FleetIndex(await opened(dataFolder));
    const before = await heapBytes();
    const startedMs = performance.now();
    await index.load();
    const loadMs = performance.now() - startedMs;
    const bytes = (await heapBytes()) - before;
    return { hosts: index.size, bytesPerHost: bytes / index.size, loadMs };
  },
  /** So many hosts send a heartbeat; then what they said is written, while a probe looks how long the loop stands still. */
  flush: async (input) => {
    const { dataFolder, changed } = folder.extend({ changed: z.int() }).parse(input);
    const index = new FleetIndex(await opened(dataFolder));
    await index.load();
    const nowMs = Date.now();
    const certificate = sha256Hex.parse('ab'.repeat(32));
    let touched = 0;
    for (const host of index.hosts()) {
      if (touched >= changed) break;
      touched += 1;
      const serials = {
        bundleGeneration: nowMs,
        listSerial: nowMs,
        assignmentSerial: nowMs,
        policySerial: nowMs,
        crlNumber: 8,
      };
      const heartbeat = { sentAtMs: nowMs, ...serials, certificates: [certificate], version: '1.2.3' };
      index.touch(host, { ...heartbeat, bootId: host.bootId, health: [], spooled: 0 }, certificate, nowMs);
    }
    await heapBytes();
    const probe = new StallProbe();
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const written = await index.flush();
    const flushMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(before);
    await sleep(SETTLE_MS);
    return { written, flushMs, cpuMs: (user + system) / 1000, stallMs: probe.end() };
  },
  stop: async () => {
    await store?.close();
  },
});
