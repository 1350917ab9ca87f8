import { listJobs } from '@sekisho/core/wire/jobs.ts';
import { startRestore } from '@sekisho/core/wire/points.ts';
import {
  getHost,
  getRevocation,
  listCertificates,
  listRevocations,
  revokeHost,
} from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFiles, noRestic, refusedWith, sameTree, slowPlan, underWay } from './under-way.ts';

/** The reports that wait on a host's disk, by what they say of jobs. */
async function spooledEnds(fleet: Fleet, host: string): Promise<{ state: string; code: string | null }[]> {
  const folder = join(fleet.host(host).dataFolder, 'spool');
  const ends: { state: string; code: string | null }[] = [];
  for (const name of await readdir(folder)) {
    const item = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      kind?: string;
      report?: { state: string; code: string | null };
    };
    if (item.report !== undefined) ends.push({ state: item.report.state, code: item.report.code });
  }
  return ends;
}

async function statesOf(fleet: Fleet, host: string): Promise<readonly string[]> {
  const { states } = await fleet.call(getHost, { params: { id: fleet.host(host).hostId } });
  return states;
}

test('P-16 T-40 T-42 P-02 T-43: a key that was stolen in mid-backup is cut off everywhere, and its host comes back whole', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const laptop = fleet.host('laptop');
  const oldSource = join(fleet.folder, 'old');
  await makeFiles(oldSource);
  const oldPlan = await fleet.plan('laptop', [oldSource], 'vault');
  assert.equal((await fleet.backup(oldPlan.id, 'laptop')).state, 'done');
  const [oldPoint] = await fleet.points('laptop');
  assert.ok(oldPoint);
  const { plan } = await slowPlan(fleet, 'laptop', 'vault');
  const interrupted = await fleet.begin(plan.id, 'laptop');
  await underWay(fleet, interrupted);
  const stolen = laptop.agent.status().certificate?.fingerprint;

  await t.test(
    'T-40 T-42 the channel and the connections to the media server are cut, and the job says why',
    async () => {
      const { revoked, host } = await fleet.call(revokeHost, {
        params: { id: laptop.hostId },
        body: { reason: 'keyCompromise' },
      });
      assert.deepEqual(
        revoked.map(({ fingerprint, reason }) => [fingerprint, reason]),
        [[stolen, 'keyCompromise']],
      );
      assert.ok(host.states.includes('revoked'));
      await eventually('it has no connection to the management server', () =>
        fleet.server.context.connections.count(laptop.hostId) === 0 ? true : undefined,
      );
      await eventually('its channel is closed', () =>
        laptop.agent.status().channel === 'closed' ? true : undefined,
      );
      await eventually('its job has ended', () =>
        laptop.agent.status().jobs.length === 0 ? true : undefined,
      );
      await noRestic(fleet);
      assert.deepEqual(await spooledEnds(fleet, 'laptop'), [{ state: 'failed', code: 'PEER_REVOKED' }]);
      await refusedWith('CERTIFICATE_REVOKED', laptop.agent.heartbeatNow());
    },
  );

  await t.test('T-44 the media server confirms that it refuses the host', async () => {
    const { revocations } = await fleet.call(listRevocations);
    assert.deepEqual(
      revocations.map(({ hostId, hosts, crlNumber }) => [hostId, hosts, crlNumber !== null]),
      [[laptop.hostId, 1, true]],
    );
    const spread = await eventually('it has confirmed', async () => {
      const one = await fleet.call(getRevocation, { params: { id: revocations[0]!.id } });
      return one.allAtMs === null ? undefined : one;
    });
    assert.equal(spread.confirmed, 1);
    assert.ok(fleet.host('vault').agent.status().serials.crl >= (spread.crlNumber ?? Number.NaN));
  });

  await t.test('P-16 no backup and no restore is started for it', async () => {
    const begin = fleet.begin(oldPlan.id, 'laptop');
    await refusedWith('JOB_HOST_REVOKED', begin);
    const body = { point: oldPoint.id, paths: [], targetFolder: fleet.folder, conflict: 'skip' as const };
    await refusedWith('JOB_HOST_REVOKED', fleet.call(startRestore, { body }));
  });

  await t.test('P-02 its repository is sealed by an order to the media server', async () => {
    const sealed = await eventually('the repository is sealed', async () => {
      const { jobs } = await fleet.call(listJobs, { query: { kind: 'seal' } });
      return jobs.find((job) => job.endedAtMs !== null);
    });
    assert.deepEqual([sealed.state, sealed.report?.repository], ['done', `${laptop.hostId}.1`]);
    const repository = join(fleet.host('vault').dataFolder, 'repositories', `${laptop.hostId}.1`);
    const marks = await readdir(join(repository, 'meta'));
    assert.ok(
      marks.some((name) => name.startsWith('sealed')),
      marks.join(),
    );
    assert.ok(!existsSync(join(fleet.host('vault').dataFolder, 'repositories', `${laptop.hostId}.2`)));
  });

  await t.test(
    'T-14 T-43 with a reissue token it is the same host again, and the old certificate stays revoked',
    async () => {
      await fleet.reissue('laptop');
      assert.equal(laptop.agent.hostId, laptop.hostId);
      await eventually('it is online', async () =>
        (await statesOf(fleet, 'laptop')).includes('online') ? true : undefined,
      );
      const { certificates } = await fleet.call(listCertificates, { query: { host: laptop.hostId } });
      assert.equal(certificates.length, 2);
      const current = certificates.find(({ revokedAtMs }) => revokedAtMs === null);
      assert.equal(current?.fingerprint, laptop.agent.status().certificate?.fingerprint);
      const old = certificates.find(({ fingerprint }) => fingerprint === stolen);
      assert.equal(old?.reason, 'keyCompromise');
      const job = await fleet.ended(interrupted);
      assert.deepEqual([job.state, job.report?.code], ['failed', 'PEER_REVOKED']);
    },
  );

  await t.test(
    'P-02 P-16 a new generation of its repository takes new backups; points of the sealed one can be restored',
    async () => {
      const job = await fleet.backup(oldPlan.id, 'laptop');
      assert.equal(job.state, 'done', JSON.stringify(job.report));
      assert.equal(job.report?.repository, `${laptop.hostId}.2`);
      const points = await fleet.points('laptop', 2);
      assert.deepEqual(
        new Set(points.map(({ repository }) => repository)),
        new Set([`${laptop.hostId}.1`, `${laptop.hostId}.2`]),
      );
      for (const point of points) {
        const target = join(fleet.folder, `restored-${point.id.slice(0, 8)}`);
        const restored = await fleet.restore(point, target);
        assert.equal(restored.state, 'done', JSON.stringify(restored.report));
        await sameTree(oldSource, join(target, oldSource));
      }
    },
  );
});

test('P-16 T-42 a revoked media server is refused by its clients in mid-backup, and gets no more work', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const vault = fleet.host('vault');
  const { plan } = await slowPlan(fleet, 'laptop', 'vault');
  const id = await fleet.begin(plan.id, 'laptop');
  await underWay(fleet, id);
  await fleet.call(revokeHost, { params: { id: vault.hostId }, body: { reason: 'cessationOfOperation' } });
  const job = await fleet.ended(id);
  assert.deepEqual([job.state, job.report?.code], ['failed', 'PEER_REVOKED'], JSON.stringify(job.report));
  await noRestic(fleet);
  await refusedWith('JOB_HOST_REVOKED', fleet.begin(plan.id, 'laptop'));
  await eventually('its own channel is cut', () =>
    vault.agent.status().channel === 'closed' ? true : undefined,
  );
});
