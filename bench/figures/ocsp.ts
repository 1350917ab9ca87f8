import { z } from 'zod';
import { UNIT_YARDSTICK, type HowToMeasure, type Sample } from '../figure.ts';
import type { ServerChild } from '../harness/agent-domain.ts';
import { startChild } from '../harness/child.ts';
import { inTurn } from '../harness/statistics.ts';

/** Connections that ask at once, each from an address of its own. */
const CLIENTS = 64;
const SLICE_MS = 800;
const QUICK_SLICE_MS = 300;
/** The compiler has seen the way of a request by then. */
const WARM_UP_MS = 1_500;
const SLICES = 7;

const SIGNED = {
  id: 'ocsp-signed',
  title: 'OCSP answers with a nonce, each signed, at the responder itself',
  unit: 'answers/CPU-s',
  yardstick: 'one P-256 signature',
  aim: 0.4,
  better: 'higher',
} as const;
const CACHED = {
  id: 'ocsp-cached',
  title: 'OCSP answers that are kept, over HTTP, 64 clients',
  unit: 'answers/CPU-s',
  yardstick: UNIT_YARDSTICK,
  aim: 15_000,
  better: 'higher',
} as const;
export const OCSP = [SIGNED, CACHED] as const;

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
  const rounds = Math.max(runs, quick ? runs : SLICES);
  const clients = startChild('ocsp-clients.ts');
  const sign = (): Promise<number> => server.call('sign', { durationMs }, z.number());
  const answer = (nonce: boolean) => (): Promise<number> =>
    server.call('answerOcsp', { durationMs, nonce }, z.number());
  const overHttp = async (
    port: number,
    requests: readonly Uint8Array[],
    sliceMs = durationMs,
  ): Promise<number> => {
    await clients.call('connect', { port, count: CLIENTS, requests }, z.unknown());
    const before = await server.cpuMs();
    const answers = await clients.call('ask', { durationMs: sliceMs }, z.int());
    return (answers * 1000) / ((await server.cpuMs()) - before);
  };
  try {
    const port = await server.call('httpPort', undefined, z.int());
    const barePort = await server.call('startBareHttp', undefined, z.int());
    const { plain, nonced } = prepared;
    for (const warmUp of [sign, answer(true), answer(false)]) await warmUp();
    for (const one of [port, barePort]) await overHttp(one, plain, WARM_UP_MS);
    const samples: Sample[] = [];
    for (const [value, floor] of await inTurn(rounds, answer(true), sign))
      samples.push({
        id: SIGNED.id,
        value,
        yardstick: floor,
        cpuMsPerOp: 1000 / value,
        extra: { overHttpPerCpuSecond: await overHttp(port, nonced) },
      });
    const bare = (): Promise<number> => overHttp(barePort, plain);
    for (const [value, least] of await inTurn(rounds, () => overHttp(port, plain), bare))
      samples.push({
        id: CACHED.id,
        value,
        yardstick: 1,
        cpuMsPerOp: 1000 / value,
        extra: { bareNodeHttpPerCpuSecond: least, atTheResponderPerCpuSecond: await answer(false)() },
      });
    return samples;
  } finally {
    await clients.stop();
  }
}
