import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { createToken, getDomain, listHosts, setHostMedia, type HostView } from '@sekisho/core/wire/trust.ts';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { openServer } from '../client/open-server.ts';
import type { Cli } from '../cli.ts';
import { choosePorts, type DemoPorts } from './ports.ts';
import type { Demo } from './run-demo.ts';
import { waitFor } from './wait-for.ts';

export const DEMO_HOST = 'demo-host';
const DEMO_DOMAIN = 'Sekisho Demo';
const LOOPBACK = '127.0.0.1';
const TOKEN_MINUTES = 60;
const SERVER_SECONDS = 60;
const AGENT_SECONDS = 90;

/** What the demo's domain is. */
export interface DemoDomain {
  readonly caFingerprint: string;
  readonly hostId: string;
  readonly ports: DemoPorts;
}

/** A domain, its server, and one host that is media server and client: each through the real command. */
export async function makeDomain(demo: Demo): Promise<DemoDomain> {
  const { cli, narrator, folder, processes, signal } = demo;
  const words = cli.words.demo;
  const log = (name: string): string => join(folder.logs, `${name}.log`);

  narrator.step(words.stepDomain);
  const init = await processes.run(
    'sekisho server init',
    ['server', 'init', '--data', folder.server, '--name', DEMO_DOMAIN, '--address', LOOPBACK, '--json'],
    log('init'),
  );
  const { caFingerprint } = z.object({ caFingerprint: z.string() }).parse(JSON.parse(init));
  narrator.fact(words.domainFacts, { name: DEMO_DOMAIN, algorithm: 'ECDSA P-256' });
  narrator.fact(words.fingerprintFact, { fingerprint: caFingerprint });

  narrator.step(words.stepServer);
  const { ports, moved } = await choosePorts();
  processes.start('server', serverArgs(folder.server, ports), log('server'));
  const server = await waitFor(
    cli.io.clock,
    signal,
    { step: words.waitingServer, seconds: SERVER_SECONDS, folder: folder.logs },
    async () => {
      processes.assertRunning('server');
      return answering(cli, folder.server);
    },
  );
  try {
    narrator.fact(words.serverFacts, { agent: ports.agent, http: ports.http });
    if (moved) narrator.fact(words.portsMoved);
    await enrolHost(demo, server.call, caFingerprint, ports, log('setup'));
    narrator.step(words.stepAgent);
    const media = ['--media-listen', `${LOOPBACK}:${ports.media}`];
    processes.start('agent', ['agent', 'run', '--data', folder.agent, ...media], log('agent'));
    const host = await onlineHost(demo, server.call, ports.media);
    narrator.fact(words.agentFacts, { port: ports.media });
    return { caFingerprint, hostId: host.id, ports };
  } finally {
    await server.close();
  }
}

async function enrolHost(
  { cli, narrator, folder, processes }: Demo,
  call: Caller,
  caFingerprint: string,
  ports: DemoPorts,
  log: string,
): Promise<void> {
  const words = cli.words.demo;
  narrator.step(words.stepToken);
  const { token } = await call(createToken, {
    body: {
      name: 'demo',
      validSeconds: (TOKEN_MINUTES * MINUTE_MS) / 1_000,
      hostName: DEMO_HOST,
      media: true,
    },
  });
  narrator.fact(words.tokenFacts);
  const tokenFile = join(folder.root, 'token');
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });

  narrator.step(words.stepHost);
  try {
    await processes.run(
      'sekisho agent setup',
      [
        ...['agent', 'setup', '--data', folder.agent, '--server', `${LOOPBACK}:${ports.agent}`],
        ...['--ca-fingerprint', caFingerprint, '--token-file', tokenFile],
        ...['--name', DEMO_HOST, '--media', '--json'],
      ],
      log,
    );
  } finally {
    await rm(tokenFile, { force: true });
  }
  const host = await findHost(call);
  if (host === undefined) throw new AppError('HOST_UNKNOWN', { given: DEMO_HOST });
  narrator.fact(words.hostFacts, { name: host.name, id: host.id });
  if (host.certificate !== null) {
    narrator.fact(words.certificateFacts, {
      fingerprint: host.certificate.fingerprint.slice(0, 16),
      until: cli.format.timeWithZone(host.certificate.notAfterMs),
    });
  }
  // its media server listens on this machine alone, maybe at a port of its own
  await call(setHostMedia, {
    params: { id: host.id },
    body: { media: true, endpoints: [{ address: LOOPBACK, port: ports.media }] },
  });
}

const onlineHost = (
  { cli, processes, signal, folder }: Demo,
  call: Caller,
  mediaPort: number,
): Promise<HostView> =>
  waitFor(
    cli.io.clock,
    signal,
    { step: cli.words.demo.waitingAgent, seconds: AGENT_SECONDS, folder: folder.logs },
    async () => {
      processes.assertRunning('server', 'agent');
      const host = await findHost(call);
      const ready = host !== undefined && host.media && host.states.includes('online');
      return ready && (await accepts(mediaPort)) ? host : undefined;
    },
  );

const findHost = async (call: Caller): Promise<HostView | undefined> =>
  (await call(listHosts)).hosts.find(({ name }) => name === DEMO_HOST);

/** A connection once the server answers on its socket; undefined before. */
async function answering(cli: Cli, dataFolder: string) {
  const server = await openServer(cli, dataFolder);
  try {
    await server.call(getDomain);
    return server;
  } catch (error) {
    await server.close();
    if (error instanceof AppError && error.status >= 500) return undefined;
    throw error;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const end = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

const serverArgs = (data: string, ports: DemoPorts): string[] => [
  ...['server', 'run', '--data', data, '--listen', LOOPBACK],
  ...['--agent-port', String(ports.agent), '--admin-port', String(ports.admin)],
  ...['--http-port', String(ports.http)],
];
