import { AppError } from '@sekisho/core/errors.ts';
import { FRAME_BYTES_MAX } from '@sekisho/core/limits.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { cancelJob, getJob, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { browsePoint, listPoints } from '@sekisho/core/wire/points.ts';
import { getHost, listAudit, revokeHost, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { repositoryName } from '@sekisho/core/ids.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { HOLDS_NOTHING, passTime, readOrder, WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOLD_BACK_MS } from '../features/jobs/open-work.ts';
import { SWEEP_EVERY_MS } from '../loops/fleet-loops.ts';
import type { DialectName } from '../store/transaction-context.ts';
import { PING_ANSWER_MS } from './agent-session.ts';

/** So many sessions are written down: none where one process has the database to itself. */
const claimsOf = (dialect: DialectName, sessions: number): number => (dialect === 'sqlite' ? 0 : sessions);

eachStore((dialect) => {
  const start = async (t: HasAfter): Promise<{ trust: TrustServer; clock: FakeClock }> => {
    const clock = new FakeClock();
    return { clock, trust: await TrustServer.start(t, { dialect, clock }) };
  };
  /** A media server, a client, and a plan of the client. */
  const protectedHost = async (t: HasAfter) => {
    const { trust, clock } = await start(t);
    const media = await WireAgent.enrol(t, trust, 'media.example', { media: true });
    const client = await WireAgent.enrol(t, trust, 'client.example');
    const plan = await trust.call(createPlan, {
      body: {
        name: 'Files',
        targets: { hosts: [client.hostId], groups: [] },
        paths: ['/srv'],
        mediaServers: [media.hostId],
      },
    });
    const run = async () => {
      const { jobs } = await trust.call(runPlan, {
        params: { id: plan.id },
        body: { hosts: null, scheduleName: null },
      });
      return jobs[0]!;
    };
    const job = (id: string) => trust.call(getJob, { params: { id } });
    return { trust, clock, media, client, plan, run, job };
  };

  test('F-02 F-03 a heartbeat over the channel is answered with what to fetch, then with nothing new', async (t) => {
    const { trust } = await start(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.open();
    const documents = trust.server.context.documents;
    await eventually('the assignment is there', () => documents.latestSerial('assignment', agent.hostId));
    const reply = await agent.heartbeat(HOLDS_NOTHING);
    assert.deepEqual(reply.fetch, ['bundle', 'list', 'assignment', 'policy', 'crl']);
    const group = (await trust.call(getHost, { params: { id: agent.hostId } })).group;
    const policySerial = documents.latestSerial('policy', group)!;
    assert.deepEqual((await agent.heartbeat({ policySerial })).fetch, []);
    const view = await trust.call(getHost, { params: { id: agent.hostId } });
    assert.deepEqual(
      [view.states, view.version, view.lastSeenAtMs],
      [['online'], '0.1.0', trust.clock.nowMs()],
    );
  });

  test('F-03 pull mode hears the same over HTTPS, and takes orders and cancellations there', async (t) => {
    const { client, run, job, trust } = await protectedHost(t);
    const { id } = await run();
    const reply = await eventually('the order is offered', async () => {
      const heard = await client.pullHeartbeat();
      return heard.offers.length > 0 ? heard : undefined;
    });
    assert.equal(readOrder(reply.offers[0]!).jobId, id);
    const answer = {
      kind: 'offer',
      spoolId: 'a',
      jobId: id,
      accepted: true,
      code: null,
      params: {},
      startedAtMs: 1,
    } as const;
    assert.deepEqual(await client.pullSpool(answer), ['a']);
    assert.equal((await job(id)).state, 'active');
    await trust.call(cancelJob, { params: { id } });
    const cancels = await eventually('the cancellation is heard', async () => {
      const heard = await client.pullHeartbeat();
      return heard.cancels.length > 0 ? heard.cancels : undefined;
    });
    assert.deepEqual(cancels, [id]);
  });

  test('P-12 P-13 an order is offered at once, again at a heartbeat until it is answered, and is told its progress', async (t) => {
    const { client, run, job } = await protectedHost(t);
    await client.open();
    await client.heartbeat();
    const { id } = await run();
    const offer = readOrder((await client.next('job.offer')).order);
    assert.deepEqual([offer.jobId, offer.hostId, offer.act.what], [id, client.hostId, 'backup']);
    assert.equal((await client.heartbeat()).offers.length, 1, 'again: at least once');
    await client.accept(id);
    await eventually('nothing is offered any more', async () =>
      (await client.heartbeat()).offers.length === 0 ? true : undefined,
    );
    const figures = { filesDone: 5, filesTotal: 10, bytesDone: 50, bytesTotal: 100, bytesPerSecond: 7 };
    const progress = { phase: 'transferring', ...figures, secondsLeft: 3, currentFile: '/srv/a' } as const;
    client.send({ type: 'progress', jobId: id, progress });
    assert.deepEqual(
      await eventually('progress is shown', async () => (await job(id)).progress ?? undefined),
      progress,
    );
  });

  test('P-10 P-13 an order waits until its host has the policy and the repository, but not for ever', async (t) => {
    const { client, run, trust, clock } = await protectedHost(t);
    await client.open();
    assert.deepEqual((await client.heartbeat(HOLDS_NOTHING)).offers, []);
    const { id } = await run();
    await trust.server.context.feed.catchUp();
    const early = await client.heartbeat(HOLDS_NOTHING);
    assert.deepEqual([early.offers, early.fetch.includes('policy')], [[], true]);
    assert.equal(readOrder((await client.heartbeat()).offers[0]!).jobId, id, 'it has fetched');
    await client.heartbeat(HOLDS_NOTHING);
    assert.ok(!client.frames.some((frame) => frame.type === 'job.offer'));
    await passTime(clock, HOLD_BACK_MS + SWEEP_EVERY_MS, [trust.server]);
    assert.equal(readOrder((await client.next('job.offer')).order).jobId, id, 'offered all the same');
  });

  test('P-12 an active job is cancelled over the channel', async (t) => {
    const { trust, client, run } = await protectedHost(t);
    await client.open();
    await client.heartbeat();
    const { id } = await run();
    await client.next('job.offer');
    await client.accept(id);
    await trust.call(cancelJob, { params: { id } });
    assert.equal((await client.next('job.cancel')).jobId, id);
  });

  test('P-02 P-12 reports are acknowledged after they are on disk: job, point, and twice the same', async (t) => {
    const { trust, media, client, run, job } = await protectedHost(t);
    await client.open();
    await client.heartbeat();
    await media.open();
    const { id } = await run();
    await client.accept(id);
    const repository = repositoryName(client.hostId, 1);
    const snapshotId = 'ab'.repeat(32);
    const snapshot = {
      kind: 'snapshot',
      spoolId: 's',
      repository,
      snapshotId,
      receivedAtMs: trust.clock.nowMs(),
    };
    const report = {
      kind: 'job',
      spoolId: 'j',
      report: {
        jobId: id,
        kind: 'backup',
        trigger: 'manual',
        planId: null,
        planRevision: 1,
        scheduleName: null,
        scheduledAtMs: null,
        attempt: 1,
        state: 'done',
        startedAtMs: 1,
        endedAtMs: 2,
        repository,
        mediaHostId: media.hostId,
        snapshotId,
        filesDone: 2,
        bytesDone: 20,
        bytesAdded: 10,
        code: null,
        params: {},
        unreadable: [],
        unreadableCount: 0,
        warnings: [],
        log: [],
        listing: null,
        forgotten: null,
        heldBack: null,
      },
    };
    assert.deepEqual(await client.spool(report as never), ['j']);
    assert.deepEqual(await client.spool(report as never), ['j']);
    assert.deepEqual(await media.spool(snapshot as never), ['s']);
    assert.equal((await job(id)).state, 'done');
    const { points } = await trust.call(listPoints, {});
    assert.deepEqual([points.length, points[0]?.jobId, points[0]?.files], [1, id, 2]);
    client.frames.length = 0;
    const browse = await trust.call(browsePoint, { params: { id: snapshotId }, body: { path: '/srv' } });
    assert.equal(readOrder((await client.next('job.offer')).order).jobId, browse.id);
  });

  test('P-11 the password is released to the owner over mutual TLS, and to no other host', async (t) => {
    const { media, client } = await protectedHost(t);
    const body = { repository: repositoryName(client.hostId, 1), jobId: 'ab'.repeat(16) };
    const released = await client.post(getRepositoryPassword.path, body);
    assert.equal(released.status, 200);
    const refused = await media.post(getRepositoryPassword.path, body);
    assert.equal(refused.status, 403);
    assert.match(refused.body, /REPOSITORY_PASSWORD_REFUSED/);
  });

  test('F-03 a changed policy reaches its hosts as "come now"', async (t) => {
    const { trust, media, client, plan } = await protectedHost(t);
    await client.open();
    await client.heartbeat();
    const { id: _, createdAtMs: __, changedAtMs: ___, deployed: ____, revision: _____, ...spec } = plan;
    client.frames.length = 0;
    await trust.call(createPlan, { body: { ...spec, name: 'More', mediaServers: [media.hostId] } });
    const come = await client.next('come');
    assert.deepEqual(come.fetch, ['policy']);
    // it is here already: a fleet need not come for it
    const path = '/v1/agent/documents/policy';
    const { body } = await trust.agentRequest({ method: 'GET', path, tls: client.identity.tls });
    assert.deepEqual(come.documents, JSON.parse(body.replace('jws', 'policy')));
  });

  test('T-03 a host that is given the media role hears that it should renew, until its certificate says so', async (t) => {
    const { trust } = await start(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.open();
    assert.ok(!(await agent.heartbeat()).fetch.includes('certificate'));
    await (trust.clock as FakeClock).advance(SECOND_MS);
    await trust.call(setHostMedia, { params: { id: agent.hostId }, body: { media: true } });
    await eventually('it is told to renew', () =>
      agent.frames.some((frame) => frame.type === 'come' && frame.fetch.includes('certificate'))
        ? true
        : undefined,
    );
    assert.ok((await agent.heartbeat()).fetch.includes('certificate'));
    const wish = { name: agent.hostId, media: true };
    const renewed = agent.twin(t, await trust.enrol(wish, { renew: agent.identity }));
    agent.close();
    await renewed.open();
    await eventually('it is content', async () =>
      (await renewed.heartbeat()).fetch.includes('certificate') ? undefined : true,
    );
  });

  test('T-40 T-42 a revoked host’s channel is cut, and no new one is opened', async (t) => {
    const { trust } = await start(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.open();
    await agent.heartbeat();
    await trust.call(revokeHost, { params: { id: agent.hostId }, body: { reason: 'keyCompromise' } });
    await agent.closed();
    await assert.rejects(agent.open());
  });

  const bad: [string, string | Buffer, string][] = [
    ['is no JSON', '{', 'FRAME_MALFORMED'],
    ['is of an unknown type', '{"type":"reboot"}', 'FRAME_MALFORMED'],
    ['lacks what it should have', '{"type":"heartbeat","seq":1}', 'FRAME_MALFORMED'],
    ['is binary', Buffer.from([1, 2, 3]), 'FRAME_MALFORMED'],
    ['is larger than the limit', 'x'.repeat(FRAME_BYTES_MAX + 1), '1009'],
  ];
  for (const [what, frame, reason] of bad) {
    test(`a frame that ${what} ends the channel with ${reason}`, async (t) => {
      const { trust } = await start(t);
      const agent = await WireAgent.enrol(t, trust, 'web.example');
      await agent.open();
      await agent.heartbeat();
      agent.sendRaw(frame);
      assert.equal(await agent.closed(), reason);
    });
  }

  test('an agent that sends faster than it is heard is cut off', async (t) => {
    const { trust } = await start(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.open();
    const item = { kind: 'event', event: 'repository-low', atMs: 1, detail: {} } as const;
    for (let count = 0; count < 200; count += 1)
      agent.send({ type: 'spool', items: [{ ...item, spoolId: `e-${count}` }] });
    assert.equal(await agent.closed(), 'FRAME_QUEUE_FULL');
  });

  test('a second agent with the same identity is refused while the first answers, and a clone is reported', async (t) => {
    const { trust } = await start(t);
    const first = await WireAgent.enrol(t, trust, 'web.example');
    await first.open();
    await first.heartbeat();
    const second = first.twin(t);
    await second.open();
    assert.equal(await second.closed(), 'CHANNEL_CLONE');
    await first.heartbeat();
    const { rows } = await trust.call(listAudit, { query: { limit: 5 } });
    assert.deepEqual(rows[0]?.detail, { code: 'CHANNEL_CLONE' });
    const event = await trust.server.context.store.db
      .selectFrom('host_events')
      .select('event')
      .where('host_id', '=', first.hostId)
      .executeTakeFirst();
    assert.equal(event?.event, 'session-clone');
  });

  test('a second session takes the place of one that does not answer within two seconds', async (t) => {
    const { trust, clock } = await start(t);
    const first = await WireAgent.enrol(t, trust, 'web.example');
    first.answers = false;
    await first.open();
    await first.heartbeat();
    const second = first.twin(t);
    await second.open();
    await first.next('ping');
    await passTime(clock, PING_ANSWER_MS, [trust.server]);
    assert.equal(await first.closed(), 'replaced');
    await second.heartbeat();
    assert.equal(trust.server.context.fleet.figures().sessions, 1);
    const claims = trust.server.context.store.db.selectFrom('sessions').select('host_id');
    assert.equal((await claims.execute()).length, claimsOf(dialect, 1));
  });

  test('a host that renewed its certificate opens its channel anew without being taken for a clone', async (t) => {
    const { trust, clock } = await start(t);
    const first = await WireAgent.enrol(t, trust, 'web.example');
    await first.open();
    await first.heartbeat();
    await passTime(clock, 10 * SECOND_MS, [trust.server]);
    const renewed = first.twin(t, await trust.enrol({ name: first.hostId }, { renew: first.identity }));
    await renewed.open();
    await renewed.heartbeat();
    assert.equal(await first.closed(), 'replaced');
  });

  test('a channel that ends gives its session back; a stopping server ends them all', async (t) => {
    const { trust } = await start(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.open();
    await agent.heartbeat();
    const { fleet, store } = trust.server.context;
    const claims = async () => (await store.db.selectFrom('sessions').select('host_id').execute()).length;
    assert.deepEqual([fleet.figures().sessions, await claims()], [1, claimsOf(dialect, 1)]);
    agent.close();
    await eventually('the session is given back', async () =>
      fleet.figures().sessions + (await claims()) === 0 ? true : undefined,
    );
    const again = agent.twin(t);
    await again.open();
    await again.heartbeat();
    await trust.server.stop();
    await again.closed();
  });

  test('F-02 what was last seen survives a restart of the server, as do offers that wait', async (t) => {
    const { trust, client, run } = await protectedHost(t);
    await client.pullHeartbeat();
    const { id } = await run();
    const seenAtMs = trust.clock.nowMs();
    await trust.restart();
    const view = await trust.call(getHost, { params: { id: client.hostId } });
    assert.equal(view.lastSeenAtMs, seenAtMs);
    assert.equal(readOrder((await client.pullHeartbeat()).offers[0]!).jobId, id);
  });

  test('P-10 a refused plan says why over the socket', async (t) => {
    const { trust, client, plan } = await protectedHost(t);
    await assert.rejects(
      trust.call(createPlan, {
        body: { name: plan.name, targets: plan.targets, paths: ['/x'], mediaServers: [client.hostId] },
      }),
      (error: unknown) => error instanceof AppError && error.code === 'PLAN_NAME_TAKEN',
    );
  });
});
