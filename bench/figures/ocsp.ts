import { z } from 'zod';
import { UNIT_YARDSTICK, type HowToMeasure, type Sample } from '../figure.ts';
import type { ServerChild } from '../harness/agent-domain.ts';
import { startChild, type Child } from '../harness/child.ts';
import { inTurn } from '../harness/statistics.ts';

/** Connections that ask at once, each from an address of its own. */
const CLIENTS = 64;
const SLICE_MS = 800;
const QUICK_SLICE_MS = 200;
const SLICES = 7;
const FLOOR = 'one P-256 signature';

const signed = (id: string, title: string) =>
  ({ id, title, unit: 'answers/CPU-s', yardstick: FLOOR, aim: 0.4, better: 'higher' }) as const;
const cached = (id: string, title: string) =>
  ({ id, title, unit: 'answers/CPU-s', yardstick: UNIT_YARDSTICK, aim: 15_000, better: 'higher' }) as const;
const SIGNED = signed('ocsp-signed', 'OCSP answers with a nonce, each signed, at the responder itself');
const SIGNED_HTTP = signed('ocsp-signed-http', 'the same over HTTP, 64 clients');
const CACHED = cached('ocsp-cached', 'OCSP answers that are kept, at the responder itself');
const CACHED_HTTP = cached('ocsp-cached-http', 'the same over HTTP, 64 clients');
export const OCSP = [SIGNED, SIGNED_HTTP, CACHED, CACHED_HTTP] as const;

export const preparedTrust = z.object({
  plain: z.array(z.instanceof(Uint8Array)),
  nonced: z.array(z.instanceof(Uint8Array)),
});

/** T-41 What an answer costs the server. The floor is a signature, in the same process. */
export async function measureOcsp(
  server: ServerChild,
  prepared: z.infer<typeof preparedTrust>,
  { quick, runs }: HowToMeasure,
): Promise<Sample[]> {
  const durationMs = quick ? QUICK_SLICE_MS : SLICE_MS;
  const rounds = Math.max(runs, SLICES);
  const clients = startChild('ocsp-clients.ts');
  const sign = (): Promise<number> => server.call('sign', { durationMs }, z.number());
  const answer = (nonce: boolean): Promise<number> =>
    server.call('answerOcsp', { durationMs, nonce }, z.number());
  try {
    const port = await server.call('httpPort', undefined, z.int());
    const samples: Sample[] = [];
    for (const [nonce, spec, overHttp] of [
      [true, SIGNED, SIGNED_HTTP],
      [false, CACHED, CACHED_HTTP],
    ] as const) {
      const asked = nonce ? prepared.nonced : prepared.plain;
      await clients.call('connect', { port, count: CLIENTS, requests: asked }, z.unknown());
      for (const id of [spec, overHttp]) {
        const once = id === spec ? () => answer(nonce) : () => perCpuSecond(server, clients, durationMs);
        await once();
        for (const [value, floor] of await inTurn(rounds, once, sign)) {
          const yardstick = nonce ? floor : 1;
          samples.push({ id: id.id, value, yardstick, cpuMsPerOp: 1000 / value });
        }
      }
    }
    return samples;
  } finally {
    await clients.stop();
  }
}

async function perCpuSecond(server: ServerChild, clients: Child, durationMs: number): Promise<number> {
  const before = await server.cpuMs();
  const answers = await clients.call('ask', { durationMs }, z.int());
  return (answers * 1000) / ((await server.cpuMs()) - before);
}
