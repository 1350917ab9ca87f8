import { choosePorts, type DemoPorts } from '@sekisho/cli/demo/ports.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { createClient, type Caller, type RetryOptions } from '@sekisho/core/wire/client.ts';
import { createToken, getDomain } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { initServer } from '@sekisho/server/main.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { changeServerConfig } from '@sekisho/testkit/fleet.ts';
import { socketTransport } from '@sekisho/testkit/trust-server.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HEARTBEAT_MS } from './schedule.ts';
import { SekishoProcess } from './sekisho-process.ts';

const HOST = '127.0.0.1';
const FREE = { agent: 0, admin: 0, http: 0, media: 0 };
const START_MS_MAX = 90_000;
const TOKEN_SECONDS = 86_400;

/** The domain of a soak: a real server process on the loopback, that is killed and comes back. */
export interface SoakDomain {
  readonly folder: string;
  readonly ports: DemoPorts;
  readonly caFingerprint: Sha256Hex;
  readonly process: SekishoProcess;
  /** Calls the server over its socket; what a kill lost is sent again. */
  readonly call: Caller;
  token(name: string, usesMax: number, media?: boolean): Promise<string>;
  /** Starts the server's process and waits until it serves; how long that took. */
  start(): Promise<number>;
}

/** Makes a domain below a folder; its server is not started yet. */
export async function makeSoakDomain(folder: string): Promise<SoakDomain> {
  const data = join(folder, 'server');
  const logs = join(folder, 'logs');
  await mkdir(logs, { recursive: true }); // before the first process writes there
  const { caFingerprint } = await initServer({
    dataFolder: data,
    name: 'Soak',
    addresses: [HOST],
    clock: systemClock,
    random: systemRandom,
    environment: {},
  });
  await changeServerConfig(data, { fleet: { heartbeatSeconds: HEARTBEAT_MS / SECOND_MS } });
  const { ports } = await choosePorts(FREE);
  const server = new SekishoProcess(
    [
      ...['server', 'run', '--data', data, '--listen', HOST, '--agent-port', String(ports.agent)],
      ...['--admin-port', String(ports.admin), '--http-port', String(ports.http)],
      ...['--set', 'backups.everyHours=0'],
    ],
    join(logs, 'server.log'),
  );
  const transport = socketTransport(() => join(data, 'run', 'admin.sock'));
  const call = createClient(transport, PATIENT);
  return {
    folder,
    ports,
    caFingerprint,
    process: server,
    call,
    token: async (name, usesMax, media = false) => {
      const body = { name, usesMax, media, validSeconds: TOKEN_SECONDS };
      return (await call(createToken, { body })).token;
    },
    start: async () => {
      const startedMs = performance.now();
      server.start();
      const once = createClient(transport);
      await eventually(
        'the server answers',
        () =>
          once(getDomain).then(
            () => true,
            () => undefined,
          ),
        START_MS_MAX,
      );
      return performance.now() - startedMs;
    },
  };
}

/** A server that is away for a while loses no request: the waits of a call outlast a kill. */
const WAIT_MS = 15_000;
const PATIENT: RetryOptions = {
  newIdempotencyKey: () => systemRandom.uuid(),
  wait: () => systemClock.sleep(WAIT_MS),
  isLost: (error) =>
    error instanceof Error && 'code' in error && typeof error.code === 'string' && LOST.has(error.code),
};
const LOST: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
