/** The measured side, alone in a process of its own: the real management server, or the bare listeners it is compared with. */
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { initServer, joinServer, startServer, type RunningServer } from '@sekisho/server/main.ts';
import { createToken as createTokenRoute } from '@sekisho/core/wire/trust.ts';
import { createToken } from '@sekisho/server/features/tokens/create-token.ts';
import { changeServerConfig } from '@sekisho/testkit/fleet.ts';
import { ADMIN } from '@sekisho/testkit/protection-domain.ts';
import { existsSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { trustWork } from '../harness/trust-work.ts';

const SETTLE_MS = 300;
/** So long is the server's answer to a heartbeat: the echo gives back no more of what it gets. */
const REPLY_BYTES = 103;

const startWish = z.object({
  dataFolder: z.string(),
  /** `postgres://…`; a file in the folder by default. */
  database: z.string().optional(),
  kekFile: z.string().optional(),
  heartbeatSeconds: z.int().optional(),
  agentPort: z.int().default(0),
  httpPort: z.int().default(0),
});
const tlsMaterial = z.object({ key: z.string(), cert: z.string(), ca: z.string() });
let server: RunningServer | undefined;
const running = (): RunningServer => {
  if (server === undefined) throw new Error('the server was not started');
  return server;
};
const delay = monitorEventLoopDelay({ resolution: 1 });
let busy: { longestMs: number } | undefined;
const BUSY_LOOK_MS = 2;

serve({
  /** Makes the domain when the folder is empty, and starts the server; says how long the start took. */
  start: async (input) => {
    const wish = startWish.parse(input);
    const { dataFolder } = wish;
    const parts = { dataFolder, clock: systemClock, random: systemRandom, environment: {} };
    if (!existsSync(dataFolder)) await makeFolder(wish);
    const file = openSync(join(dataFolder, 'bench.log'), 'a', 0o600);
    const log = createLog({
      name: 'sekisho',
      destination: { write: (line: string) => void writeSync(file, line) },
    });
    const startedMs = performance.now();
    server = await startServer({
      ...parts,
      listen: '127.0.0.1',
      agentPort: wish.agentPort,
      adminPort: 0,
      httpPort: wish.httpPort,
      log,
    });
    return {
      port: server.ports.agent,
      httpPort: server.ports.http,
      startMs: performance.now() - startedMs,
    };
  },
  /** A token for so many hosts. */
  token: async (input) => {
    const { usesMax } = z.object({ usesMax: z.int() }).parse(input);
    const wish = createTokenRoute.body.parse({ name: 'bench', usesMax });
    return (await createToken(running().context, wish, ADMIN)).secret.reveal();
  },
  tls: () => {
    const { keys } = running().context;
    return { ...keys.tlsMaterial(), ca: keys.caPem() };
  },
  /** The yardsticks: node:https with mutual TLS that answers two bytes, and an echo of `ws` on the same port. */
  startBare: (input) => startBare(tlsMaterial.parse(input)),
  /** CPU of this process so far. */
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  /** Resident bytes after the garbage is gone. */
  residentBytes: async () => {
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    return process.memoryUsage.rss();
  },
  beginStalls: () => {
    delay.enable();
    delay.reset();
    busy ??= watchBusy();
    busy.longestMs = 0;
  },
  /** The longest time that one turn of the loop used the processor: what is left of a stall without the scheduler's share. */
  longestBusyMs: () => busy?.longestMs ?? 0,
  longestStallMs: () => delay.max / 1e6,
  stop: async () => {
    await server?.stop();
  },
  ...trustWork(running),
});

/** Looks how much of the processor this thread uses between two turns of the loop. */
function watchBusy(): { longestMs: number } {
  const found = { longestMs: 0 };
  let before = process.threadCpuUsage();
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    found.longestMs = Math.max(found.longestMs, (user + system) / 1_000);
  }, BUSY_LOOK_MS).unref();
  return found;
}

/** A new domain; or, with a key file, one more server of the domain that the database holds. */
async function makeFolder({
  dataFolder,
  database,
  kekFile,
  heartbeatSeconds,
}: z.infer<typeof startWish>): Promise<void> {
  const place = {
    dataFolder,
    addresses: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
  };
  if (kekFile !== undefined) await joinServer({ ...place, database: database ?? '', kekFile });
  else
    await initServer({
      ...place,
      name: 'Bench',
      environment: {},
      ...(database === undefined ? {} : { database }),
    });
  if (heartbeatSeconds !== undefined) await changeServerConfig(dataFolder, { fleet: { heartbeatSeconds } });
}

async function startBare(tls: z.infer<typeof tlsMaterial>): Promise<{ port: number }> {
  const bare = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', keepAliveTimeout: 600_000 },
    (_request, response) => {
      response.end('ok');
    },
  );
  const echo = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
  bare.on('upgrade', (request, socket, head) => {
    echo.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (data, isBinary) => {
        webSocket.send((data as Buffer).subarray(0, REPLY_BYTES), { binary: isBinary });
      });
      webSocket.on('error', () => {
        webSocket.terminate();
      });
    });
  });
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  return { port: (bare.address() as AddressInfo).port };
}
