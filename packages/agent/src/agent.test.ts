import { cancelJob, getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import {
  browsePoint,
  deletePoints,
  listPoints,
  maintainRepository,
  startRestore,
} from '@sekisho/core/wire/points.ts';
import { createClient } from '@sekisho/core/wire/client.ts';
import { getHost, revokeHost } from '@sekisho/core/wire/trust.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startProtectedHost, type ProtectedHost } from '../test/protected-host.ts';
import { reopen, startRealServer, type RealServer } from '../test/real-server.ts';
import { until } from '../test/until.ts';
import { getAgentStatus, renewAgent, setAgentSettings } from './control/agent-status.ts';
import { dataFolderAt } from './data-folder.ts';
import { loadAnchors } from './documents/trust-anchors.ts';
import { loadIdentity } from './identity/identity-store.ts';
import { startAgent } from './main.ts';
import { refusalOf, sendRequest } from './net/http-request.ts';
import { MediaConnection } from './proxy/media-connection.ts';

describe('agent, media server and management server together', () => {
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;
  let real: RealServer;
  let host: ProtectedHost;
  before(async () => {
    folder = await makeTempFolder();
    real = await startRealServer(folder.path, systemClock);
    host = await startProtectedHost(real, { dataFolder: join(folder.path, 'agent'), name: 'all-in-one' });
  });
  after(async () => {
    await host.stop();
    await real.stop();
    await folder.remove();
  });

  async function makeFiles(root: string): Promise<void> {
    await mkdir(join(root, 'sub/deep'), { recursive: true });
    await writeFile(join(root, 'a.txt'), 'hello');
    await writeFile(join(root, 'sub/b.bin'), Buffer.alloc(300_000, 7));
    await writeFile(join(root, 'sub/deep/we[ird]* \\name?.txt'), 'weird');
    await symlink('../a.txt', join(root, 'sub/link'));
    await chmod(join(root, 'a.txt'), 0o640);
  }
  const same = (left: string, right: string): void => {
    execFileSync('diff', ['-r', '--no-dereference', left, right]);
  };
  async function restore(
    job: JobView,
    wish: { paths?: string[]; targetFolder: string | null; conflict?: 'overwrite' | 'skip' | 'rename' },
  ): Promise<JobView> {
    const started = await real.call(startRestore, {
      body: {
        point: job.report!.snapshotId!,
        paths: wish.paths ?? [],
        targetFolder: wish.targetFolder,
        conflict: wish.conflict ?? 'overwrite',
      },
    });
    return host.ended(started.id);
  }

  test('P-12 P-14 a backup is restored elsewhere byte for byte, and is a recovery point', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const plan = await host.plan({ paths: [join(root, 'data')] });
    const job = await host.run(plan);
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    assert.equal(job.report?.filesDone, 3);
    const { points } = await real.call(listPoints, {});
    assert.ok(points.some((point) => point.id === job.report?.snapshotId && point.jobId === job.id));
    const restored = await restore(job, { targetFolder: join(root, 'out') });
    assert.equal(restored.state, 'done', JSON.stringify(restored.report));
    same(join(root, 'data'), join(root, 'out', root, 'data'));
    assert.equal(restored.report?.filesDone, 4);
  });

  test('P-14 chosen paths only, signs of patterns in their names included', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const job = await host.run(await host.plan({ paths: [join(root, 'data')] }));
    const chosen = join(root, 'data/sub/deep/we[ird]* \\name?.txt');
    const restored = await restore(job, { paths: [chosen], targetFolder: join(root, 'out') });
    assert.equal(restored.report?.filesDone, 1, JSON.stringify(restored.report));
    assert.equal(await readFile(join(root, 'out', chosen), 'utf8'), 'weird');
    assert.deepEqual(await readdir(join(root, 'out', root, 'data')), ['sub']);
    const missing = await restore(job, { paths: [join(root, 'nope')], targetFolder: join(root, 'out') });
    assert.equal(missing.report?.code, 'POINT_PATH_MISSING');
  });

  for (const conflict of ['overwrite', 'skip', 'rename'] as const) {
    test(`P-14 a restore to the original place: ${conflict}`, async (t) => {
      const root = await tempFolder(t);
      await makeFiles(join(root, 'data'));
      const job = await host.run(await host.plan({ paths: [join(root, 'data')] }));
      await writeFile(join(root, 'data/a.txt'), 'changed');
      await rm(join(root, 'data/sub'), { recursive: true });
      await writeFile(join(root, 'data/mine'), 'mine');
      const restored = await restore(job, { targetFolder: null, conflict });
      assert.equal(await readFile(join(root, 'data/mine'), 'utf8'), 'mine');
      assert.equal(await readFile(join(root, 'data/sub/deep/we[ird]* \\name?.txt'), 'utf8'), 'weird');
      assert.equal(
        await readFile(join(root, 'data/a.txt'), 'utf8'),
        conflict === 'overwrite' ? 'hello' : 'changed',
      );
      if (conflict === 'rename')
        assert.equal(await readFile(join(root, 'data/a.txt.restored'), 'utf8'), 'hello');
      assert.equal(restored.state, conflict === 'overwrite' ? 'done' : 'warnings');
      if (conflict !== 'overwrite') assert.match(restored.report?.warnings.join('\n') ?? '', /a\.txt/);
      assert.deepEqual(
        (await readdir(root)).filter((name) => name.includes('sekisho')),
        [],
      );
    });
  }

  test('P-14 a folder of a recovery point is listed, a missing one is refused', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const job = await host.run(await host.plan({ paths: [join(root, 'data')] }));
    const browse = async (path: string, limit = 100): Promise<JobView> =>
      host.ended(
        (await real.call(browsePoint, { params: { id: job.report!.snapshotId! }, body: { path, limit } })).id,
      );
    const listed = (await browse(join(root, 'data'))).report?.listing;
    assert.deepEqual(
      listed?.map(({ path, kind, bytes }) => [path.slice(root.length), kind, bytes]),
      [
        ['/data/a.txt', 'file', 5],
        ['/data/sub', 'folder', 0],
      ],
    );
    assert.equal((await browse(join(root, 'data'), 1)).report?.listing?.length, 1);
    assert.equal((await browse(join(root, 'nope'))).report?.code, 'POINT_PATH_MISSING');
    assert.equal((await browse(join(root, 'data/a.txt'))).report?.listing?.[0]?.kind, 'file');
  });

  test('P-12 a path that does not exist and an unreadable file make it incomplete, each listed', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    // Nobody, not even root, reads the beginning of a process's memory.
    const unreadable = `/proc/${process.pid}/mem`;
    const plan = await host.plan({ paths: [join(root, 'data'), join(root, 'nope'), unreadable] });
    const job = await host.run(plan);
    assert.equal(job.state, 'incomplete');
    assert.equal(job.report?.unreadableCount, 2);
    assert.deepEqual(
      job.report?.unreadable.map(({ path }) => path).sort(),
      [join(root, 'nope'), unreadable].sort(),
    );
    assert.ok(job.report?.snapshotId);
    const none = await host.run(await host.plan({ paths: [join(root, 'nope')] }));
    assert.deepEqual([none.state, none.report?.code], ['failed', 'PLAN_PATHS_MISSING']);
  });

  test("T-19 the agent's own folder is never in a backup, through links neither", async (t) => {
    const root = await tempFolder(t);
    await symlink(folder.path, join(root, 'link'));
    await writeFile(join(folder.path, 'beside.txt'), 'beside');
    const plan = await host.plan({
      paths: [folder.path, `${join(root, 'link')}/.`],
      excludes: [`${folder.path}/server`],
    });
    const job = await host.run(plan);
    const restored = await restore(job, { targetFolder: join(root, 'out') });
    assert.ok(restored.report);
    const names = execFileSync('find', [
      join(root, 'out'),
      '-name',
      '*.pem',
      '-o',
      '-name',
      '*.jws',
      '-o',
      '-name',
      'agent.json',
    ])
      .toString()
      .trim();
    assert.equal(names, '');
    assert.equal(await readFile(join(root, 'out', folder.path, 'beside.txt'), 'utf8'), 'beside');
    const own = await host.run(await host.plan({ paths: [join(folder.path, 'agent/identity')] }));
    assert.equal(own.report?.code, 'PLAN_PATHS_MISSING');
  });

  test('P-10 commands run only with local consent; a failing one before stops the backup', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const mark = join(root, 'mark');
    const plan = await host.plan({
      paths: [join(root, 'data')],
      commands: { pre: `echo before >> ${mark}`, post: `echo after $SEKISHO_JOB_STATE >> ${mark}` },
    });
    assert.equal((await host.run(plan)).report?.code, 'COMMANDS_NOT_ALLOWED');
    const control = controlOf(host);
    await control(setAgentSettings, { body: { allowCommands: true } });
    t.after(() => control(setAgentSettings, { body: { allowCommands: false } }));
    assert.equal((await host.run(plan)).state, 'done');
    assert.equal(await readFile(mark, 'utf8'), 'before\nafter done\n');
    const failing = await host.plan({
      paths: [join(root, 'data')],
      commands: { pre: 'echo reason; exit 3', post: `echo never >> ${mark}` },
    });
    const failed = await host.run(failing);
    assert.deepEqual([failed.state, failed.report?.code], ['failed', 'COMMAND_FAILED']);
    assert.match(failed.report?.log.join('\n') ?? '', /pre: reason/);
    assert.doesNotMatch(await readFile(mark, 'utf8'), /never/);
    const after = await host.plan({ paths: [join(root, 'data')], commands: { pre: null, post: 'exit 1' } });
    assert.equal((await host.run(after)).state, 'warnings');
  });

  test('P-12 a running backup is cancelled within five seconds, and the next one runs', async (t) => {
    const root = await tempFolder(t);
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data/large'), randomContent(4_000_000));
    const plan = await host.plan({ paths: [join(root, 'data')], bandwidthKiBps: 50 });
    const { jobs } = await real.call(runPlan, {
      params: { id: plan.id },
      body: { hosts: null, scheduleName: null },
    });
    const id = jobs[0]!.id;
    await until('it transfers', async () => {
      const job = await real.call(getJob, { params: { id } });
      return job.progress?.phase === 'transferring';
    });
    const startedMs = performance.now();
    await real.call(cancelJob, { params: { id } });
    assert.equal((await host.ended(id)).state, 'cancelled');
    assert.ok(performance.now() - startedMs < 6_000);
    const quick = await host.plan({ paths: [join(root, 'data')] });
    assert.equal((await host.run(quick)).state, 'done');
  });

  test('T-04 F-39 a renewal in mid-backup fails nothing: new key, same host, channel and media server go on', async (t) => {
    const root = await tempFolder(t);
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data/large'), randomContent(2_000_000));
    const plan = await host.plan({ paths: [join(root, 'data')], bandwidthKiBps: 400 });
    const { jobs } = await real.call(runPlan, {
      params: { id: plan.id },
      body: { hosts: null, scheduleName: null },
    });
    await until('it runs', () => host.agent.status().jobs.length === 1);
    const before = host.agent.status().certificate?.fingerprint;
    const renewed = await controlOf(host)(renewAgent, {});
    assert.notEqual(renewed.fingerprint, before);
    assert.equal((await host.ended(jobs[0]!.id)).state, 'done');
    await until('the channel is back', () => host.agent.status().channel === 'open');
    await until('the server knows it', async () => {
      const view = await real.call(getHost, { params: { id: host.hostId } });
      return view.certificate?.fingerprint === renewed.fingerprint;
    });
    const again = await host.plan({ paths: [join(root, 'data')] });
    assert.equal((await host.run(again)).state, 'done');
  });

  test('P-02 maintenance runs on the media server, by a signed order and with a password for it alone', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const job = await host.run(await host.plan({ paths: [join(root, 'data')] }));
    const asked = await real.call(deletePoints, { body: { ids: [job.report!.snapshotId!], preview: false } });
    const name = job.report!.repository!;
    const { job: more } = await real.call(maintainRepository, { params: { name }, body: { preview: false } });
    for (const { id } of [...asked.jobs, ...(more === null ? [] : [more])]) {
      const ended = await host.ended(id);
      assert.ok(['done', 'warnings'].includes(ended.state), JSON.stringify(ended.report));
      assert.equal(ended.report?.forgotten?.length ?? 0, 0, 'younger than the minimum age');
    }
    assert.equal((await host.run(await host.plan({ paths: [join(root, 'data')] }))).state, 'done');
  });

  test('T-11 the control socket shows the state, and a second agent on the same folder is refused', async () => {
    const status = await controlOf(host)(getAgentStatus, {});
    assert.equal(status.running, true);
    assert.equal(status.hostId, host.hostId);
    assert.equal(status.notDeployed, null);
    await assert.rejects(startAgent(host.options), { code: 'AGENT_ALREADY_RUNNING' });
    assert.equal((await controlOf(host)(getAgentStatus, {})).running, true);
  });

  test('F-12 after a restart the agent has everything it had', async () => {
    const before = host.agent.status();
    await host.agent.stop();
    host.agent = await startAgent({
      ...host.options,
      mediaListen: { host: '127.0.0.1', port: before.media!.port! },
    });
    const now = host.agent.status();
    assert.deepEqual(now.serials, before.serials);
    assert.equal(now.media?.port, before.media?.port);
  });

  test('P-16 T-40 T-42 a revoked client is cut off, and the media server refuses it as soon as the CRL has come', async (t) => {
    const root = await tempFolder(t);
    await makeFiles(join(root, 'data'));
    const client = await startProtectedHost(real, {
      dataFolder: join(folder.path, 'client'),
      name: 'client-1',
      media: false,
    });
    t.after(() => client.stop());
    const plan = await client.plan({ paths: [join(root, 'data')], mediaServers: [host.hostId] });
    assert.equal((await client.run(plan)).state, 'done');
    const heldCrl = host.agent.status().serials.crl;
    await real.call(revokeHost, { params: { id: client.hostId }, body: { reason: 'keyCompromise' } });
    await until('its channel is closed', () => client.agent.status().channel === 'closed');
    await assert.rejects(client.agent.heartbeatNow(), (error: { code?: string }) =>
      ['CERTIFICATE_REVOKED', 'PEER_REVOKED', 'SERVER_UNREACHABLE'].includes(error.code ?? ''),
    );
    await until(
      'the push brings the CRL to the media server',
      () => host.agent.status().serials.crl > heldCrl,
    );
    const anchors = await loadAnchors(dataFolderAt(client.dataFolder).anchorsFile);
    const identity = (await loadIdentity(dataFolderAt(client.dataFolder)))!;
    const media = new MediaConnection(
      {
        hostId: host.hostId,
        name: 'media',
        endpoints: [{ address: '127.0.0.1', port: host.agent.mediaPort! }],
      },
      {
        identity: () => identity,
        trust: () => ({
          domainId: client.agent.status().domainId!,
          anchors,
          intermediates: [],
          revocations: undefined,
          staleCrl: 'open',
          nowMs: systemClock.nowMs(),
        }),
        log: silentLog(),
      },
    );
    t.after(() => {
      media.close();
    });
    const reply = await sendRequest(
      { ...media.endpoint, host: media.endpoint.address, agent: media.agent },
      { method: 'GET', path: `/${client.hostId}.1/config`, replyBytesMax: 10_000 },
    );
    assert.equal(refusalOf('media', reply).code, 'PEER_REVOKED');
  });
});

