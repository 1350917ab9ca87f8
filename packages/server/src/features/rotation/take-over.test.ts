import { SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, postHeartbeat } from '@sekisho/core/wire/agent.ts';
import {
  getRotation,
  planRotation,
  rollBackRotation,
  startRotation,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

/** What a host echoes; a silent one does not beat. */
type Holds = 'newest' | 'nothing' | 'silent';

eachStore((dialect) => {
  test('F-34 an emergency takes over whatever update is open, in one step that the dry run names', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { clock, dialect, addresses: ['127.0.0.1'] });
    const { documents, feed, keys, store } = trust.server.context;
    const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
    const view = (id: string): Promise<RotationView> => trust.call(getRotation, { params: { id } });
    const host = await trust.enrol({ name: 'web.example' }, { token: await trust.token() });
    /** A heartbeat of a host that takes what is new, or of one that takes nothing. */
    const beat = async (one: Identity, holds: Holds = 'newest'): Promise<void> => {
      await feed.catchUp();
      const isNewest = holds === 'newest';
      const body = {
        ...{ sentAtMs: clock.nowMs(), assignmentSerial: 0, policySerial: 0, crlNumber: 0 },
        bundleGeneration: isNewest ? (documents.latestSerial('bundle', '') ?? 0) : 0,
        listSerial: isNewest ? (documents.latestSerial('list', list.id) ?? 0) : 0,
        ...{ certificates: [one.certificate.fingerprint], version: '1', bootId: one.hostId },
        ...{ health: [], spooled: 0, capabilities: [...AGENT_CAPABILITIES] },
      };
      const answer = await trust.agentRequest({
        method: 'POST',
        path: postHeartbeat.path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        tls: one.tls,
      });
      assert.equal(answer.status, 200, answer.body);
    };
    const reach = (id: string, phase: RotationView['phase'], holds: Holds) =>
      eventually(`the update is ${phase}`, async () => {
        await clock.advance(SECOND_MS);
        if (holds === 'silent')
          clock.jump(1_000 * SECOND_MS); // three of its heartbeats
        else await beat(host, holds);
        const now = await view(id);
        return now.phase === phase ? now : undefined;
      });
    const isDestroyed = async (keyId: string): Promise<boolean> => {
      const row = await store.db
        .selectFrom('ca_keys')
        .select(['state', 'sealed'])
        .where('key_id', '=', keyId)
        .executeTakeFirstOrThrow();
      return row.sealed === null && (row.state === 'destroyed' || row.state === 'compromised');
    };

    await beat(host, 'nothing');
    await t.test('a lost key is replaced by the one that is announced: the update becomes it', async () => {
      const { id, toKeyId } = await trust.call(startRotation, { body: { kind: 'tls' } });
      await reach(id, 'announced', 'nothing');
      const body = { kind: 'tls', emergency: 'lost' } as const;
      const plan = await trust.call(planRotation, { body });
      assert.deepEqual([plan.prevented, plan.takesOver?.becomes, plan.takesOver?.id], [false, 'kept', id]);
      assert.equal((await view(id)).emergency, null, 'a plan changes nothing');
      const taken = await trust.call(startRotation, { body });
      assert.deepEqual([taken.id, taken.emergency, taken.mayRollBack], [id, 'lost', false]);
      const done = await reach(id, 'done', 'newest');
      assert.ok(done.steps.some(({ step }) => step === 'take-over'));
      assert.equal(keys.certificateOf('server-tls').keyId, toKeyId);
    });

    await t.test('what lay beside a stolen key is destroyed unused, and another is made', async () => {
      const first = await trust.call(startRotation, { body: { kind: 'tls' } });
      await reach(first.id, 'announced', 'nothing');
      const body = { kind: 'tls', emergency: 'stolen' } as const;
      // two administrators at the same moment
      const acts = await Promise.allSettled([1, 2].map(() => trust.call(startRotation, { body })));
      // the other one finds an emergency, or nothing any more when that was over already
      for (const act of acts)
        if (act.status === 'rejected')
          assert.ok(act.reason instanceof AppError && act.reason.code === 'ROTATION_UNDER_WAY');
      const second = acts.flatMap((act) => (act.status === 'fulfilled' ? [act.value] : [])).at(-1);
      assert.ok(second);
      assert.notEqual(second.id, first.id);
      const { phase, steps } = await view(first.id);
      assert.equal(phase, 'rolled-back');
      assert.equal(steps.filter(({ step }) => step === 'take-over').length, 1);
      assert.ok(await isDestroyed(first.toKeyId));
      await reach(second.id, 'done', 'newest');
      assert.equal(keys.certificateOf('server-tls').keyId, second.toKeyId);
      assert.ok(await isDestroyed(second.fromKeyId));
    });

    await t.test('an overlap ends at once, and who has not followed is in the plan', async () => {
      const first = await trust.call(startRotation, { body: { kind: 'tls', overlapSeconds: 86_400 } });
      await reach(first.id, 'overlap', 'newest');
      await beat(host, 'nothing');
      const body = { kind: 'signing', emergency: 'stolen' } as const;
      const plan = await trust.call(planRotation, { body });
      assert.deepEqual([plan.takesOver?.becomes, plan.takesOver?.behind], ['finished', 1]);
      const second = await trust.call(startRotation, { body });
      assert.equal((await view(first.id)).phase, 'done');
      assert.ok(await isDestroyed(first.fromKeyId));
      assert.equal(keys.certificateOf('server-tls').keyId, first.toKeyId);
      await reach(second.id, 'done', 'newest');
    });

    await t.test('a way back ends there, and what begins next starts from the key of before', async () => {
      const before = keys.certificateOf('root').keyId;
      const first = await trust.call(startRotation, { body: { kind: 'ca', overlapSeconds: 86_400 } });
      await reach(first.id, 'overlap', 'newest');
      await beat(host);
      const plan = await trust.call(planRotation, { body: { kind: 'tls', emergency: 'lost' } });
      const { becomes, behind } = plan.takesOver ?? {};
      assert.deepEqual([becomes, behind], ['finished', 1], 'its certificate is of the old CA still');
      await trust.call(rollBackRotation, { params: { id: first.id } });
      assert.equal((await view(first.id)).direction, 'back');
      const second = await trust.call(startRotation, { body: { kind: 'tls', emergency: 'lost' } });
      assert.equal((await view(first.id)).phase, 'rolled-back');
      assert.equal(keys.certificateOf('root').keyId, before);
      assert.ok(await isDestroyed(first.toKeyId));
      await reach(second.id, 'done', 'newest');
      const { authorityKeyId } = keys.certificateOf('server-tls');
      assert.equal(authorityKeyId, keys.certificateOf('root').subjectKeyId, 'of the CA that is there');
    });

    await t.test(
      'a stolen root is left for the one that hosts already know, and no link leads on',
      async () => {
        const { id, toKeyId, fromKeyId } = await trust.call(startRotation, { body: { kind: 'ca' } });
        await reach(id, 'announced', 'nothing');
        clock.jump(1_000 * SECOND_MS); // three of its heartbeats, before the emergency
        const taken = await trust.call(startRotation, { body: { kind: 'ca', emergency: 'stolen' } });
        await clock.advance(2 * SECOND_MS);
        assert.equal(
          (await view(id)).phase,
          'announced',
          'nothing leads on later: it gets three from now on',
        );
        assert.deepEqual([taken.id, taken.emergency], [id, 'stolen']);
        assert.equal(keys.links().length, 0);
        await reach(id, 'rekeying', 'newest');
        await reach(id, 'done', 'silent'); // who does not renew is waited for, and not longer
        assert.equal(keys.certificateOf('root').keyId, toKeyId);
        assert.ok(await isDestroyed(fromKeyId));
        assert.equal(keys.compromised().length, 1);
      },
    );

    const acts = await store.db
      .selectFrom('audit')
      .select('act')
      .where('act', '=', 'take-over-rotation')
      .execute();
    assert.equal(acts.length, 5);
  });
});
