import type { HostId } from '@sekisho/core/ids.ts';
import { repositoryName } from '@sekisho/core/ids.ts';
import {
  createApplication,
  deleteApplication,
  removeApplicationHost,
} from '@sekisho/core/wire/applications.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { listJobs, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan, deletePlan } from '@sekisho/core/wire/plans.ts';
import { startRestore } from '@sekisho/core/wire/points.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFiles, refusedWith, sameTree } from './under-way.ts';

const VIP = 'sql-vip.example.com';
const ADDRESSES: Readonly<Record<string, string>> = { 'node-a': '10.20.0.1', 'node-b': '10.20.0.2' };

/** Which node has the virtual name; null: nobody resolves it. */
let active: 'node-a' | 'node-b' | null = 'node-a';

const network = (host: string) => ({
  resolve: (name: string) =>
    name === VIP && active !== null
      ? Promise.resolve([ADDRESSES[active] ?? ''])
      : Promise.reject(Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' })),
  own: () => ['127.0.0.1', ADDRESSES[host] ?? '10.20.0.9'],
});

/** What somebody with the key of a host, and without its agent, gets from a port. */
async function steal(fleet: Fleet, host: string, port: number, method: string, path: string, body?: string) {
  const read = (name: string) => readFile(join(fleet.host(host).dataFolder, 'identity', name), 'utf8');
  const [key, cert] = [await read('key.pem'), await read('certificate.pem')];
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, method, path, key, cert, agent: false, rejectUnauthorized: false },
        headers: {
          'content-length': Buffer.byteLength(body ?? ''),
          ...(path.startsWith('/v1/') ? { 'content-type': 'application/json' } : {}),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

test('T-34 one plan covers the virtual name over a failover, and the new node restores what the old one backed up', async (t) => {
  const fleet = await Fleet.start(t, {
    hosts: [{ name: 'vault', media: true }, { name: 'node-a' }, { name: 'node-b' }],
    network,
  });
  const source = join(fleet.folder, 'data');
  await makeFiles(source);
  const ids = ['node-a', 'node-b'].map((name) => fleet.host(name).hostId);
  const spec = {
    name: 'databases',
    application: { kind: 'sql-server' as const, virtualName: VIP },
    paths: [source],
    mediaServers: [fleet.host('vault').hostId],
  };
  await refusedWith('APPLICATION_MAPPING_MISSING', fleet.call(createPlan, { body: spec }));
  await fleet.call(createApplication, { body: { name: VIP, kind: 'sql-server', hosts: ids } });
  const plan = await fleet.call(createPlan, { body: spec });
  await fleet.deployed(plan.id);
  const run = async (...hosts: HostId[]): Promise<Record<string, JobView>> => {
    const { jobs } = await fleet.call(runPlan, {
      params: { id: plan.id },
      body: { hosts: hosts.length === 0 ? null : hosts, scheduleName: null },
    });
    const ended = [];
    for (const { id } of jobs) ended.push(await fleet.ended(id));
    return Object.fromEntries(ended.map((job) => [job.hostName, job]));
  };

  await t.test('T-34 the active node backs up, the other one says that it is not it', async () => {
    const jobs = await run();
    assert.equal(jobs['node-a']?.state, 'done', JSON.stringify(jobs['node-a']?.report));
    assert.deepEqual(
      [jobs['node-b']?.state, jobs['node-b']?.report?.code, jobs['node-b']?.report?.params],
      ['skipped', 'APPLICATION_NODE_INACTIVE', { name: VIP, addresses: '10.20.0.1' }],
    );
    assert.deepEqual([jobs['node-a']?.virtualName, jobs['node-b']?.virtualName], [VIP, VIP]);
  });

  await t.test('T-34 a node that cannot tell says so, and runs nothing', async () => {
    active = null;
    const jobs = await run(fleet.host('node-b').hostId);
    assert.deepEqual(
      [jobs['node-b']?.state, jobs['node-b']?.report?.code, jobs['node-b']?.report?.params['detail']],
      ['failed', 'APPLICATION_NODE_UNDECIDED', 'ENOTFOUND'],
    );
  });

  const [point] = await fleet.points('node-a');
  assert.equal(point?.virtualName, VIP);
  const foreign = repositoryName(fleet.host('node-a').hostId, 1);
  const { mediaPort } = fleet.host('vault');
  const asNodeB = (method: string, path: string) => steal(fleet, 'node-b', mediaPort, method, path);

  await t.test('T-34 node A is gone: node B carries on, and restores what A backed up', async () => {
    await fleet.host('node-a').agent.stop();
    active = 'node-b';
    const jobs = await run(fleet.host('node-b').hostId);
    assert.equal(jobs['node-b']?.state, 'done', JSON.stringify(jobs['node-b']?.report));
    const target = join(fleet.folder, 'restored');
    const restored = await fleet.restore(point!, target, 'node-b');
    assert.equal(restored.state, 'done', JSON.stringify(restored.report));
    assert.deepEqual([restored.hostName, restored.virtualName], ['node-b', VIP]);
    await sameTree(source, join(target, source));
    // nothing of A stays on B: no password, no cache; and A's repository has no lock of B
    const { dataFolder } = fleet.host('node-b');
    const caches = (await readdir(join(dataFolder, 'cache'))).filter((name) => /^[0-9a-f]{64}$/.test(name));
    assert.equal(caches.length, 1, 'of its own repository');
    const kept = await readdir(dataFolder, { recursive: true });
    assert.deepEqual(
      kept.filter((path) => path.includes(foreign)),
      [],
    );
    const stored = join(fleet.host('vault').dataFolder, 'repositories', foreign, 'repository');
    const locks = await readdir(join(stored, 'locks'));
    assert.deepEqual(locks, []);
  });

  await t.test('T-34 the key of node B alone reads nothing of A once the job has ended', async () => {
    await eventually('the media server has dropped the grant', async () =>
      (await asNodeB('GET', `/${foreign}/config`)).text.includes('REPOSITORY_OTHER_HOST') ? true : undefined,
    );
    const { jobs } = await fleet.call(listJobs, { query: { kind: 'restore' } });
    const body = JSON.stringify({ repository: foreign, jobId: jobs[0]?.id });
    const { agent } = fleet.server.ports;
    const reply = await steal(fleet, 'node-b', agent, 'POST', getRepositoryPassword.path, body);
    assert.match(reply.text, /REPOSITORY_PASSWORD_REFUSED/);
  });

  await t.test(
    'T-34 a grant reads one repository and writes nothing, and ends with the mapping',
    async () => {
      // the agent of B is down: the job waits, and its grant stands
      await fleet.host('node-b').agent.stop();
      const waiting = await fleet.call(startRestore, {
        body: {
          point: point!.id,
          paths: [],
          targetFolder: '/nowhere',
          conflict: 'skip',
          host: fleet.host('node-b').hostId,
        },
      });
      assert.equal(waiting.state, 'queued');
      await eventually('the media server has the grant', async () =>
        (await asNodeB('GET', `/${foreign}/config`)).status === 200 ? true : undefined,
      );
      const name = '0'.repeat(64);
      for (const [method, path] of [
        ['POST', `/${foreign}/locks/${name}`],
        ['POST', `/${foreign}/snapshots/${name}`],
        ['DELETE', `/${foreign}/locks/${name}`],
        ['DELETE', `/${foreign}/data/${name}`],
        ['POST', `/${foreign}/?create=true`],
      ] as const) {
        const reply = await asNodeB(method, path);
        assert.deepEqual(
          [reply.status, /REPOSITORY_READ_ONLY/.test(reply.text)],
          [403, true],
          `${method} ${path}`,
        );
      }
      for (const other of [repositoryName(fleet.host('vault').hostId, 1), repositoryName(ids[0]!, 2)])
        assert.match((await asNodeB('GET', `/${other}/config`)).text, /REPOSITORY_OTHER_HOST/);
      await fleet.call(removeApplicationHost, { params: { name: VIP, hostId: fleet.host('node-b').hostId } });
      await eventually('the media server has dropped it again', async () =>
        (await asNodeB('GET', `/${foreign}/config`)).text.includes('REPOSITORY_OTHER_HOST')
          ? true
          : undefined,
      );
    },
  );

  await t.test(
    'T-34 without the mapping the restore elsewhere is refused, and says what would allow it',
    async () => {
      const wish = { point: point!.id, paths: [], targetFolder: '/nowhere', conflict: 'skip' as const };
      for (const name of ['node-b', 'vault'])
        await refusedWith(
          'RESTORE_HOST_NOT_MAPPED',
          fleet.call(startRestore, { body: { ...wish, host: fleet.host(name).hostId } }),
        );
      await refusedWith('APPLICATION_IN_USE', fleet.call(deleteApplication, { params: { name: VIP } }));
      await fleet.call(deletePlan, { params: { id: plan.id } });
      await fleet.call(deleteApplication, { params: { name: VIP } });
      await refusedWith('APPLICATION_MAPPING_MISSING', fleet.call(startRestore, { body: wish }));
    },
  );
});
