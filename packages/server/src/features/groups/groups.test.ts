import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId, type GroupId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { GROUP_DEPTH_MAX, GROUPS_MAX } from '@sekisho/core/limits.ts';
import { policyPayload } from '@sekisho/core/wire/documents.ts';
import { getDocument } from '@sekisho/core/wire/agent.ts';
import * as wire from '@sekisho/core/wire/groups.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import { getHost, listAudit, listHosts, setSecurity } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { changeServerConfig } from '@sekisho/testkit/fleet.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { fleetContextOf } from '../fleet/fleet-service.ts';
import { insertGroup } from './group-rows.ts';
import { changeSettings, type SettingsWish } from './change-settings.ts';
import { moveGroup } from './move-group.ts';
import { moveHost } from './move-host.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;

eachStore((dialect) => {
  test('F-01 groups: a tree of them, settings that are inherited, locked and taken back', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: new FakeClock() });
    const { call } = trust;
    const { documents } = trust.server.context;
    const root = (await call(wire.listGroups, {})).groups[0]!;
    const create = (name: string, parentId: GroupId = root.id) =>
      call(wire.createGroup, { body: { name, parentId } });
    const change = (id: GroupId, body: z.input<typeof wire.changeGroupSettings.body>) =>
      call(wire.changeGroupSettings, { params: { id }, body });
    const effective = async (id: GroupId) => (await call(wire.getGroup, { params: { id } })).effective;
    const period = async (id: GroupId): Promise<string> => {
      const { value, origin, lockedBy } = (await effective(id)).heartbeatSeconds;
      const from = origin.kind === 'default' ? 'default' : origin.name;
      return `${value} ${from}${lockedBy === null ? '' : `, locked by ${lockedBy.name}`}`;
    };
    const tokyo = await create('Tokyo');
    const web = await create('Web', tokyo.id);
    const client = await WireAgent.enrol(t, trust, 'client');
    const media = await WireAgent.enrol(t, trust, 'media', { media: true });
    const policyOf = async (agent: WireAgent) => {
      const path = getDocument.path.replace(':type', 'policy');
      const { jws } = getDocument.reply.parse(
        JSON.parse((await trust.agentRequest({ path, tls: agent.identity.tls })).body),
      );
      return policyPayload.parse(JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString('utf8')));
    };

    await t.test('F-01 a group needs a name and a place', async () => {
      assert.deepEqual(web.path, ['All hosts', 'Tokyo', 'Web']);
      await assert.rejects(create('tokyo'), code('GROUP_NAME_TAKEN'));
      await assert.rejects(create('a/b'), code('GROUP_NAME_INVALID'));
      await assert.rejects(create('  '), code('GROUP_NAME_INVALID'));
      await assert.rejects(create('x', client.hostId as never), code('NOT_FOUND'));
      const { groups } = await call(wire.listGroups, {});
      assert.deepEqual(
        groups.map(({ path, groups: below }) => [path.join('/'), below]),
        [
          ['All hosts', 1],
          ['All hosts/Tokyo', 1],
          ['All hosts/Tokyo/Web', 0],
        ],
      );
    });

    await t.test('F-01 a value comes from the nearest group that sets it, and says so', async () => {
      assert.equal(await period(web.id), '300 default');
      await change(root.id, { set: { heartbeatSeconds: 600 } });
      assert.equal(await period(web.id), '600 All hosts');
      await change(tokyo.id, { set: { heartbeatSeconds: 120, mode: 'pull' } });
      assert.equal(await period(web.id), '120 Tokyo');
      await change(tokyo.id, { unset: ['heartbeatSeconds'] });
      assert.equal(await period(web.id), '600 All hosts');
      assert.equal((await effective(web.id)).mode.value, 'pull');
    });

    await t.test('F-02 a period from 10 seconds to 24 hours, and nothing else', async () => {
      for (const seconds of [9, 1])
        await assert.rejects(
          change(web.id, { set: { heartbeatSeconds: seconds } }),
          code('HEARTBEAT_PERIOD_OUT_OF_RANGE'),
        );
      await assert.rejects(change(web.id, { set: { heartbeatSeconds: 86_401 } }), code('BODY_INVALID'));
      await change(web.id, { set: { heartbeatSeconds: 86_400 } });
      await change(web.id, { set: { heartbeatSeconds: 10 } });
      assert.equal(await period(web.id), '10 Web');
    });

    await t.test(
      'F-01 a lock wins over what is set below, forbids setting it, and gives it back',
      async () => {
        await change(root.id, { lock: ['heartbeatSeconds'] });
        assert.equal(await period(web.id), '600 All hosts, locked by All hosts');
        assert.deepEqual(
          (await effective(web.id)).heartbeatSeconds.overridden.map(({ value }) => value),
          [10],
        );
        await assert.rejects(change(web.id, { set: { heartbeatSeconds: 30 } }), code('SETTING_LOCKED'));
        await assert.rejects(change(tokyo.id, { set: { heartbeatSeconds: 30 } }), code('SETTING_LOCKED'));
        await change(root.id, { unlock: ['heartbeatSeconds'] });
        assert.equal(await period(web.id), '10 Web');
      },
    );

    await t.test(
      'F-01 a group that stops inheriting keeps what it has, and follows nobody but locks',
      async () => {
        await change(web.id, { unset: ['heartbeatSeconds'] });
        const { group } = await change(web.id, { inherits: false });
        assert.equal(group.inherits, false);
        assert.deepEqual(group.values, { heartbeatSeconds: 600, mode: 'pull' });
        await change(root.id, { set: { heartbeatSeconds: 900 } });
        assert.equal(await period(web.id), '600 Web');
        await change(root.id, { lock: ['heartbeatSeconds'] });
        assert.equal(await period(web.id), '900 All hosts, locked by All hosts');
        await change(root.id, { unlock: ['heartbeatSeconds'] });
        await change(web.id, { inherits: true, unset: ['heartbeatSeconds', 'mode'] });
        assert.equal(await period(web.id), '900 All hosts');
      },
    );

    await t.test('F-01 a dry run says what would change, for whom, and changes nothing', async () => {
      const { effect, group } = await change(root.id, {
        set: { heartbeatSeconds: 60, mode: 'push' },
        dryRun: true,
      });
      assert.deepEqual([effect.hosts, effect.named], [2, ['client', 'media']]);
      assert.deepEqual(effect.groups, [
        {
          group: { id: root.id, name: 'All hosts' },
          hosts: 2,
          settings: [{ setting: 'heartbeatSeconds', from: 900, to: 60 }],
          plansGained: [],
          plansLost: [],
          otherPlans: 0,
        },
      ]);
      assert.equal(group.values.heartbeatSeconds, 900);
      assert.equal(await period(root.id), '900 All hosts');
    });

    await t.test(
      'F-01 a host gets the policy of its new group, though that is older than what it holds',
      async () => {
        await client.open();
        await change(tokyo.id, { set: { mode: 'pull' } });
        await change(root.id, { set: { heartbeatSeconds: 800 } }); // the newest serial
        const held = await policyOf(client);
        assert.deepEqual([held.heartbeatSeconds, held.mode], [800, 'push']);
        const body = { groupId: tokyo.id };
        const dry = await call(wire.moveHost, {
          params: { id: client.hostId },
          body: { ...body, dryRun: true },
        });
        assert.deepEqual(dry.effect.groups[0]?.settings, [{ setting: 'mode', from: 'push', to: 'pull' }]);
        assert.equal((await call(getHost, { params: { id: client.hostId } })).group, root.id);
        const moved = await call(wire.moveHost, { params: { id: client.hostId }, body });
        assert.deepEqual([moved.from.name, moved.to.name, moved.effect.hosts], ['All hosts', 'Tokyo', 1]);
        const policy = await policyOf(client);
        assert.deepEqual([policy.group, policy.mode], [tokyo.id, 'pull']);
        assert.ok(policy.serial > held.serial, 'it takes no lower one');
        assert.deepEqual(policy.origins['mode'], {
          kind: 'group',
          id: tokyo.id,
          name: 'Tokyo',
          locked: false,
        });
        assert.equal(policy.origins['heartbeatSeconds']?.name, 'All hosts');
        await eventually('it is told to come', () =>
          client.frames.some((frame) => frame.type === 'come') ? true : undefined,
        );
        const { hosts } = await call(listHosts, { query: { group: tokyo.id } });
        assert.deepEqual(
          hosts.map(({ name }) => name),
          ['client'],
        );
        const server = trust.server.context.domain.serverHostId;
        await assert.rejects(
          call(wire.moveHost, { params: { id: server }, body }),
          code('HOST_IS_MANAGEMENT_SERVER'),
        );
      },
    );

    await t.test(
      'F-01 plans come from above, unless a group keeps them away and none is locked',
      async () => {
        const plan = await call(createPlan, {
          body: {
            name: 'everywhere',
            paths: ['/home'],
            mediaServers: [media.hostId],
            targets: { hosts: [], groups: [root.id] },
          },
        });
        const plansOf = async (id: GroupId) =>
          (await call(wire.getGroupPolicy, { params: { id } })).plans.map(({ name, from }) => [
            name,
            from[0]?.name,
          ]);
        assert.deepEqual(await plansOf(tokyo.id), [['everywhere', 'All hosts']]);
        const { effect } = await change(tokyo.id, { set: { plans: 'own' } });
        assert.deepEqual(
          effect.groups.map(({ hosts, plansLost }) => [hosts, plansLost]),
          [[1, ['everywhere']]],
        );
        assert.deepEqual(await plansOf(tokyo.id), []);
        assert.deepEqual((await policyOf(client)).plans, []);
        await change(root.id, { lock: ['plans'] });
        assert.deepEqual(await plansOf(tokyo.id), [['everywhere', 'All hosts']]);
        assert.deepEqual(
          (await policyOf(client)).plans.map(({ planId }) => planId),
          [plan.id],
        );
        await change(root.id, { unlock: ['plans'] });
        await change(tokyo.id, { unset: ['plans'] });
      },
    );

    await t.test('F-01 a group moves with all below it; hosts hear what is new for them', async () => {
      const osaka = await create('Osaka');
      await change(osaka.id, { set: { heartbeatSeconds: 77 } });
      await assert.rejects(
        call(wire.moveGroup, { params: { id: tokyo.id }, body: { parentId: web.id } }),
        code('GROUP_IN_ITSELF'),
      );
      await assert.rejects(
        call(wire.moveGroup, { params: { id: root.id }, body: { parentId: web.id } }),
        code('GROUP_IS_ROOT'),
      );
      const params = { id: tokyo.id };
      const dry = await call(wire.moveGroup, { params, body: { parentId: osaka.id, dryRun: true } });
      assert.deepEqual(dry.effect.named, ['client']);
      assert.deepEqual(dry.group.path, ['All hosts', 'Tokyo']);
      const serial = documents.latestSerial('policy', tokyo.id)!;
      const { group } = await call(wire.moveGroup, { params, body: { parentId: osaka.id } });
      assert.deepEqual(group.path, ['All hosts', 'Osaka', 'Tokyo']);
      assert.equal(await period(web.id), '77 Osaka');
      assert.equal((await policyOf(client)).heartbeatSeconds, 77);
      assert.ok(documents.latestSerial('policy', tokyo.id)! > serial);
      await call(wire.renameGroup, { params: { id: osaka.id }, body: { name: '大阪' } });
      assert.equal((await policyOf(client)).origins['heartbeatSeconds']?.name, '大阪');
      await call(wire.moveGroup, { params, body: { parentId: root.id } });
    });

    await t.test(
      'F-01 a group with hosts, groups or plans is not deleted, and the way out is told',
      async () => {
        const remove = (id: GroupId) => call(wire.deleteGroup, { params: { id } });
        await assert.rejects(remove(tokyo.id), code('GROUP_NOT_EMPTY'));
        await assert.rejects(remove(root.id), code('GROUP_IS_ROOT'));
        const body = {
          name: 'of web',
          paths: ['/srv'],
          mediaServers: [media.hostId],
          targets: { hosts: [], groups: [web.id] },
        };
        await call(createPlan, { body });
        await assert.rejects(remove(web.id), code('GROUP_NAMED_BY_PLANS'));
        const empty = await create('Empty');
        assert.deepEqual(await remove(empty.id), { deleted: empty.id });
        await assert.rejects(call(wire.getGroup, { params: { id: empty.id } }), code('NOT_FOUND'));
      },
    );

    await t.test(
      'F-01 F-20 nobody moves a host to where its server is not verified without the right for security',
      async () => {
        const { context } = trust.server;
        const loose = await create('Loose');
        const sinceMs = context.clock.nowMs();
        const off = { state: 'off', untilMs: sinceMs + 60_000 } as const;
        await call(switchVerification, { params: { id: loose.id }, body: off });
        const operator: Principal = {
          kind: 'administrator',
          administratorId: null,
          name: 'operator',
          origin: 'test',
          rights: new Map([['group.write', 'domain']]),
        };
        const fleet = fleetContextOf(context, context.config.fleet);
        const into = { id: client.hostId, groupId: loose.id, dryRun: false };
        await assert.rejects(moveHost(fleet, operator, into), code('RIGHT_MISSING'));
        const under = { id: tokyo.id, parentId: loose.id, dryRun: false };
        await assert.rejects(moveGroup(fleet, operator, under), code('RIGHT_MISSING'));
        assert.equal((await moveHost(fleet, operator, { ...into, groupId: web.id })).to.name, 'Web');
      },
    );

    await t.test(
      'F-01 T-41 T-42 security options of a group: those of the domain, unless it sets its own; hosts get them in their policy, with origin',
      async () => {
        const of = async (id: GroupId): Promise<string[]> => {
          const { staleCrl, crlRefreshSeconds, mapNames } = await effective(id);
          return [staleCrl, crlRefreshSeconds, mapNames].map(
            ({ value, origin }) => `${value} ${origin.kind === 'default' ? 'default' : origin.name}`,
          );
        };
        assert.deepEqual(await of(web.id), ['open default', '14400 default', 'on default']);
        await call(setSecurity, { body: { level: 'very-high', mapAutomatically: false } });
        assert.deepEqual(await of(web.id), ['closed default', '3600 default', 'off default']);
        const set = { staleCrl: 'open', crlRefreshSeconds: 900, mapNames: 'on' } as const;
        const { effect } = await change(tokyo.id, { set });
        assert.deepEqual(effect.groups[0]?.settings, [
          { setting: 'staleCrl', from: 'closed', to: 'open' },
          { setting: 'crlRefreshSeconds', from: 3600, to: 900 },
          { setting: 'mapNames', from: 'off', to: 'on' },
        ]);
        assert.deepEqual(await of(web.id), ['open Tokyo', '900 Tokyo', 'on Tokyo']);
        const policy = await policyOf(client);
        assert.deepEqual([policy.staleCrl, policy.crlRefreshSeconds], ['open', 900]);
        const origin = { kind: 'group', id: tokyo.id, name: 'Tokyo', locked: false };
        for (const name of ['staleCrl', 'crlRefreshSeconds', 'mapNames'])
          assert.deepEqual(policy.origins[name], origin);
        await change(root.id, { lock: ['staleCrl'] });
        assert.deepEqual((await policyOf(client)).staleCrl, 'closed', 'the lock of one that sets nothing');
        assert.deepEqual((await policyOf(client)).origins['staleCrl'], { kind: 'default', locked: true });
        await assert.rejects(change(tokyo.id, { set: { staleCrl: 'open' } }), code('SETTING_LOCKED'));
        for (const seconds of [299, 86_401])
          await assert.rejects(
            change(tokyo.id, { set: { crlRefreshSeconds: seconds } }),
            code('BODY_INVALID'),
          );
        await change(root.id, { unlock: ['staleCrl'] });
        await change(tokyo.id, { unset: ['staleCrl', 'crlRefreshSeconds', 'mapNames'] });
        await call(setSecurity, { body: { level: 'high', mapAutomatically: true } });
        assert.deepEqual(await of(web.id), ['open default', '14400 default', 'on default']);
      },
    );

    await t.test(
      'F-01 S-04 who loosens security needs the right for it: an operator has none, and one of a group goes no lower than what comes from above it',
      async () => {
        const { context } = trust.server;
        const fleet = fleetContextOf(context, context.config.fleet);
        const part = await create('Part');
        const [strict, loose] = [await create('Strict', part.id), await create('Loose', part.id)];
        const principalWith = (rights: Principal['rights']): Principal => ({
          kind: 'administrator',
          administratorId: null,
          name: 'somebody',
          origin: 'test',
          rights,
        });
        const operator = principalWith(new Map([['group.write', 'domain']]));
        const here = new Set([part.id, strict.id, loose.id]);
        const ofPart = principalWith(
          new Map([
            ['group.write', here],
            ['security.write', here],
          ]),
        );
        const by = (who: Principal, id: GroupId, wish: Partial<SettingsWish>) =>
          changeSettings(fleet, who, {
            id,
            set: {},
            unset: [],
            lock: [],
            unlock: [],
            dryRun: false,
            ...wish,
          });
        const refused = (work: Promise<unknown>) => assert.rejects(work, code('RIGHT_MISSING'));
        for (const wish of [
          { set: { staleCrl: 'closed' } },
          { set: { mapNames: 'off' }, dryRun: true },
          { unset: ['crlRefreshSeconds'] },
          { lock: ['staleCrl'] },
          { unlock: ['mapNames'] },
        ] satisfies Partial<SettingsWish>[])
          await refused(by(operator, strict.id, wish));
        await by(ofPart, strict.id, { set: { staleCrl: 'closed', crlRefreshSeconds: 600 } });
        await by(ofPart, strict.id, { set: { crlRefreshSeconds: 14_400 } });
        await refused(by(ofPart, loose.id, { set: { crlRefreshSeconds: 14_401 } }));

        await moveHost(fleet, operator, { id: media.hostId, groupId: strict.id, dryRun: false });
        const out = { id: media.hostId, groupId: loose.id, dryRun: false };
        await refused(moveHost(fleet, operator, out));
        await refused(moveHost(fleet, operator, { ...out, dryRun: true }));
        await moveHost(fleet, ofPart, out);
        await moveGroup(fleet, operator, { id: strict.id, parentId: root.id, dryRun: false });

        // what the domain's own administrators leave open above may stay so below, as long as they do
        await by(ofPart, part.id, { set: { staleCrl: 'closed' } });
        await change(root.id, { set: { crlRefreshSeconds: 86_400 } });
        await by(ofPart, loose.id, { set: { crlRefreshSeconds: 80_000 }, unset: ['staleCrl'] });
        await refused(by(operator, part.id, { inherits: false }));
        await change(root.id, { unset: ['crlRefreshSeconds'] });
        await by(ofPart, loose.id, { set: { crlRefreshSeconds: 79_000 } });
        await refused(by(ofPart, loose.id, { set: { crlRefreshSeconds: 80_000 } }));
        await by(ofPart, loose.id, { set: { crlRefreshSeconds: 3600 } });
        await call(wire.moveHost, { params: { id: media.hostId }, body: { groupId: root.id } });
      },
    );

    await t.test('F-01 groups lie no deeper than the limit', async () => {
      let parent = root.id;
      for (let depth = 1; depth <= GROUP_DEPTH_MAX; depth += 1)
        parent = (await create(`d${depth}`, parent)).id;
      await assert.rejects(create('deeper', parent), code('GROUP_TOO_DEEP'));
    });

    await t.test('F-01 what was done is in the audit log, with what was before', async () => {
      const { rows } = await call(listAudit, { query: { act: 'change-group', subject: tokyo.id } });
      const first = rows.at(-1)!;
      assert.equal(first.outcome, 'done');
      const detail = first.detail as { before: object; after: object };
      assert.deepEqual(detail.before, { heartbeatSeconds: null, mode: null });
      assert.deepEqual(detail.after, { heartbeatSeconds: 120, mode: 'pull' });
      for (const act of ['create-group', 'move-group', 'move-host', 'delete-group', 'rename-group'] as const)
        assert.ok((await call(listAudit, { query: { act } })).rows.length > 0, act);
    });

    await t.test(
      'F-02 another default in the configuration reaches the hosts of groups that set nothing',
      async () => {
        await change(root.id, { unset: ['heartbeatSeconds'] });
        await change(tokyo.id, { unset: ['heartbeatSeconds'] });
        assert.equal((await policyOf(client)).heartbeatSeconds, 300);
        await changeServerConfig(trust.dataFolder, { fleet: { heartbeatSeconds: 222 } });
        await trust.restart();
        await eventually('the policies follow', async () =>
          (await policyOf(client)).heartbeatSeconds === 222 ? true : undefined,
        );
        assert.equal(await period(web.id), '222 default');
      },
    );

    await t.test('F-01 a domain has no more groups than the limit', async () => {
      const { store } = trust.server.context;
      const have = (await call(wire.listGroups, {})).groups.length;
      await store.transaction(async (tx) => {
        for (let n = have; n < GROUPS_MAX; n += 1)
          await insertGroup(tx, {
            id: parseGroupId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)!,
            parentId: root.id,
            name: `group ${n}`,
            values: {},
            locked: [],
            ownSinceMs: null,
            revision: 1,
            createdAtMs: 0,
            changedAtMs: 0,
          });
      });
      await assert.rejects(create('one more'), code('GROUPS_TOO_MANY'));
    });
  });
});