test('F-03 in pull mode everything arrives with the heartbeats alone', async (t) => {
  const { path: folder, remove } = await makeTempFolder();
  const first = await startRealServer(folder, systemClock);
  await first.stop();
  const file = join(folder, 'server/server.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, fleet: { mode: 'pull', heartbeatSeconds: 1 } }));
  const real = await reopen(join(folder, 'server'), first.caFingerprint, systemClock);
  const host = await startProtectedHost(real, { dataFolder: join(folder, 'agent'), name: 'puller' });
  t.after(async () => {
    await host.stop();
    await real.stop();
    await remove();
  });
  assert.equal(host.agent.status().channel, 'off');
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/a'), 'x');
  const job = await host.run(await host.plan({ paths: [join(folder, 'data')] }));
  assert.equal(job.state, 'done', JSON.stringify(job.report));
  assert.equal(host.agent.status().channel, 'off');
});

const randomContent = (bytes: number): Buffer => {
  const content = Buffer.alloc(bytes);
  for (let offset = 0; offset < bytes; offset += 4)
    content.writeUInt32LE((offset * 2654435761) >>> 0, offset);
  return content;
};

const controlOf = (host: ProtectedHost) =>
  createClient(
    ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          { socketPath: join(host.dataFolder, 'run/agent.sock'), method, path },
          (incoming) => {
            let text = '';
            incoming.on('data', (part: Buffer) => {
              text += part.toString();
            });
            incoming.on('end', () => {
              resolve({ status: incoming.statusCode ?? 0, body: text });
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
  );
