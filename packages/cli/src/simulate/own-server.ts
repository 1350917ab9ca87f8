import type { SimulatedHost } from '@sekisho/agent/simulate/enrol-host.ts';
import { AppError, fill } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { createToken, getDomain, getHost, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { note, type Cli } from '../cli.ts';
import { openServer, type ServerConnection } from '../client/open-server.ts';
import type { Endpoint } from '../flag.ts';
import { ChildProcesses, lastLines } from '../demo/child-processes.ts';
import { choosePorts } from '../demo/ports.ts';
import { waitFor } from '../demo/wait-for.ts';
import { visible } from '../output/table.ts';

const LOOPBACK = '127.0.0.1';
const DOMAIN_NAME = 'Sekisho Simulation';
const SERVER_SECONDS = 60;
const TOKEN_SECONDS = 86_400;
/** No repository is opened: the plan only has to name somebody. */
const MEDIA_PORT = 13_002;

/** A server that exists for one simulation. */
export interface OwnServer {
  readonly endpoint: Endpoint;
  readonly caFingerprint: string;
  readonly token: Secret;
  readonly call: Caller;
  /** A plan that covers all hosts, so that runs can be reported. */
  makePlan(hosts: readonly SimulatedHost[]): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Makes a domain in a temporary folder and starts its server as a process of its own, on the loopback and on free ports.
 * Refusals: DEMO_PROCESS_ENDED, DEMO_STEP_SLOW, INTERRUPTED; the folder with the logs then stays.
 */
export async function startOwnServer(
  cli: Cli,
  wish: { readonly agents: number; readonly heartbeatMs: number; readonly signal: AbortSignal },
): Promise<OwnServer> {
  note(cli, cli.words.simulate.makingServer);
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-simulate-'));
  const data = join(folder, 'server');
  const processes = new ChildProcesses(cli.io.clock, cli.io.env);
  let admin: ServerConnection | undefined;
  try {
    const init = ['server', 'init', '--data', data, '--name', DOMAIN_NAME, '--address', LOOPBACK];
    await processes.run('sekisho server init', init, join(folder, 'init.log'));
    await setHeartbeat(data, wish.heartbeatMs);
    const { ports } = await choosePorts(FREE_PORTS);
    processes.start(
      'sekisho server run',
      [
        ...['server', 'run', '--data', data, '--listen', LOOPBACK, '--agent-port', String(ports.agent)],
        ...['--admin-port', String(ports.admin), '--http-port', String(ports.http)],
      ],
      join(folder, 'server.log'),
    );
    admin = await waitFor(
      cli.io.clock,
      wish.signal,
      { step: cli.words.simulate.waitingServer, seconds: SERVER_SECONDS, folder },
      () => {
        processes.assertRunning('sekisho server run');
        return answering(cli, data);
      },
    );
    const { call } = admin;
    const { caFingerprint } = await call(getDomain);
    const { token } = await call(createToken, {
      body: { name: 'simulation', usesMax: wish.agents, validSeconds: TOKEN_SECONDS },
    });
    const connection = admin;
    return {
      endpoint: { address: LOOPBACK, port: ports.agent },
      caFingerprint,
      token: new Secret(token),
      call,
      makePlan: (hosts) => makePlan(connection, hosts),
      async stop() {
        await connection.close();
        await processes.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await admin?.close();
    await processes.stop();
    if (error instanceof AppError && error.code === 'DEMO_PROCESS_ENDED') await showLastWords(cli, error);
    else await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const FREE_PORTS = { agent: 0, admin: 0, http: 0, media: 0 };

/** What the server expects of its hosts is what the simulated ones do. */
async function setHeartbeat(data: string, heartbeatMs: number): Promise<void> {
  const file = join(data, 'server.json');
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  const heartbeatSeconds = Math.max(1, Math.round(heartbeatMs / SECOND_MS));
  await writeFile(file, JSON.stringify({ ...config, fleet: { heartbeatSeconds } }), { mode: 0o600 });
}

/** A connection once the server answers on its socket; undefined before. */
async function answering(cli: Cli, data: string): Promise<ServerConnection | undefined> {
  const server = await openServer(cli, data);
  try {
    await server.call(getDomain);
    return server;
  } catch (error) {
    await server.close();
    if (error instanceof AppError && error.status >= 500) return undefined;
    throw error;
  }
}

/** One of the simulated hosts is the media server that a plan needs; nobody asks it for anything. */
async function makePlan({ call }: ServerConnection, hosts: readonly SimulatedHost[]): Promise<void> {
  const [first] = hosts;
  if (first === undefined) return;
  const { hostId } = first.identity;
  const { group } = await call(getHost, { params: { id: hostId } });
  await call(setHostMedia, {
    params: { id: hostId },
    body: { media: true, endpoints: [{ address: LOOPBACK, port: MEDIA_PORT }] },
  });
  await call(createPlan, {
    body: {
      name: 'simulation',
      targets: { hosts: [], groups: [group] },
      paths: ['/srv'],
      schedules: [{ name: 'yearly', cron: '0 3 1 1 *', timeZone: 'UTC' }],
      mediaServers: [hostId],
    },
  });
}

async function showLastWords(cli: Cli, { params }: AppError): Promise<void> {
  note(cli, fill(cli.words.simulate.lastWords, { process: params['process'] ?? '' }));
  for (const line of await lastLines(String(params['log']))) note(cli, `  ${visible(line)}`);
}
