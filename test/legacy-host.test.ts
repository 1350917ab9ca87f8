import { addLegacyHost, grantLegacyRead, listLegacyHosts } from '@sekisho/core/wire/legacy.ts';
import { getJob, listJobs, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan, listPlans } from '@sekisho/core/wire/plans.ts';
import { listPoints } from '@sekisho/core/wire/points.ts';
import { getHost, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import { startAgent } from '@sekisho/agent/main.ts';
import { upgradeLegacy } from '@sekisho/agent/setup/upgrade-legacy.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from './root.ts';

const SCRIPT = join(ROOT, 'legacy/sekisho-legacy-agent');

describe('a legacy host with the real script and real restic', async () => {
  test('T-50 T-51 it backs up in plain while the setting is on, and nothing more', async (t) => {
    const fleet = await Fleet.start(t, { hosts: [{ name: 'store', media: true }] });
    const { call } = fleet;
    const store = fleet.host('store');
    const legacyPort = await freePort();
    await call(setHostMedia, {
      params: { id: store.hostId },
      body: { media: true, endpoints: [{ address: '127.0.0.1', port: store.mediaPort }], legacyPort },
    });
    const old = await call(addLegacyHost, { body: { name: 'old-01' } });
    const files = join(fleet.folder, 'files of an old host');
    await mkdir(files);
    await writeFile(join(files, 'a.txt'), 'first');
    await call(createPlan, {
      body: {
        name: 'old files',
        targets: { hosts: [old.hostId], groups: [] },
        paths: [files],
        mediaServers: [store.hostId],
      },
    });
    const folder = join(fleet.folder, 'legacy');
    const server = `127.0.0.1:${fleet.server.ports.http}`;
    const agent = (args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) =>
      run(['--folder', folder, ...args], input, env);

    await t.test('it is set up with the key on standard input, and keeps it to itself', async () => {
      const wrong = await agent(['setup', '--server', server, '--name', 'old-01'], 'wrong\n');
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.text, /No legacy host was let in/);
      const { code, text } = await agent(['setup', '--server', server, '--name', 'old-01'], `${old.key}\n`);
      assert.equal(code, 0, text);
      assert.doesNotMatch(text, new RegExp(old.key ?? '-'));
      for (const file of ['config', 'password'])
        assert.equal((await stat(join(folder, file))).mode & 0o077, 0, file);
    });

    await t.test('T-50 it backs up, twice, and job and recovery point show like others', async () => {
      for (const n of [1, 2]) {
        await writeFile(join(files, 'a.txt'), `content ${n}`);
        const { code, text } = await agent(['backup-now']);
        assert.equal(code, 0, text);
        const { points } = await call(listPoints, { query: { host: old.hostId } });
        assert.equal(points.length, n);
        assert.notEqual(points[0]?.jobId, null, text);
      }
      const { jobs } = await call(listJobs, { query: { host: old.hostId } });
      assert.deepEqual(
        jobs.map(({ state }) => state),
        ['done', 'done'],
      );
      assert.ok(jobs.every((job) => (job.report?.filesDone ?? 0) > 0));
      assert.ok((await call(getHost, { params: { id: old.hostId } })).states.includes('legacy'));
    });

    const repository = `${old.hostId}.1`;
    const ask = (path: string, how: { method?: string; key?: string } = {}) =>
      fetch(`http://127.0.0.1:${legacyPort}${path}`, {
        method: how.method ?? 'GET',
        headers: { authorization: basic('old-01', how.key ?? old.key ?? ''), connection: 'close' },
      });

    await t.test(
      'T-50 what was backed up is read with a grant alone, nothing is removed, and no other repository is seen',
      async () => {
        assert.equal((await ask(`/${repository}/config`)).status, 200);
        const [pack] = (await (await ask(`/${repository}/data/`)).json()) as string[];
        const read = await ask(`/${repository}/data/${pack}`);
        assert.equal(read.status, 403);
        assert.match(await read.text(), /LEGACY_READ_NEEDS_GRANT/);
        assert.equal((await ask(`/${repository}/data/${pack}`, { method: 'DELETE' })).status, 403);
        assert.equal((await ask(`/${store.hostId}.1/config`)).status, 403);
        assert.equal((await ask(`/${repository}/config`, { key: 'wrong' })).status, 401);
        await call(grantLegacyRead, { params: { id: old.hostId }, body: { seconds: 600 } });
        await eventually('the grant counts', async () =>
          (await ask(`/${repository}/data/${pack}`)).status === 200 ? true : undefined,
        );
      },
    );

    await t.test(
      'a killed agent leaves a lock that does not hold up the next, and its stop ends it',
      async () => {
        const first = begin(['--folder', folder, 'run'], { SEKISHO_LEGACY_EVERY: '1' });
        await eventually('it holds the lock', () =>
          readFile(join(folder, 'lock/pid'), 'utf8').catch(() => undefined),
        );
        assert.match((await agent(['run'])).text, /runs here already/);
        first.kill('SIGKILL');
        await once(first, 'exit');
        const next = begin(['--folder', folder, 'run'], { SEKISHO_LEGACY_EVERY: '1' });
        t.after(() => next.kill('SIGKILL'));
        const ended = once(next, 'exit');
        await eventually('the next holds it', async () =>
          (await readFile(join(folder, 'lock/pid'), 'utf8').catch(() => '')).trim() === String(next.pid)
            ? true
            : undefined,
        );
        assert.match((await agent(['status'])).text, new RegExp(`process ${next.pid}`));
        assert.equal((await agent(['stop'])).code, 0);
        await ended;
      },
    );

    await t.test(
      'T-51 turning the setting off cuts a transfer that runs, without a restart, and says which setting it is',
      async () => {
        const upload = connect(legacyPort, '127.0.0.1');
        t.after(() => upload.destroy());
        upload.on('error', () => undefined);
        upload.resume();
        upload.write(
          `POST /${repository}/data/${'a'.repeat(64)} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('old-01', old.key ?? '')}\r\nContent-Length: 100000000\r\n\r\nsome`,
        );
        await eventually('the upload is being received', async () => {
          const { hosts } = await call(listLegacyHosts);
          upload.write('more');
          return hosts.length > 0 ? true : undefined;
        });
        await call(setSecurity, { body: { insecureCommunication: false } });
        await eventually('the transfer is cut', () => (upload.destroyed ? true : undefined));
        await eventually('nobody listens in plain any more', async () =>
          (await isRefused(legacyPort)) ? true : undefined,
        );
        const { code, text } = await agent(['backup-now'], '', { LANG: 'ja_JP.UTF-8' });
        assert.notEqual(code, 0);
        assert.match(text, /sekisho security set --insecure-communication on/);
        assert.match(text, /安全でない通信はオフです/);
        await call(setSecurity, { body: { insecureCommunication: true } });
        await eventually('the media server listens again', async () =>
          (await isRefused(legacyPort)) ? undefined : true,
        );
        assert.equal((await agent(['backup-now'])).code, 0);
      },
    );

    await t.test(
      'T-12 T-18 an upgrade that fails is abandoned; one that does not keeps host ID and repository, without a token',
      async () => {
        const dataFolder = join(fleet.folder, 'hosts/old-01');
        const upgrade = (expectedFingerprint: string) =>
          upgradeLegacy({
            fromFolder: folder,
            dataFolder,
            server: { host: '127.0.0.1', port: fleet.server.ports.agent },
            expectedFingerprint,
            ...{ clock: fleet.clock, random: systemRandom, log: silentLog() },
          });
        await assert.rejects(upgrade('0'.repeat(64)), /CA_FINGERPRINT_MISMATCH/);
        await assert.rejects(stat(dataFolder), /ENOENT/);
        assert.equal((await agent(['backup-now'])).code, 0);

        const running = begin(['--folder', folder, 'run'], {});
        t.after(() => running.kill('SIGKILL'));
        const ended = once(running, 'exit');
        await eventually('it holds the lock', () =>
          readFile(join(folder, 'lock/pid'), 'utf8').catch(() => undefined),
        );
        const points = (await call(listPoints, { query: { host: old.hostId } })).points.length;
        const result = await upgrade(fleet.caFingerprint);
        await ended;
        assert.equal(result.hostId, old.hostId, 'it keeps its host ID, and needed no token');
        assert.deepEqual(result.repositories, [repository], 'the repository goes on');
        assert.notEqual((await agent(['run'])).code, 0, 'its configuration is kept, and starts nothing');
        assert.equal((await stat(join(folder, 'config.before-upgrade'))).isFile(), true);

        const current = await startAgent({
          ...{ dataFolder, clock: fleet.clock, random: systemRandom, log: silentLog() },
          mediaListen: { host: '127.0.0.1', port: 0 },
        });
        t.after(() => current.stop());
        await eventually('it talks securely', async () => {
          const { states } = await call(getHost, { params: { id: old.hostId } });
          return states.includes('online') && !states.includes('legacy') ? true : undefined;
        });
        const [plan] = (await call(listPlans)).plans;
        assert.ok(plan !== undefined);
        const { jobs } = await call(runPlan, {
          params: { id: plan.id },
          body: { hosts: [old.hostId], scheduleName: null },
        });
        await eventually('it backs up over mutual TLS into the same repository', async () => {
          const job = await call(getJob, { params: { id: jobs[0]!.id } });
          if (job.state === 'failed') assert.fail(JSON.stringify(job));
          return job.state === 'done' ? true : undefined;
        });
        const after = (await call(listPoints, { query: { host: old.hostId } })).points;
        assert.equal(after.length, points + 1);
        assert.ok(after.every((point) => point.repository === repository));
        await rename(join(folder, 'config.before-upgrade'), join(folder, 'config'));
        const back = await agent(['backup-now']);
        assert.match(back.text, /has talked securely before/, 'T-52 it never falls back');
      },
    );
  });
});

const basic = (name: string, key: string): string =>
  `Basic ${Buffer.from(`${name}:${key}`).toString('base64')}`;

function begin(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn('/bin/sh', [SCRIPT, ...args], { env: { ...process.env, LANG: 'C', ...env }, stdio: 'pipe' });
}

async function run(
  args: readonly string[],
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; text: string }> {
  const child = begin(args, env);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stdin?.on('error', () => undefined); // a command that refuses at once reads nothing
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, text };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => {
      resolve(true);
    });
  });
