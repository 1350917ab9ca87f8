import { z } from 'zod';
import type { Bench, HowToMeasure, Sample } from '../figure.ts';
import { makeAgentDomain } from '../harness/agent-domain.ts';
import { inTurn } from '../harness/statistics.ts';

const AGENTS = 1_000;
/** Slices of each side, in turn. */
const SLICES = 14;
const SLICE_MS = 1_000;
const QUICK_SLICE_MS = 300;
/** Heartbeats under way at once. */
const AT_ONCE = 100;
const WARM_UP_MS = 2_000;

const spec = {
  id: 'heartbeat',
  title: 'heartbeats on the channel, 1,000 agents, identity and revocation asked each time',
  unit: 'frames/CPU-s',
  yardstick: 'bare ws echo over mutual TLS in the same process, 1,000 connections',
  aim: 0.7,
  better: 'higher',
} as const;

/** F-02 What a heartbeat on an open channel costs the server, beside a WebSocket that gives back what it gets. */
export const heartbeat: Bench = { name: 'heartbeat', figures: [spec], measure };

async function measure({ quick, say }: HowToMeasure): Promise<Sample[]> {
  say(`enrols ${AGENTS} hosts`);
  const domain = await makeAgentDomain(AGENTS);
  try {
    const server = await domain.startServer();
    try {
      const { port: barePort } = await server.call('startBare', domain.tls, z.object({ port: z.int() }));
      await domain.connect('channel', server.port);
      await domain.connect('echo', barePort);
      const slice = async (kind: 'channel' | 'echo', durationMs: number): Promise<number> => {
        const before = await server.cpuMs();
        const wish = { kind, durationMs, atOnce: AT_ONCE };
        const frames = await domain.agents.call('beat', wish, z.int());
        return (frames * 1000) / ((await server.cpuMs()) - before);
      };
      say('measures');
      for (const kind of ['channel', 'echo'] as const) await slice(kind, WARM_UP_MS);
      const sliceMs = quick ? QUICK_SLICE_MS : SLICE_MS;
      const pairs = await inTurn(
        SLICES,
        () => slice('channel', sliceMs),
        () => slice('echo', sliceMs),
      );
      return pairs.map(([value, yardstick]) => ({
        id: spec.id,
        value,
        yardstick,
        cpuMsPerOp: 1000 / value,
      }));
    } finally {
      await server.stop();
    }
  } finally {
    await domain.remove();
  }
}
