import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId, parseHostId, type HostId } from '@sekisho/core/ids.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGroupTree } from '../groups/group-tree.ts';
import { planViewOf } from './plan-view.ts';
import { coveredHosts, listStoredPlans } from './read-plans.ts';
import { createPlan, deletePlan, replacePlan } from './save-plan.ts';

const nightly = { name: 'nightly', cron: '0 2 * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 60 };
const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;

eachStore((_dialect, open) => {
  test('P-10 saving a plan signs it into the policy of its group, and makes repositories', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    const plan = await createPlan(
      domain.context,
      ADMIN,
      domain.spec({ mediaServers: [media], schedules: [nightly] }),
    );
    const policy = await domain.documents.read('policy', domain.groupId);
    assert.equal(policy['heartbeatSeconds'], 300);
    assert.equal(policy['crlRefreshSeconds'], 4 * 3600);
    assert.deepEqual(policy['mediaServers'], [
      { hostId: media, name: 'media', endpoints: [{ address: 'media', port: 13002 }] },
    ]);
    const [inPolicy] = policy['plans'] as { planId: string; hostIds: null; revision: number }[];
    assert.deepEqual([inPolicy?.planId, inPolicy?.hostIds, inPolicy?.revision], [plan.id, null, 1]);
    const assignment = await domain.documents.read('assignment', client);
    assert.deepEqual(assignment['repositories'], [
      { repository: `${client}.1`, mediaHostId: media, sealed: false },
    ]);
    const row = await domain.store.db
      .selectFrom('repositories')
      .select('password')
      .where('host_id', '=', client)
      .executeTakeFirstOrThrow();
    assert.ok(row.password.includes(`repository-password:${client}.1`), 'sealed for this repository');
  });

  test('P-10 the figure "deployed" counts the hosts that acknowledged the policy with this revision', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    const plan = await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    const first = await domain.documents.latest('policy', domain.groupId);
    const known = new Map([
      [media, { groupId: domain.groupId, policySerial: 0 }],
      [client, { groupId: domain.groupId, policySerial: first!.serial }],
    ]);
    const index = { get: (id: HostId) => known.get(id), hosts: () => known.values() };
    const tree = await readGroupTree(domain.store.db);
    const view = await planViewOf(domain.store.db, plan, index, tree);
    assert.deepEqual(view.deployed, { hosts: 2, acknowledged: 1 });
    const spec = domain.spec({ mediaServers: [media], paths: ['/etc'] });
    const changed = await replacePlan(domain.context, ADMIN, plan.id, { spec, revision: 1 });
    assert.equal(changed.revision, 2);
    const after = await planViewOf(domain.store.db, changed, index, tree);
    assert.deepEqual(after.deployed, { hosts: 2, acknowledged: 0 });
  });

  test('P-10 a change of paths keeps what is expected, a change of schedules begins anew', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const spec = domain.spec({ mediaServers: [media], schedules: [nightly] });
    const plan = await createPlan(domain.context, ADMIN, spec);
    await domain.clock.advance(1000);
    const paths = await replacePlan(domain.context, ADMIN, plan.id, {
      spec: { ...spec, paths: ['/srv'] },
      revision: 1,
    });
    assert.equal(paths.enabledSinceMs, plan.enabledSinceMs);
    const schedules = await replacePlan(domain.context, ADMIN, plan.id, {
      spec: { ...spec, schedules: [{ ...nightly, cron: '0 3 * * *' }] },
      revision: 2,
    });
    assert.equal(schedules.enabledSinceMs, domain.nowMs);
  });

  test('P-10 what was changed in between is not overwritten', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const spec = domain.spec({ mediaServers: [media] });
    const plan = await createPlan(domain.context, ADMIN, spec);
    await replacePlan(domain.context, ADMIN, plan.id, { spec, revision: 1 });
    await assert.rejects(
      replacePlan(domain.context, ADMIN, plan.id, { spec, revision: 1 }),
      code('PLAN_REVISION_CONFLICT'),
    );
  });

  test('P-10 a deleted plan leaves the policy; its name is free again', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const spec = domain.spec({ mediaServers: [media] });
    const plan = await createPlan(domain.context, ADMIN, spec);
    await deletePlan(domain.context, ADMIN, plan.id);
    assert.deepEqual((await domain.documents.read('policy', domain.groupId))['plans'], []);
    assert.deepEqual(await listStoredPlans(domain.store.db), []);
    await createPlan(domain.context, ADMIN, spec);
    const rows = await domain.store.db.selectFrom('audit').select(['act', 'actor']).orderBy('seq').execute();
    assert.deepEqual(
      rows.map((row) => row.act),
      ['create-plan', 'delete-plan', 'create-plan'],
    );
  });

  const stranger = parseHostId('99999999-0000-4000-8000-000000000000')!;
  const refusals: [string, string, (domain: ProtectionDomain, spec: PlanSpec) => PlanSpec][] = [
    [
      'a cron expression that is none',
      'SCHEDULE_CRON_INVALID',
      (_, spec) => ({ ...spec, schedules: [{ ...nightly, cron: 'x' }] }),
    ],
    [
      'a time zone that is none',
      'SCHEDULE_TIME_ZONE_UNKNOWN',
      (_, spec) => ({ ...spec, schedules: [{ ...nightly, timeZone: 'Mars/Base' }] }),
    ],
    [
      'two schedules of one name',
      'PLAN_SCHEDULE_TWICE',
      (_, spec) => ({ ...spec, schedules: [nightly, nightly] }),
    ],
    [
      'an unknown host',
      'PLAN_HOST_UNKNOWN',
      (_, spec) => ({ ...spec, targets: { hosts: [stranger], groups: [] } }),
    ],
    [
      'an unknown group',
      'PLAN_GROUP_UNKNOWN',
      (_, spec) => ({ ...spec, targets: { hosts: [], groups: [parseGroupId(stranger)!] } }),
    ],
    ['an unknown media server', 'PLAN_HOST_UNKNOWN', (_, spec) => ({ ...spec, mediaServers: [stranger] })],
    [
      'the same media server twice',
      'PLAN_MEDIA_TWICE',
      (_, spec) => ({ ...spec, mediaServers: [spec.mediaServers[0]!, spec.mediaServers[0]!] }),
    ],
  ];
  for (const [what, expected, change] of refusals) {
    test(`P-10 a plan with ${what} is refused with ${expected}, and nothing is saved`, async (t) => {
      const domain = await ProtectionDomain.open(t, open);
      const media = await domain.host('media', { media: true });
      const spec = change(domain, domain.spec({ mediaServers: [media] }));
      await assert.rejects(createPlan(domain.context, ADMIN, spec), code(expected));
      assert.deepEqual(await listStoredPlans(domain.store.db), []);
    });
  }

  test('P-10 a host without the media role is no media server, and a name is given once', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const client = await domain.host('client');
    const media = await domain.host('media', { media: true });
    await assert.rejects(
      createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [client] })),
      code('PLAN_MEDIA_ROLE_MISSING'),
    );
    await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] }));
    await assert.rejects(
      createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media] })),
      code('PLAN_NAME_TAKEN'),
    );
  });

  test('P-10 the management server’s own host, which has no agent, is covered by no plan', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const own = await domain.host('server');
    const media = await domain.host('media', { media: true });
    await domain.store.db
      .insertInto('domain')
      .values({ id: 'd', name: 'Test', server_id: 's', server_host_id: own, created_at_ms: 0 })
      .execute();
    const spec = domain.spec({ mediaServers: [media] });
    await createPlan(domain.context, ADMIN, spec);
    const covered = await coveredHosts(domain.store.db, spec, await readGroupTree(domain.store.db));
    assert.deepEqual(
      covered.map((host) => host.name),
      ['media'],
    );
    const named = { ...spec, name: 'Named', targets: { hosts: [own], groups: [] } };
    await assert.rejects(createPlan(domain.context, ADMIN, named), code('PLAN_HOST_IS_SERVER'));
  });

  test('P-10 commands need a right of their own, but not to keep them as they are', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const limited = {
      ...ADMIN,
      rights: new Map([...ADMIN.rights].filter(([right]) => right !== 'plan.commands')),
    };
    const spec = domain.spec({ mediaServers: [media], commands: { pre: 'sync', post: null } });
    await assert.rejects(createPlan(domain.context, limited, spec), code('RIGHT_MISSING'));
    const plan = await createPlan(domain.context, ADMIN, spec);
    await replacePlan(domain.context, limited, plan.id, { spec: { ...spec, paths: ['/srv'] }, revision: 1 });
    await assert.rejects(
      replacePlan(domain.context, limited, plan.id, {
        spec: { ...spec, commands: { pre: 'rm -r /', post: null } },
        revision: 2,
      }),
      code('RIGHT_MISSING'),
    );
  });
});
