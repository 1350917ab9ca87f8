import { parseServerId } from '@sekisho/core/ids.ts';
import { runPlan } from '@sekisho/core/wire/jobs.ts';
import { assignServerList, createServerList, listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { rootGroup } from '@sekisho/server/features/hosts/host-rows.ts';
import { createClient } from '@sekisho/server/store/postgres-client.ts';
import { listSessions } from '@sekisho/server/store/sessions.ts';
import { listWorkers } from '@sekisho/server/store/workers.ts';
import { eventually, EVENTUALLY_MS } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { databaseUrl, startPostgres } from '@sekisho/testkit/postgres.ts';
import { callerOf, joinFolder } from '@sekisho/testkit/trust-server.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { ROOT } from './root.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
const said = z.object({ ports: z.object({ agent: z.number(), admin: z.number(), http: z.number() }) });
const configured = z.object({ instanceId: z.string() });

/** Another server of the domain: a `sekisho` process of its own, with a data folder of its own, on ports that stay. */
class Server {
  readonly folder: string;
  readonly instanceId: string;
  readonly call: Caller;
  #ports = { agent: 0, admin: 0, http: 0 };
  #process: ChildProcess | undefined;

  private constructor(folder: string, instanceId: string) {
    this.folder = folder;
    this.instanceId = instanceId;
    this.call = callerOf(() => {
      const recorded = join(folder, 'run', 'socket-path');
      return existsSync(recorded) ? readFileSync(recorded, 'utf8').trim() : join(folder, 'run', 'admin.sock');
    });
  }

  static async join(t: TestContext, fleet: Fleet, name: string): Promise<Server> {
    const dataFolder = join(fleet.folder, name);
    await joinFolder(dataFolder, fleet);
    const text = await readFile(join(dataFolder, 'server.json'), 'utf8');
    const server = new Server(dataFolder, configured.parse(JSON.parse(text)).instanceId);
    const end = (): void => {
      server.#process?.kill('SIGKILL');
    };
    process.on('exit', end);
    t.after(() => {
      process.off('exit', end);
      end();
    });
    await server.run();
    return server;
  }

  get port(): number {
    return this.#ports.agent;
  }

  async run(): Promise<void> {
    const { agent, admin, http } = this.#ports;
    const ports = ['--agent-port', agent, '--admin-port', admin, '--http-port', http].map(String);
    const child = spawn(
      SEKISHO,
      ['server', 'run', '--data', this.folder, '--listen', '127.0.0.1', ...ports, '--json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`.slice(-4_000)));
    this.#ports = await eventually('the server says that it runs', () => {
      if ((child.exitCode ?? child.signalCode) !== null) throw new Error(`the server ended: ${stderr}`);
      const found = /^\{[^]*?^\}/m.exec(stdout)?.[0];
      return found === undefined ? undefined : said.parse(JSON.parse(found)).ports;
    });
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#process;
    assert.ok(child !== undefined && child.kill('SIGKILL'));
    await eventually('it is dead', () => child.signalCode ?? undefined);
  }
}

test('F-10 S-07 three server processes on one PostgreSQL: agents spread over them, fail over when one is killed, and come back', async (t) => {
  const postgres = await startPostgres();
  const client = createClient(postgres.url);
  await client.connect();
  await client.query('CREATE DATABASE several');
  await client.end();
  const database = databaseUrl(postgres.url, 'several');
  const names = ['one', 'two', 'three', 'vault'];
  const fleet = await Fleet.start(t, {
    database,
    heartbeatSeconds: 2,
    hosts: names.map((name) => ({ name, media: name === 'vault' })),
  });
  // the database goes after everybody who uses it
  t.after(() => postgres.stop());
  const { context } = fleet.server;
  const first = {
    instanceId: context.config.instanceId,
    port: fleet.server.ports.agent,
    call: fleet.call,
  };
  const second = await Server.join(t, fleet, 'second');
  const third = await Server.join(t, fleet, 'third');
  const servers = [first, second, third];

  /** Which server has the channel of which host: 1, 2, 3 in the order of the names; 0: none. */
  const standing = async (): Promise<string> => {
    const instances = new Map(
      (await listWorkers(context.store)).map(({ id, instanceId }) => [id, instanceId]),
    );
    const sessions = new Map(
      (await listSessions(context.store.db)).map(({ hostId, workerId }) => [hostId, instances.get(workerId)]),
    );
    return names
      .map((name) => servers.findIndex((one) => one.instanceId === sessions.get(fleet.host(name).hostId)) + 1)
      .join('');
  };
  const reaches = (what: string, wanted: RegExp, withinMs = EVENTUALLY_MS): Promise<string> => {
    let now = '';
    const ask = async () => {
      now = await standing().catch(() => '');
      return wanted.test(now) ? now : undefined;
    };
    return eventually(what, ask, withinMs).catch((error: unknown) => {
      throw new Error(`${what}: they stand at ${now}`, { cause: error });
    });
  };
  const online = (at: { call: Caller }): Promise<true> =>
    eventually('all hosts are online', async () => {
      for (const name of names) {
        const { states } = await at.call(getHost, { params: { id: fleet.host(name).hostId } });
        if (!states.includes('online')) return undefined;
      }
      return true;
    });
  const holdsNewest = (): Promise<true> =>
    eventually('all hold the newest list', async () => {
      const { lists } = await fleet.call(listServerLists, {});
      const inUse = lists.filter(({ hosts }) => hosts > 0);
      return inUse.length === 1 && inUse[0]?.holding === names.length ? true : undefined;
    });
  /** A backup that one server orders, of a host that is connected to whichever. */
  const files = join(fleet.folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'file'), 'content');
  const plan = await fleet.plan('one', [files], 'vault');
  await fleet.deployed(plan.id);
  const backUpFrom = async (server: { call: Caller }): Promise<void> => {
    const body = { hosts: [fleet.host('one').hostId], scheduleName: null };
    const { jobs } = await server.call(runPlan, { params: { id: plan.id }, body });
    assert.ok(jobs[0] !== undefined);
    assert.equal((await fleet.ended(jobs[0].id)).state, 'done');
  };

  await t.test('F-10 started with the list of all three, each agent draws one of them', async () => {
    await holdsNewest();
    for (const [at, name] of names.entries())
      await fleet.restartAgent(name, { ...systemRandom, fraction: () => (at + 0.5) / names.length });
    await reaches('the agents are at all of them', /^1223$/);
    await online(third);
  });

  await t.test('S-07 a job ordered at one server reaches an agent that is connected to another', async () => {
    const [at] = await standing();
    const other = servers[Number(at) % servers.length];
    assert.ok(other !== undefined);
    await backUpFrom(other);
  });

  await t.test(
    'F-10 F-11 a list with priorities brings all to its first server; the preview says who changes over',
    async () => {
      const serverId = parseServerId(context.domain.serverId);
      assert.ok(serverId !== undefined);
      const entry = (port: number, priority: number) => ({
        priority,
        serverId,
        address: '127.0.0.1',
        port,
        protocol: 'https' as const,
        acceptedKeys: [],
      });
      const { list } = await fleet.call(createServerList, {
        body: {
          name: 'ranked',
          servers: [entry(second.port, 1), entry(first.port, 2), entry(third.port, 2)],
        },
      });
      const { list: only, effect: reached } = await fleet.call(createServerList, {
        body: { name: 'only', servers: [entry(second.port, 1)] },
      });
      assert.deepEqual(
        reached.entries.map(({ state }) => state),
        ['reachable'],
      );
      const group = await rootGroup(context.store.db);
      const { effect } = await fleet.call(assignServerList, {
        params: { id: only.id, group },
        body: { dryRun: true },
      });
      assert.deepEqual([effect.hosts, effect.elsewhere.hosts], [names.length, 2]);
      await fleet.call(assignServerList, { params: { id: list.id, group }, body: {} });
      await holdsNewest();
      await reaches('all are at the second', /^2{4}$/);
    },
  );

  await t.test('F-10 S-07 killed, its agents are online at the others', async () => {
    await second.kill();
    await reaches('all are at the others', /^[13]{4}$/);
    await online(first);
  });

  await t.test('S-07 the database fails over: agents and orders go on', async () => {
    await postgres.restart();
    await eventually('both servers answer again', async () => {
      const answers = [first, third].map((server) => server.call(listServerLists, {}).then(() => true));
      return (await Promise.allSettled(answers)).every(({ status }) => status === 'fulfilled')
        ? true
        : undefined;
    });
    await reaches('all are at the others', /^[13]{4}$/);
    await online(third);
    await backUpFrom(first);
  });

  await t.test('F-10 it comes back, and so do its agents', async () => {
    await second.run();
    // an agent lets a server that was away rest for up to as long as it was away, and that grows on a busy machine
    await reaches('all are at the second again', /^2{4}$/, 3 * EVENTUALLY_MS);
    await online(second);
  });
});
