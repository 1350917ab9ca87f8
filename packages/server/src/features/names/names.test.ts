import { AppError } from '@sekisho/core/errors.ts';
import { NEW_NAMES_PER_HOST_PER_MINUTE_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { changeGroupSettings, createGroup, listGroups, moveHost } from '@sekisho/core/wire/groups.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import * as wire from '@sekisho/core/wire/names.ts';
import { getHost, listAudit, registerHost, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import { addGroup, principalOf } from '@sekisho/testkit/administrators.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { passTime, WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMapping, approveName, deleteMapping, rejectName } from './decide-mappings.ts';
import { listPendingRows } from './name-rows.ts';

const refusedWith =
  (code: string) =>
  (error: unknown): boolean => {
    assert(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    return true;
  };

eachStore((dialect) => {
  test('names of hosts: asked, found, decided', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock, addresses: ['server.example', '127.0.0.1'] });
    const client = await WireAgent.enrol(t, trust, 'client');
    const nas = await WireAgent.enrol(t, trust, 'nas', { media: true });
    const other = await WireAgent.enrol(t, trust, 'other');

    await passTime(clock, 2_000, [trust.server]); // what is decided comes after the certificates

    type Ask = Partial<wire.PeerQuestion> & { name: string };
    /** What the server answers `client` about `nas`, whose certificate it saw. */
    const ask = async (...questions: Ask[]): Promise<wire.PeerAnswer[]> => {
      const seen = (one: Ask) =>
        one.hostId === undefined ? { fingerprint: nas.identity.certificate.fingerprint } : {};
      const body = {
        questions: questions.map((one) => ({
          hostId: nas.hostId,
          direction: 'dialled',
          ...seen(one),
          ...one,
        })),
      };
      const answer = await client.post(wire.askPeers.path, body);
      assert.equal(answer.status, 200, answer.body);
      return wire.askPeers.reply.parse(JSON.parse(answer.body)).answers;
    };
    const code = async (question: Ask): Promise<string> => {
      const [answer] = await ask(question);
      return answer?.allow === true ? 'allowed' : (answer?.code ?? '?');
    };
    const renew = () =>
      trust.enrol(
        { name: nas.hostId, names: ['nas'], uris: nas.identity.certificate.san.uris, media: true },
        { renew: nas.identity },
      );
    const mappings = async (name: string): Promise<string[]> =>
      (await trust.call(wire.listMappings, { query: { name } })).mappings.map(
        ({ host, kind }) => `${host.name} ${kind}`,
      );
    const pendingOf = async (name: string, rejected = false): Promise<wire.PendingView | undefined> => {
      const { pending } = await trust.call(wire.listPendingNames, {
        query: rejected ? { rejected: 'true' } : {},
      });
      return pending.find((one) => one.name === name);
    };
    const lastAct = async (subject: string): Promise<string> => {
      const { rows } = await trust.call(listAudit, { query: { subject } });
      return `${rows[0]?.act} ${rows[0]?.outcome} by ${rows[0]?.actor}`;
    };
    await t.test(
      'T-31 T-30 its primary name goes on; a free name, and an address, is mapped when a host is met under it',
      async () => {
        assert.equal(await code({ name: 'nas' }), 'allowed');
        assert.equal(await code({ name: 'NAS.Example.' }), 'allowed');
        assert.equal(await code({ name: '192.0.2.77' }), 'allowed');
        assert.deepEqual(await mappings('nas.example'), ['nas automatic']);
        assert.deepEqual(await mappings('192.0.2.77'), ['nas automatic']);
        assert.equal(await lastAct('nas.example'), `map-name done by ${client.hostId}`);
      },
    );

    await t.test(
      'T-31 a host maps no name to another whose certificate it has not seen: none, one of somebody else, or one of before',
      async () => {
        const name = 'unseen.example';
        assert.equal(await code({ name, fingerprint: undefined }), 'PEER_NAME_PENDING');
        assert.equal((await pendingOf(name))?.reason, 'unseen');
        const { fingerprint } = other.identity.certificate;
        assert.equal(await code({ name, fingerprint }), 'PEER_CERTIFICATE_UNKNOWN');
        const { context } = trust.server;
        const own = nas.identity.certificate.fingerprint;
        const entry = context.registry.lookup(own);
        // the registry knows it until its next round: what has expired counts no more
        const later = { name, hostId: nas.hostId, fingerprint: own } as const;
        const nowMs = clock.nowMs();
        const before = context.names.decide(later, client.hostId);
        assert.equal(before.outcome, 'map');
        clock.jump((entry?.notAfterMs ?? 0) + 1 - nowMs);
        const expired = context.names.decide(later, client.hostId);
        clock.jump(nowMs - clock.nowMs());
        assert.equal(expired.outcome === 'pend' ? expired.reason : expired.outcome, 'unseen');
        assert.deepEqual(await mappings(name), []);
        assert.equal(await code({ name }), 'allowed', 'who has seen it maps the name');
        assert.deepEqual(await mappings(name), ['nas automatic']);
        const waits = await context.store.db
          .selectFrom('pending_names')
          .select('name')
          .where('name', '=', name)
          .execute();
        assert.equal(waits.length, 0, 'and nothing waits any more');
      },
    );

    await t.test(
      'T-31 T-03 a name that was mapped automatically gives no rights: it is not among the granted names',
      async () => {
        const { names } = await trust.call(getHost, { params: { id: nas.hostId } });
        assert.deepEqual(names, ['nas']);
      },
    );

    await t.test(
      'T-31 with mapping off a free name waits for an administrator, the connection is refused; once approved it goes on',
      async () => {
        await trust.call(setSecurity, { body: { mapAutomatically: false } });
        assert.equal(await code({ name: 'off.example' }), 'PEER_NAME_PENDING');
        assert.equal((await pendingOf('off.example'))?.reason, 'map-off');
        const decision = { name: 'off.example', hostId: nas.hostId };
        await trust.call(wire.approveName, { body: decision });
        assert.equal(await code({ name: 'off.example' }), 'allowed');
        assert.deepEqual(await mappings('off.example'), ['nas approved']);
        assert.equal(await lastAct('off.example'), 'approve-name done by local');
        await trust.call(setSecurity, { body: { mapAutomatically: true } });
      },
    );

    await t.test(
      'T-31 F-01 a group says for its own hosts whether names are mapped, and explain names it',
      async () => {
        const root = (await trust.call(listGroups, {})).groups[0]!;
        const { id } = await trust.call(createGroup, { body: { name: 'DMZ', parentId: root.id } });
        const params = { id };
        await trust.call(changeGroupSettings, { params, body: { set: { mapNames: 'off' } } });
        await trust.call(moveHost, { params: { id: nas.hostId }, body: { groupId: id } });
        assert.equal(await code({ name: 'free.example' }), 'PEER_NAME_PENDING');
        assert.equal((await pendingOf('free.example'))?.reason, 'map-off');
        const fingerprint = other.identity.certificate.fingerprint;
        const ofOther = { name: 'free-2.example', hostId: other.hostId, fingerprint };
        assert.equal(await code(ofOther), 'allowed', 'the others follow the domain');
        const decidedBy = async (check: string) => {
          const query = { from: 'client', to: 'nas', as: 'free.example' };
          const { sides } = await trust.call(wire.explainPeers, { query });
          return sides[0]?.checks.find((one) => one.check === check)?.decidedBy;
        };
        const group = { id, path: ['All hosts', 'DMZ'] };
        assert.deepEqual(await decidedBy('name'), {
          kind: 'setting',
          name: 'mapAutomatically',
          value: 'off',
          group,
        });
        await trust.call(setSecurity, { body: { mapAutomatically: false } });
        await trust.call(changeGroupSettings, { params, body: { set: { mapNames: 'on' } } });
        assert.equal(await code({ name: 'free.example' }), 'allowed');
        assert.deepEqual(await mappings('free.example'), ['nas automatic']);
        assert.equal(await code({ ...ofOther, name: 'free-3.example' }), 'PEER_NAME_PENDING');
        await trust.call(setSecurity, { body: { mapAutomatically: true } });
        await trust.call(changeGroupSettings, { params, body: { unset: ['mapNames'] } });
        await trust.call(moveHost, { params: { id: nas.hostId }, body: { groupId: root.id } });
      },
    );

    await t.test(
      'T-32 T-03 a conflict shows both hosts; moving it takes it from the other; the agent is told to renew, and gets what was approved, not what was mapped by itself',
      async () => {
        await trust.call(wire.addMapping, { body: { name: 'moved.example', hostId: other.hostId } });
        assert.equal(await code({ name: 'moved.example' }), 'PEER_NAME_PENDING');
        const conflict = await pendingOf('moved.example');
        assert.deepEqual(
          [conflict?.host.name, conflict?.owner?.name, conflict?.owner?.kind, conflict?.askedBy?.name],
          ['nas', 'other', 'approved', 'client'],
        );
        const decision = { name: 'moved.example', hostId: nas.hostId };
        await assert.rejects(
          trust.call(wire.approveName, { body: decision }),
          refusedWith('NAME_OF_OTHER_HOST'),
        );
        await trust.call(wire.approveName, { body: { ...decision, how: 'move' } });
        assert.deepEqual(await mappings('moved.example'), ['nas approved']);
        assert.equal(await code({ name: 'moved.example' }), 'allowed');
        assert.equal(await code({ name: 'moved.example', hostId: other.hostId }), 'PEER_NAME_PENDING');
        await nas.open();
        assert.deepEqual((await nas.heartbeat()).fetch, ['certificate']);
        const renewed = await renew();
        assert.deepEqual([...renewed.certificate.san.dns].sort(), ['moved.example', 'nas', 'off.example']);
        assert.deepEqual(renewed.certificate.san.ips, []);
        nas.close();
      },
    );

    await t.test('T-32 T-20 sharing a conflict lets both go by the name, and a third not', async () => {
      await trust.call(wire.addMapping, { body: { name: 'virtual.example', hostId: other.hostId } });
      const decision = { name: 'virtual.example', hostId: nas.hostId, how: 'share' } as const;
      await trust.call(wire.addMapping, { body: decision });
      assert.deepEqual((await mappings('virtual.example')).sort(), ['nas shared', 'other shared']);
      assert.equal(await code({ name: 'virtual.example' }), 'allowed');
      assert.equal(await code({ name: 'virtual.example', hostId: other.hostId }), 'allowed');
      const third = await WireAgent.enrol(t, trust, 'third');
      assert.equal(await code({ name: 'virtual.example', hostId: third.hostId }), 'PEER_NAME_PENDING');
    });

    await t.test('T-32 a primary name is neither moved, nor shared, nor deleted', async () => {
      for (const how of ['move', 'share'] as const)
        await assert.rejects(
          trust.call(wire.addMapping, { body: { name: 'other', hostId: nas.hostId, how } }),
          refusedWith('NAME_IS_PRIMARY'),
        );
      await assert.rejects(
        trust.call(wire.deleteMapping, { params: { name: 'other', hostId: other.hostId } }),
        refusedWith('NAME_IS_PRIMARY'),
      );
    });

    await t.test(
      'T-31 T-32 a rejected name stays refused, is listed again when it is found again, and is never mapped by itself',
      async () => {
        await trust.call(setSecurity, { body: { mapAutomatically: false } });
        assert.equal(await code({ name: 'no.example' }), 'PEER_NAME_PENDING');
        await trust.call(setSecurity, { body: { mapAutomatically: true } });
        const decision = { name: 'no.example', hostId: nas.hostId };
        await trust.call(wire.rejectName, { body: decision });
        assert.equal(await pendingOf('no.example'), undefined);
        assert.equal((await pendingOf('no.example', true))?.rejectedBy, 'local');
        assert.equal(await code({ name: 'no.example' }), 'PEER_NAME_REJECTED');
        const again = await pendingOf('no.example');
        assert.deepEqual([again?.state, again?.seen, again?.rejectedBy], ['pending', 2, 'local']);
        assert.deepEqual(await mappings('no.example'), []);
      },
    );

    await t.test(
      'T-32 of two administrators who decide at once the second hears what the first decided',
      async () => {
        await trust.call(setSecurity, { body: { mapAutomatically: false } });
        assert.equal(await code({ name: 'both.example' }), 'PEER_NAME_PENDING');
        await trust.call(setSecurity, { body: { mapAutomatically: true } });
        const decision = { body: { name: 'both.example', hostId: nas.hostId } };
        await trust.call(wire.rejectName, decision);
        await assert.rejects(trust.call(wire.approveName, decision), (error) => {
          assert(error instanceof AppError);
          assert.deepEqual([error.code, error.params['by']], ['NAME_ALREADY_REJECTED', 'local']);
          return true;
        });
        await trust.call(wire.addMapping, decision);
        await assert.rejects(trust.call(wire.rejectName, decision), refusedWith('NAME_NOT_PENDING'));
        // with what they had in view in hand (If-Match), everything that came in between counts
        const { context } = trust.server;
        const late = { name: 'both.example', hostId: nas.hostId, precondition: { holds: () => false } };
        const principal = await principalOf(context.store, '' as never, [
          { role: 'administrator', groupId: null },
        ]);
        for (const decide of [addMapping, approveName, rejectName, deleteMapping])
          await assert.rejects(decide(context, late, principal), refusedWith('PRECONDITION_FAILED'));
      },
    );

    await t.test(
      'T-31 names of servers, media servers and registered hosts are reserved; an endpoint goes on for its own host',
      async () => {
        const endpoints = [{ address: 'store.example', port: 13002 }];
        await trust.call(setHostMedia, { params: { id: nas.hostId }, body: { media: true, endpoints } });
        await trust.call(registerHost, { body: { name: 'registered.example' } });
        assert.equal(await code({ name: 'store.example' }), 'allowed');
        assert.deepEqual(await mappings('store.example'), [], 'nothing had to be written');
        for (const name of ['store.example', 'registered.example', '127.0.0.1']) {
          if (name === '127.0.0.1') continue;
          assert.equal(await code({ name, hostId: other.hostId }), 'PEER_NAME_PENDING', name);
          assert.equal((await pendingOf(name))?.reason, 'reserved', name);
        }
        await assert.rejects(
          trust.call(wire.addMapping, { body: { name: 'server.example', hostId: other.hostId } }),
          refusedWith('NAME_OF_SERVER'),
        );
      },
    );

    for (const [what, name] of [
      ['a wildcard', '*.example'],
      ['control characters', 'nas\u0001.example'],
      ['300 characters', 'n'.repeat(300)],
      ['a name beyond ASCII', 'nаs.example'],
    ] as const)
      await t.test(`T-31 ${what} is refused in words, and nothing is written`, async () => {
        assert.equal(await code({ name }), 'HOST_NAME_INVALID');
        assert.equal(await code({ name, direction: 'accepted' }), 'HOST_NAME_INVALID');
        const { body } = { body: { name: name.slice(0, 253), hostId: nas.hostId } };
        await assert.rejects(trust.call(wire.addMapping, { body }), refusedWith('HOST_NAME_INVALID'));
      });

    await t.test('T-31 a look-alike in IDNA form passes, and is shown with a warning', async () => {
      assert.equal(await code({ name: 'xn--pypal-4ve.example' }), 'allowed');
      const { mappings: found } = await trust.call(wire.listMappings, {
        query: { name: 'xn--pypal-4ve.example' },
      });
      assert.deepEqual([found[0]?.shown, found[0]?.warnings], ['pаypal.example', ['mixed-script']]);
    });

    await t.test(
      'T-31 T-03 automatic names yield to a host that enrols with a token, are listed as a conflict, and others are told',
      async () => {
        assert.equal(await code({ name: 'late.example' }), 'allowed');
        await client.open();
        const before = await client.heartbeat();
        const late = await trust.enrol(
          { name: 'late.example', names: ['late.example'] },
          { token: await trust.token() },
        );
        assert.deepEqual(await mappings('late.example'), ['late.example primary']);
        const conflict = await pendingOf('late.example');
        assert.deepEqual([conflict?.host.name, conflict?.reason], ['nas', 'yielded']);
        assert.equal(conflict?.owner?.id, late.hostId);
        const told = await client.next('names');
        assert.deepEqual([told.changed, told.since], [['late.example'], before.names]);
        client.close();
      },
    );

    await t.test(
      'T-33 a decision is pushed to channels with the names it is about, and counted for those that pull',
      async () => {
        await client.open();
        const before = await client.heartbeat();
        await trust.call(wire.deleteMapping, { params: { name: 'nas.example', hostId: nas.hostId } });
        const told = await client.next('names');
        assert.deepEqual(told.changed, ['nas.example']);
        assert.deepEqual([told.since, told.generation], [before.names, (before.names ?? 0) + 1]);
        client.close();
        assert.equal((await client.pullHeartbeat()).names, told.generation);
      },
    );

    await t.test('T-31 T-42 a certificate that was revoked, or is nobody’s, is refused at once', async () => {
      const { fingerprint } = other.identity.certificate;
      assert.equal(await code({ name: 'nas', fingerprint: nas.identity.certificate.fingerprint }), 'allowed');
      assert.equal(await code({ name: 'nas', fingerprint }), 'PEER_CERTIFICATE_UNKNOWN');
    });

    await t.test(
      'T-32 who may decide for a group decides only about names whose hosts are all in it',
      async () => {
        const { context } = trust.server;
        const { store } = context;
        const [root] = await store.db.selectFrom('groups').select('id').execute();
        const group = await addGroup(store, 'mine', root!.id as never);
        await store.db.updateTable('hosts').set({ group_id: group }).where('id', '=', nas.hostId).execute();
        await trust.call(wire.addMapping, { body: { name: 'theirs.example', hostId: other.hostId } });
        assert.equal(await code({ name: 'theirs.example' }), 'PEER_NAME_PENDING');
        const limited = await principalOf(store, '' as never, [
          { role: 'security-administrator', groupId: group },
        ]);
        const wish = { name: 'theirs.example', hostId: nas.hostId, how: 'move' } as const;
        for (const decide of [addMapping, approveName, rejectName, deleteMapping])
          await assert.rejects(decide(context, wish, limited), refusedWith('NOT_FOUND'));
        const own = { name: 'mine.example', hostId: nas.hostId };
        assert.equal(await addMapping(context, own, limited), 'mine.example');
        const reach = new Set([group]);
        const seen = await listPendingRows(store.db, {
          limit: 100,
          after: undefined,
          reach,
          hostId: undefined,
          rejected: true,
        });
        assert.ok(seen.every(({ name }) => name !== 'theirs.example'));
        await store.db
          .updateTable('hosts')
          .set({ group_id: root!.id })
          .where('id', '=', nas.hostId)
          .execute();
      },
    );

    await t.test(
      'T-35 a reset removes further names and what is remembered, and keeps primary name, host ID and certificate',
      async () => {
        const before = await trust.call(getHost, { params: { id: nas.hostId } });
        const { host, removedNames } = await trust.call(wire.resetHost, { params: { id: nas.hostId } });
        assert.ok(removedNames.includes('off.example') && removedNames.includes('192.0.2.77'));
        assert.deepEqual(host.names, ['nas']);
        assert.deepEqual([host.id, host.name, host.media], [before.id, before.name, true]);
        assert.deepEqual(host.certificate, before.certificate);
        const { mappings: left } = await trust.call(wire.listMappings, { query: { host: nas.hostId } });
        assert.deepEqual(
          left.map(({ name }) => name),
          ['nas'],
        );
        const row = await trust.server.context.store.db
          .selectFrom('hosts')
          .select(['secure_since_ms', 'legacy_since_ms', 'reissue_until_ms'])
          .where('id', '=', nas.hostId)
          .executeTakeFirstOrThrow();
        assert.deepEqual(Object.values(row), [null, null, null]);
        assert.equal(await lastAct(nas.hostId), 'reset-host done by local');
      },
    );

    await t.test(
      'T-36 T-51 explain shows both sides check by check, what decided each, and the command that changes it',
      async () => {
        const explain = (query: { from: string; to: string; as?: string }) =>
          trust.call(wire.explainPeers, { query });
        const good = await explain({ from: 'client', to: nas.hostId, as: 'nas' });
        assert.equal(good.allow, true);
        assert.deepEqual(
          good.sides.map(({ direction, decides, about }) => [direction, decides.name, about.name]),
          [
            ['dialled', 'client', 'nas'],
            ['accepted', 'nas', 'client'],
          ],
        );
        for (const side of good.sides)
          assert.deepEqual(
            side.checks.map(({ check, outcome, command }) => [check, outcome, command]),
            ['protocol', 'chain', 'role', 'domain', 'dates', 'revocation-list', 'revocation', 'name'].map(
              (check) => [check, 'passed', null],
            ),
          );
        const taken = await explain({ from: 'client', to: 'nas', as: 'theirs.example' });
        const [dialled] = taken.sides;
        assert.equal(taken.allow, false);
        const name = dialled?.checks.find(({ check }) => check === 'name');
        assert.deepEqual(
          [name?.outcome, name?.code, name?.decidedBy.name, name?.decidedBy.value, name?.command],
          [
            'failed',
            'PEER_NAME_PENDING',
            'owner',
            'other',
            'sekisho mapping add theirs.example --host nas --move',
          ],
        );
        const noMedia = await explain({ from: 'nas', to: 'client' });
        const role = noMedia.sides[0]?.checks.find(({ check }) => check === 'role');
        assert.deepEqual([role?.outcome, role?.command], ['failed', 'sekisho host media client on']);
        await assert.rejects(explain({ from: 'client', to: 'nobody' }), refusedWith('NOT_FOUND'));
        const loopback = await explain({ from: 'client', to: 'nas', as: '127.0.0.1' });
        const reserved = loopback.sides[0]?.checks.find(({ check }) => check === 'name');
        assert.deepEqual(
          [reserved?.code, reserved?.command],
          ['HOST_NAME_RESERVED', 'sekisho host media nas on --endpoint 127.0.0.1:13002'],
        );
        await trust.call(addLegacyHost, { body: { name: 'plain' } });
        const protocol = async (to = 'plain'): Promise<unknown[]> => {
          const [side] = (await explain({ from: 'client', to })).sides;
          return side?.checks.slice(0, 2).map(({ outcome, command }) => [outcome, command]) ?? [];
        };
        // from the address of a host that has talked securely (T-52), as the real way says it
        await trust.call(wire.addMapping, { body: { name: '192.0.2.99', hostId: client.hostId } });
        const { db } = trust.server.context.store;
        await db.updateTable('hosts').set({ secure_since_ms: 1 }).where('id', '=', client.hostId).execute();
        await trust.call(addLegacyHost, { body: { name: 'fallen', address: '192.0.2.99' } });
        assert.deepEqual((await protocol('fallen'))[0], ['failed', 'sekisho host reset client']);
        assert.deepEqual(await protocol(), [
          ['passed', null],
          ['skipped', null],
        ]);
        await trust.call(setSecurity, { body: { insecureCommunication: false } });
        assert.deepEqual((await protocol())[0], [
          'failed',
          'sekisho security set --insecure-communication on',
        ]);
      },
    );

    await t.test(
      'T-31 a flood of names is bounded: so many are written, the rest is refused, one event and one audit row say so',
      async () => {
        await passTime(clock, 2 * MINUTE_MS, [trust.server]);
        const { store } = trust.server.context;
        const count = async (): Promise<number> =>
          (await store.db.selectFrom('pending_names').select('name').execute()).length;
        await trust.call(setSecurity, { body: { mapAutomatically: false } });
        const before = await count();
        const codes: Record<string, number> = {};
        for (let batch = 0; batch < 10; batch += 1) {
          const names = Array.from({ length: 100 }, (_, n) => ({ name: `flood-${batch}-${n}.example` }));
          for (const answer of await ask(...names))
            codes[answer.code ?? '-'] = (codes[answer.code ?? '-'] ?? 0) + 1;
        }
        await trust.call(setSecurity, { body: { mapAutomatically: true } });
        assert.deepEqual(codes, {
          PEER_NAME_PENDING: NEW_NAMES_PER_HOST_PER_MINUTE_MAX,
          NAMES_TOO_MANY: 1_000 - NEW_NAMES_PER_HOST_PER_MINUTE_MAX,
        });
        assert.equal(await count(), before + NEW_NAMES_PER_HOST_PER_MINUTE_MAX);
        const events = await store.db
          .selectFrom('outbox')
          .select('kind')
          .where('kind', '=', 'names.flood')
          .execute();
        assert.equal(events.length, 1);
        await passTime(clock, 3_000, [trust.server]);
        // what the book of refusals counted is written beside the clock: the database may take its time
        const rows = await eventually('the flood is in the audit log', async () => {
          const found = await trust.call(listAudit, { query: { act: 'use-name', subject: 'many' } });
          return found.rows.length > 0 ? found.rows : undefined;
        });
        assert.ok(rows.length <= 2, `${rows.length} rows`);
      },
    );
  });
});
