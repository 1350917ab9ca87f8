import type { HostId, JobId, PlanId, Sha256Hex } from '@sekisho/core/ids.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import {
  createPlan,
  getPlan,
  type planSpec,
  type PlanView,
  type Schedule,
} from '@sekisho/core/wire/plans.ts';
import { listPoints, startRestore, type PointView } from '@sekisho/core/wire/points.ts';
import { createToken, getHost, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import { startAgent, type RunningAgent } from '@sekisho/agent/main.ts';
import type { NodeNetwork } from '@sekisho/agent/jobs/judge-node.ts';
import { setupAgent } from '@sekisho/agent/setup/setup-agent.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { initServer, startServer, type RunningServer } from '@sekisho/server/main.ts';
import { request } from 'node:http';
import type { LookupFunction } from 'node:net';
import { cp, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { eventually } from './eventually.ts';
import { makeTempFolder, type HasAfter } from './temp-folder.ts';

export interface FleetOptions {
  /** Hosts to set up and start; none by default. */
  readonly hosts?: readonly { readonly name: string; readonly media?: boolean }[];
  /** `postgres://…`; an embedded database in the fleet's folder by default. */
  readonly database?: string;
  readonly clock?: Clock;
  /** Seconds; tests do not wait for heartbeats, they ask for one. */
  readonly heartbeatSeconds?: number;
  /** How long certificates of hosts are valid. A fleet on a FakeClock needs 450 days: OpenSSL looks at the real clock. */
  readonly hostCertificateHours?: number;
  /** F-03; push by default. */
  readonly mode?: 'push' | 'pull';
  /** Where agents find the server, when that is not where it listens: a relay of the test's in between. */
  readonly address?: string;
  /** How a host sees virtual names and its interfaces (T-34), by its name; the machine's own by default. */
  readonly network?: (host: string) => NodeNetwork;
  /** How agents find the addresses of media servers; the system's way by default. */
  readonly lookup?: LookupFunction;
  /** What the agent of a host says that it can do (F-31); everything of today, by default. */
  readonly capabilities?: (host: string) => readonly string[] | undefined;
  /** The clock of a host's machine; that of the fleet by default. */
  readonly clockOf?: (host: string) => Clock;
  /** The server's; silent by default. */
  readonly log?: Log;
}

/** What a plan may have beyond its hosts, paths and media servers. */
export type PlanWish = Partial<
  Pick<z.input<typeof planSpec>, 'excludes' | 'retention' | 'bandwidthKiBps' | 'commands'>
> & { readonly fallback?: string };

/** A host of the fleet: its agent runs in this process, on a data folder of its own. */
export interface FleetHost {
  readonly name: string;
  readonly hostId: HostId;
  readonly dataFolder: string;
  /** 0: no media server. It stays through restarts, as a real one's does. */
  mediaPort: number;
  agent: RunningAgent;
}

/** A real management server and real agents in one process, with real files, real TLS and real restic. */
export class Fleet {
  readonly folder: string;
  readonly clock: Clock;
  readonly caFingerprint: Sha256Hex;
  readonly call: Caller;
  readonly hosts = new Map<string, FleetHost>();
  server: RunningServer;
  readonly #startServer: () => Promise<RunningServer>;
  readonly #lookup: LookupFunction | undefined;
  readonly #network: FleetOptions['network'];
  readonly #capabilities: FleetOptions['capabilities'];
  readonly #clockOf: (host: string) => Clock;

  private constructor(parts: {
    folder: string;
    clock: Clock;
    caFingerprint: Sha256Hex;
    server: RunningServer;
    lookup: LookupFunction | undefined;
    start: () => Promise<RunningServer>;
    network: FleetOptions['network'];
    capabilities: FleetOptions['capabilities'];
    clockOf: FleetOptions['clockOf'];
  }) {
    this.folder = parts.folder;
    this.clock = parts.clock;
    this.caFingerprint = parts.caFingerprint;
    this.server = parts.server;
    this.#startServer = parts.start;
    this.#lookup = parts.lookup;
    this.#network = parts.network;
    this.#capabilities = parts.capabilities;
    this.#clockOf = parts.clockOf ?? (() => this.clock);
    this.call = createClient((message) => overSocket(this.server.socketPath, message));
  }

  /** The server's. */
  get dataFolder(): string {
    return serverFolder(this.folder);
  }

  /** Starts a fleet that ends with the test. */
  static async start(t: HasAfter, options: FleetOptions = {}): Promise<Fleet> {
    const clock = options.clock ?? systemClock;
    const { path: folder, remove } = await makeTempFolder();
    const dataFolder = serverFolder(folder);
    const born = await initServer({
      dataFolder,
      name: 'Test',
      addresses: [options.address ?? '127.0.0.1'],
      ...(options.database !== undefined && { database: options.database }),
      clock,
      random: systemRandom,
    });
    await changeServerConfig(dataFolder, {
      fleet: { heartbeatSeconds: options.heartbeatSeconds ?? 300, mode: options.mode ?? 'push' },
    });
    // the ports drawn at the first start stay, as a real server's do: agents come back to them
    let ports = { agentPort: 0, adminPort: 0, httpPort: 0 };
    const start = async (): Promise<RunningServer> => {
      const server = await startServer({
        dataFolder,
        listen: '127.0.0.1',
        ...ports,
        set: ['backups.everyHours=0', 'stop.graceSeconds=1'],
        clock,
        random: systemRandom,
        log: options.log ?? silentLog(),
      });
      ports = { agentPort: server.ports.agent, adminPort: server.ports.admin, httpPort: server.ports.http };
      return server;
    };
    const fleet = new Fleet({
      folder,
      clock,
      caFingerprint: born.caFingerprint,
      server: await start(),
      start,
      lookup: options.lookup,
      network: options.network,
      capabilities: options.capabilities,
      clockOf: options.clockOf,
    });
    t.after(async () => {
      for (const host of fleet.hosts.values()) await host.agent.stop();
      await fleet.server.stop();
      await remove();
    });
    const { hostCertificateHours } = options;
    if (hostCertificateHours !== undefined) await fleet.call(setSecurity, { body: { hostCertificateHours } });
    for (const host of options.hosts ?? []) await fleet.addHost(host.name, { media: host.media ?? false });
    return fleet;
  }

  /** Sets a host up with a token and a confirmed fingerprint, and starts its agent. */
  async addHost(name: string, options: { media?: boolean; port?: number } = {}): Promise<FleetHost> {
    const media = options.media ?? false;
    const { token } = await this.call(createToken, { body: { name: `for ${name}`, media } });
    const dataFolder = join(this.folder, 'hosts', name);
    await mkdir(join(this.folder, 'hosts'), { recursive: true });
    const hostId = await this.#setUp(name, dataFolder, token, { media, port: options.port, reissue: false });
    const host: FleetHost = {
      name,
      hostId,
      dataFolder,
      mediaPort: 0,
      agent: await this.#startAgent(dataFolder, 0),
    };
    this.hosts.set(name, host);
    if (media) await this.#announceMedia(host);
    await eventually(`${name} is online`, async () => {
      const { states } = await this.call(getHost, { params: { id: host.hostId } });
      return states.includes('online') ? true : undefined;
    });
    return host;
  }

  /** Gives a host a new certificate with a reissue token, as its administrator would: stopped, set up again, started. */
  async reissue(name: string): Promise<void> {
    const host = this.host(name);
    await host.agent.stop();
    const { token } = await this.call(createToken, { body: { name: `again ${name}`, reissueFor: name } });
    const media = host.mediaPort !== 0;
    await this.#setUp(name, host.dataFolder, token, { media, port: undefined, reissue: true });
    host.agent = await this.#startAgent(host.dataFolder, host.mediaPort);
  }

  async #setUp(
    name: string,
    dataFolder: string,
    token: string,
    how: { media: boolean; port: number | undefined; reissue: boolean },
  ): Promise<HostId> {
    const result = await setupAgent({
      dataFolder,
      server: { host: '127.0.0.1', port: how.port ?? this.server.ports.agent },
      // of now: the CA may have been changed
      expectedFingerprint: this.server.context.domain.caFingerprint,
      token: new Secret(token),
      media: how.media,
      reissue: how.reissue,
      name,
      clock: this.clock,
      random: systemRandom,
      log: silentLog(),
    });
    if (result === undefined) throw new Error(`the certificate of ${name} was not deployed`);
    return result.hostId;
  }

  host(name: string): FleetHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`the fleet has no host ${name}`);
    return host;
  }

  /** Stops a host's agent and starts it again on the same data folder. */
  async restartAgent(name: string, random: Random = systemRandom): Promise<void> {
    const host = this.host(name);
    await host.agent.stop();
    host.agent = await this.#startAgent(host.dataFolder, host.mediaPort, random);
  }

  /** A second agent on a copy of a host's data folder: a cloned machine. Whoever calls this stops it. */
  async clone(name: string): Promise<RunningAgent> {
    const { dataFolder } = this.host(name);
    const copy = `${dataFolder}-clone`;
    const isSocket = async (path: string): Promise<boolean> => (await lstat(path)).isSocket();
    await cp(dataFolder, copy, { recursive: true, filter: async (path) => !(await isSocket(path)) });
    return this.#startAgent(copy, 0);
  }

  async stopServer(): Promise<void> {
    await this.server.stop();
  }

  /** Starts the server again after `stopServer`, on the same ports. */
  async startServer(): Promise<void> {
    this.server = await this.#startServer();
  }

  async #announceMedia(host: FleetHost): Promise<void> {
    host.mediaPort = await eventually(`${host.name} serves repositories`, () => host.agent.mediaPort);
    await this.call(setHostMedia, {
      params: { id: host.hostId },
      body: { media: true, endpoints: [{ address: '127.0.0.1', port: host.mediaPort }] },
    });
  }

  #startAgent(dataFolder: string, mediaPort: number, random: Random = systemRandom): Promise<RunningAgent> {
    const network = this.#network?.(basename(dataFolder));
    const capabilities = this.#capabilities?.(basename(dataFolder));
    const clock = this.#clockOf(basename(dataFolder));
    return startAgent({
      dataFolder,
      ...(network === undefined ? {} : { network }),
      ...(capabilities === undefined ? {} : { capabilities }),
      clock,
      random,
      log: silentLog(),
      mediaListen: { host: '127.0.0.1', port: mediaPort },
      ...(this.#lookup !== undefined && { lookup: this.#lookup }),
    });
  }

  /** A plan of one host; without schedules unless they are given. */
  async plan(
    host: string,
    paths: readonly string[],
    media: string,
    schedules: readonly Schedule[] = [],
    { fallback, ...wish }: PlanWish = {},
  ): Promise<PlanView> {
    return this.call(createPlan, {
      body: {
        name: `files of ${host} ${this.hosts.size}-${systemRandom.uuid().slice(0, 8)}`,
        targets: { hosts: [this.host(host).hostId], groups: [] },
        paths: [...paths],
        schedules: [...schedules],
        mediaServers: [media, ...(fallback === undefined ? [] : [fallback])].map(
          (one) => this.host(one).hostId,
        ),
        ...wish,
      },
    });
  }

  /** All hosts of a plan have acknowledged the policy that carries it. */
  deployed(planId: PlanId): Promise<PlanView> {
    return eventually('the plan is deployed', async () => {
      const plan = await this.call(getPlan, { params: { id: planId } });
      return plan.deployed.acknowledged === plan.deployed.hosts ? plan : undefined;
    });
  }

  /** Starts a plan by hand on one host; null: a custom run. */
  async begin(planId: PlanId, host: string, scheduleName: string | null = null): Promise<JobId> {
    const { jobs } = await this.call(runPlan, {
      params: { id: planId },
      body: { hosts: [this.host(host).hostId], scheduleName },
    });
    const [job] = jobs;
    if (job === undefined) throw new Error('no job was made');
    return job.id;
  }

  /** Runs a plan by hand on one host and waits for its end. */
  async backup(planId: PlanId, host: string, scheduleName: string | null = null): Promise<JobView> {
    return this.ended(await this.begin(planId, host, scheduleName));
  }

  /** A caller on the control socket of a host's agent. */
  control(host: string): Caller {
    return createClient((message) =>
      overSocket(join(this.host(host).dataFolder, 'run', 'agent.sock'), message),
    );
  }

  /** The job once it has ended. */
  ended(id: JobId): Promise<JobView> {
    return eventually(`job ${id} ends`, async () => {
      const job = await this.call(getJob, { params: { id } });
      return job.endedAtMs === null ? undefined : job;
    });
  }

  /** The recovery points of a host, once there are so many. */
  points(host: string, atLeast = 1): Promise<PointView[]> {
    return eventually(`${host} has ${atLeast} recovery points`, async () => {
      const { points } = await this.call(listPoints, { query: { host: this.host(host).hostId } });
      return points.length >= atLeast ? points : undefined;
    });
  }

  /** Restores all of a recovery point into a folder of its host, or of another, and waits for the end. */
  async restore(point: PointView, targetFolder: string, onHost: string | null = null): Promise<JobView> {
    const job = await this.call(startRestore, {
      body: {
        point: point.id,
        paths: [],
        targetFolder,
        conflict: 'overwrite',
        host: onHost === null ? null : this.host(onHost).hostId,
      },
    });
    return this.ended(job.id);
  }
}

/** Changes keys of a server's configuration file, as an administrator would with an editor. */
export async function changeServerConfig(
  dataFolder: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = join(dataFolder, 'server.json');
  const before = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...before, ...changes }));
}

function overSocket(
  socketPath: string,
  message: { method: string; path: string; body: string | undefined },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method: message.method,
        path: message.path,
        headers: message.body === undefined ? {} : { 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(message.body);
  });
}

const serverFolder = (folder: string): string => join(folder, 'server');
