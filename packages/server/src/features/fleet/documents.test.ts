import { repositoryName } from '@sekisho/core/ids.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { recordChange } from '../../store/record-change.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJob, OPEN_JOBS_PER_HOST_MAX, type JobOrder } from '../jobs/create-job.ts';
import { createPlan } from '../plans/save-plan.ts';
import { maintainDue } from '../repositories/maintain-due.ts';
import { SYSTEM_ACTOR } from './fleet-context.ts';
import { followChanges } from './refresh-documents.ts';

const always = (): Promise<void> => Promise.resolve();
const follow = async (domain: ProtectionDomain): Promise<void> => {
  while (await followChanges(domain.context, always));
};

eachStore((_dialect, open) => {
  test('F-04 a new host gets its assignment and the repositories that plans need', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    const late = await domain.host('late');
    await follow(domain);
    const assignment = await domain.documents.read('assignment', late);
    assert.equal(assignment['list'], '00000000-0000-4000-8000-00000000cccc');
    assert.equal(assignment['media'], null);
    assert.deepEqual(assignment['repositories'], [
      { repository: `${late}.1`, mediaHostId: media, sealed: false },
    ]);
    assert.deepEqual((await domain.documents.read('assignment', media))['media'], {
      quotaBytesPerHost: null,
    });
  });

  test('F-02 what did not change keeps its serial, and is not looked at twice', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const host = await domain.host('host', { media: true });
    await follow(domain);
    const first = await domain.documents.latest('policy', domain.groupId);
    await domain.clock.advance(1000);
    await domain.store.transaction((tx) => recordChange(tx, 'host', host));
    await follow(domain);
    assert.deepEqual(await domain.documents.latest('policy', domain.groupId), first);
  });

  const levels: [string, number, string][] = [
    ['medium', 8, 'open'],
    ['high', 4, 'open'],
    ['very-high', 1, 'closed'],
  ];
  for (const [level, hours, stale] of levels) {
    test(`T-41 at level ${level} hosts fetch the revocation list every ${hours} h, and a stale one is ${stale}`, async (t) => {
      const domain = await ProtectionDomain.open(t, open);
      await domain.store.transaction(async (tx) => {
        await tx
          .insertInto('settings')
          .values({ key: 'security', value: JSON.stringify({ level }), changed_at_ms: 0 })
          .execute();
        await recordChange(tx, 'settings', 'security');
      });
      await follow(domain);
      const policy = await domain.documents.read('policy', domain.groupId);
      assert.deepEqual([policy['crlRefreshSeconds'], policy['staleCrl']], [hours * 3600, stale]);
    });
  }

  test('T-42 a damaged security level makes no policy: very high is never taken for high', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    await domain.host('host');
    await domain.store.db
      .insertInto('settings')
      .values({ key: 'security', value: JSON.stringify({ level: 'very high' }), changed_at_ms: 0 })
      .execute();
    await assert.rejects(follow(domain));
    assert.equal(await domain.documents.latest('policy', domain.groupId), undefined);
  });

  test('P-02 a key compromise seals the repository; the next generation waits for the reissue', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    const targets = { hosts: [client], groups: [] };
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media], targets }));
    await follow(domain);
    await domain.clock.advance(1000);
    await domain.revoke(client, 'keyCompromise');
    await follow(domain);
    const repositories = async (): Promise<unknown> =>
      (await domain.documents.read('assignment', client))['repositories'];
    const sealed = { repository: repositoryName(client, 1), mediaHostId: media, sealed: true };
    assert.deepEqual(await repositories(), [sealed]);
    const job = await domain.store.db
      .selectFrom('jobs')
      .selectAll()
      .where('kind', '=', 'seal')
      .executeTakeFirstOrThrow();
    assert.deepEqual([job.host_id, job.repository, job.launched_by], [media, sealed.repository, 'system']);
    await domain.clock.advance(1000);
    await domain.certify(client);
    await follow(domain);
    assert.deepEqual(await repositories(), [
      sealed,
      { repository: repositoryName(client, 2), mediaHostId: media, sealed: false },
    ]);
    await domain.store.transaction((tx) => recordChange(tx, 'revocation', client));
    await follow(domain);
    assert.equal(
      ((await repositories()) as { sealed: boolean }[])[1]?.sealed,
      false,
      'the new one is not compromised',
    );
  });

  test('P-02 a media server with all the jobs it may have is ordered to seal all the same', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    await follow(domain);
    const maintain: JobOrder = {
      hostId: media,
      hostName: 'media',
      trigger: 'system',
      act: { what: 'maintain', repository: repositoryName(client, 1), forget: [], prune: true },
      planId: null,
      scheduleName: null,
      attempt: 1,
      retryOf: null,
      repository: repositoryName(client, 1),
    };
    await domain.store.transaction(async (tx) => {
      for (let count = 0; count < OPEN_JOBS_PER_HOST_MAX; count += 1)
        await createJob(domain.context, tx, SYSTEM_ACTOR, maintain);
    });
    await domain.revoke(client);
    await follow(domain);
    const seals = await domain.store.db
      .selectFrom('jobs')
      .select(['repository', 'state'])
      .where('kind', '=', 'seal')
      .execute();
    assert.deepEqual(seals, [{ repository: repositoryName(client, 1), state: 'queued' }]);
  });

  test('P-02 a key compromise that was missed in a gap of the feed seals the repository all the same', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    await follow(domain);
    await domain.clock.advance(1000);
    await domain.revoke(client);
    const late = await domain.host('late');
    await domain.store.transaction((tx) => recordChange(tx, 'token', 'some'));
    const last = await domain.store.db
      .selectFrom('change_feed')
      .select((select) => select.fn.max('seq').as('seq'))
      .executeTakeFirstOrThrow();
    await domain.store.db.deleteFrom('change_feed').where('seq', '<', last.seq).execute();
    await follow(domain);
    assert.deepEqual((await domain.documents.read('assignment', client))['repositories'], [
      { repository: repositoryName(client, 1), mediaHostId: media, sealed: true },
    ]);
    assert.deepEqual(
      (await domain.documents.read('assignment', late))['repositories'],
      [{ repository: repositoryName(late, 1), mediaHostId: media, sealed: false }],
      'and who came in the gap has a repository',
    );
  });

  test('P-02 another reason does not seal', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    await domain.revoke(client, 'superseded');
    await follow(domain);
    const rows = await domain.store.db.selectFrom('jobs').select('id').where('kind', '=', 'seal').execute();
    assert.deepEqual(rows, []);
  });

  test('P-02 a seal that was not carried out is ordered again', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    await domain.revoke(client);
    await follow(domain);
    assert.equal(await maintainDue(domain.context, always), 0);
    await domain.store.db.updateTable('jobs').set({ state: 'failed' }).where('kind', '=', 'seal').execute();
    await domain.clock.advance(HOUR_MS);
    assert.equal(await maintainDue(domain.context, always), 1);
  });

  test('F-04 a restart goes on where it was: each change is followed once, also after a gap in the feed', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const host = await domain.host('host', { media: true });
    await follow(domain);
    await domain.store.db.updateTable('hosts').set({ media_since_ms: null }).where('id', '=', host).execute();
    await follow(domain);
    assert.deepEqual((await domain.documents.read('assignment', host))['media'], { quotaBytesPerHost: null });
    for (let count = 0; count < 3; count += 1)
      await domain.store.transaction((tx) => recordChange(tx, 'token', 'some'));
    const last = await domain.store.db
      .selectFrom('change_feed')
      .select((select) => select.fn.max('seq').as('seq'))
      .executeTakeFirstOrThrow();
    await domain.store.db.deleteFrom('change_feed').where('seq', '<', last.seq).execute();
    await follow(domain);
    assert.equal((await domain.documents.read('assignment', host))['media'], null, 'all of it was looked at');
  });

  test('F-04 a worker that lost the duty changes nothing', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    await domain.host('host');
    await assert.rejects(followChanges(domain.context, () => Promise.reject(new Error('lease lost'))));
    assert.equal(await domain.documents.latest('policy', domain.groupId), undefined);
  });
});
