import { getAgentStatus, heartbeatAgent } from '@sekisho/agent/control/agent-status.ts';
import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import { getJob, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { hostId as parsedHostId } from '@sekisho/core/wire/scalars.ts';
import { createToken, listAudit, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { callerOf } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Namespaces } from './namespaces.ts';
import { ROOT } from './root.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
/** The management server, at an address of its own behind two cables; each media server stands in both networks. */
const SERVER = '10.91.0.1';
const MACHINES = ['server', 'media1', 'media2', 'client'] as const;
type Machine = (typeof MACHINES)[number];
const INSIDE = { media1: ['10.91.11.1', '10.91.11.2'], media2: ['10.91.12.1', '10.91.12.2'] } as const;
const DMZ = { media1: ['10.91.21.1', '10.91.21.2'], media2: ['10.91.22.1', '10.91.22.2'] } as const;

test('T-60 T-61 T-62 T-12 a host that has no route to the management server is set up, works and backs up through media servers', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('network namespaces need root');
  const folder = await tempFolder(t);
  const running = new Map<Machine, ChildProcess>();
  const net = await Namespaces.make(t, MACHINES);
  t.after(async () => {
    for (const child of running.values()) child.kill('SIGKILL');
    await until('all processes ended', () =>
      [...running.values()].every(({ exitCode, signalCode }) => (exitCode ?? signalCode) !== null),
    );
  });
  await net.ip('server', 'addr', 'add', `${SERVER}/32`, 'dev', 'lo');
  for (const media of ['media1', 'media2'] as const) {
    await net.link(['server', `${INSIDE[media][0]}/30`], [media, `${INSIDE[media][1]}/30`]);
    await net.link([media, `${DMZ[media][0]}/30`], ['client', `${DMZ[media][1]}/30`]);
    await net.ip(media, 'route', 'add', SERVER, 'via', INSIDE[media][0]);
  }

  const data = (machine: Machine): string => join(folder, machine);
  const words = (machine: Machine, args: readonly string[]): [string, string[]] => {
    const [first = '', ...rest] = [
      ...net.enter(machine),
      SEKISHO,
      ...args,
      '--data',
      data(machine),
      '--json',
    ];
    return [first, rest];
  };
  const environment = (token = ''): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: folder,
    LANG: 'C.UTF-8',
    TOKEN: token,
  });
  /** One command on one machine: what it said, also when it failed. */
  const sekisho = async (machine: Machine, args: readonly string[], token?: string): Promise<string> => {
    const ended = promisify(execFile)(...words(machine, args), { env: environment(token) });
    return (await ended.catch((error: unknown) => error as { stdout: string })).stdout;
  };
  const start = async (machine: Machine, args: readonly string[]): Promise<void> => {
    const child = spawn(...words(machine, args), { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    running.set(machine, child);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on('data', () => undefined);
    await until(`${machine} says that it runs`, () => said.includes('\n'));
  };
  const born = await sekisho('server', ['server', 'init', '--name', 'Test', '--address', SERVER]);
  const { caFingerprint } = z.object({ caFingerprint: z.string() }).parse(JSON.parse(born));
  await start('server', ['server', 'run']);
  const call = callerOf(() => join(data('server'), 'run', 'admin.sock'));
  const tokenFor = async (media: boolean): Promise<string> =>
    (await call(createToken, { body: { name: 'for a host', media } })).token;
  const setUp = (machine: Machine, more: readonly string[], token?: string): Promise<string> =>
    sekisho(
      machine,
      [
        ...['agent', 'setup', '--name', machine, '--server', `${SERVER}:13000`],
        ...['--ca-fingerprint', caFingerprint, ...more],
        ...(token === undefined ? [] : ['--token-env', 'TOKEN']),
      ],
      token,
    );
  const idIn = (said: string): HostId => z.object({ hostId: parsedHostId }).parse(JSON.parse(said)).hostId;
  const ids = new Map<Machine, HostId>();
  for (const media of ['media1', 'media2'] as const) {
    const id = idIn(await setUp(media, ['--media'], await tokenFor(true)));
    ids.set(media, id);
    await start(media, ['agent', 'run']);
    const endpoints = [{ address: DMZ[media][0], port: 13_002 }];
    await call(setHostMedia, { params: { id }, body: { media: true, endpoints } });
  }
  const status = async (machine: Machine) => control(data(machine))(getAgentStatus, {});
  for (const media of ['media1', 'media2'] as const)
    await eventually(`${media} serves`, async () => (await status(media)).media?.port ?? undefined);

  // the client truly has no way of its own
  await assert.rejects(net.ip('client', 'route', 'get', SERVER));
  const direct = ['curl', '-sk', '-m', '10', `https://${SERVER}:13000/.well-known/est/cacerts`];
  const refusedBy = promisify(execFile)('ip', [...net.enter('client').slice(1), ...direct]);
  await assert.rejects(refusedBy, ({ code }: { code: unknown }) => code === 7); // curl: could not connect
  const alone = await setUp('client', [], await tokenFor(false));
  assert.match(alone, /SERVER_UNREACHABLE/);

  // T-61: no token, no certificate, at the level that asks for none elsewhere
  await call(setSecurity, { body: { level: 'medium' } });
  const ways = [...['--relay', DMZ.media1[0]], ...['--relay', `${DMZ.media2[0]}:13002`]];
  assert.match(await setUp('client', ways), /TUNNEL_TOKEN_REQUIRED/);
  const client = idIn(await setUp('client', ways, await tokenFor(false)));
  const { rows } = await call(listAudit, { query: { act: 'approve-certificate', subject: client } });
  assert.deepEqual(
    rows.map(({ origin }) => origin),
    [`${DMZ.media1[1]} via ${ids.get('media1')}`],
  );

  // what the media servers open no way to
  const proxied = async (target: string): Promise<string> => {
    const args = ['-sS', '-o', '/dev/null', '-w', '%{http_connect}', '-k', '--proxy-insecure', '-m', '10'];
    const curl = [...net.enter('client').slice(1), 'curl', ...args];
    const ended = promisify(execFile)('ip', [...curl, '-p', '-x', `https://${DMZ.media2[0]}:13002`, target]);
    return (await ended.catch((error: unknown) => error as { stdout: string })).stdout;
  };
  const page = ['curl', '-s', `http://${SERVER}:8014/`];
  const shown = await promisify(execFile)('ip', [...net.enter('server').slice(1), ...page]);
  for (const media of ['media1', 'media2'] as const)
    assert.ok(shown.stdout.includes(`${DMZ[media][0]}:13002`), 'the first page names the media servers');
  assert.equal(await proxied(`https://${SERVER}:13000/.well-known/est/cacerts`), '200');
  for (const elsewhere of [
    `${SERVER}:13291`,
    `${SERVER}:8014`,
    `${INSIDE.media2[0]}:13000`,
    '127.0.0.1:13002',
  ])
    assert.equal(await proxied(`https://${elsewhere}/`), '403', elsewhere);

  await start('client', ['agent', 'run']);
  const through = (way: string | null): Promise<unknown> =>
    eventually(`the client goes through ${way}`, async () => {
      const now = await status('client');
      return now.relay === way && now.lastError === null && now.channel === 'open' ? true : undefined;
    });
  await through(`${DMZ.media1[0]}:13002`);
  await control(data('client'))(heartbeatAgent, {});

  // a real backup: ordered through the tunnel, its data to a media server next to the client
  const files = join(folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'a.txt'), 'from the DMZ');
  const plan = await call(createPlan, {
    body: {
      name: 'files',
      targets: { hosts: [client], groups: [] },
      paths: [files],
      schedules: [],
      mediaServers: [ids.get('media2')!],
    },
  });
  const { jobs } = await call(runPlan, {
    params: { id: plan.id },
    body: { hosts: [client], scheduleName: null },
  });
  const job = await eventually('the backup ends', async () => {
    const now = await call(getJob, { params: { id: jobs[0]!.id } });
    return now.endedAtMs === null ? undefined : now;
  });
  assert.equal(job.state, 'done', JSON.stringify(job.report));
  assert.ok((await status('client')).serials.crl > 0, 'revocation lists come through the tunnel too');

  // the media server in use is killed: the client comes back through the other
  running.get('media1')?.kill('SIGKILL');
  await through(`${DMZ.media2[0]}:13002`);

  // a route to the management server appears: the next heartbeat finds it, and the tunnel is left
  await net.link(['server', '10.91.31.1/30'], ['client', '10.91.31.2/30']);
  await net.ip('client', 'route', 'add', SERVER, 'via', '10.91.31.1');
  await eventually('the client goes directly', async () => {
    await control(data('client'))(heartbeatAgent, {}).catch(() => undefined);
    return (await status('client')).relay === null ? true : undefined;
  });
  await through(null);
});

/** A caller on an agent's control socket: files are the same on all machines of this test. */
const control = (dataFolder: string): Caller =>
  createClient(
    ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        const socketPath = join(dataFolder, 'run', 'agent.sock');
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const sent = request({ socketPath, method, path, headers }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.once('end', () => {
            resolve({ status: response.statusCode ?? 0, body: text });
          });
        });
        sent.once('error', reject);
        sent.end(body);
      }),
  );
