import { repositoryName, type HostId, type JobId, type RepositoryName } from '@sekisho/core/ids.ts';
import { OFFERS_PER_REPLY_MAX } from '@sekisho/core/limits.ts';
import {
  getRepositoryPassword,
  postHeartbeat,
  postSpool,
  type Heartbeat,
  type SpoolItem,
} from '@sekisho/core/wire/agent.ts';
import { getJob, listJobs, runPlan, type JobReport, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan, type PlanView } from '@sekisho/core/wire/plans.ts';
import { listPoints, maintainRepository } from '@sekisho/core/wire/points.ts';
import { getHost, listAudit } from '@sekisho/core/wire/trust.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { parseSnapshotId } from '@sekisho/core/ids.ts';
import { TrustServer, type Answer, type Identity } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { rowsOfHost } from './rows-of-host.ts';

const id64 = () => parseSnapshotId(randomBytes(32).toString('hex'))!;
const codeOf = (answer: Answer): string => /"code":"([A-Z_]+)"/.exec(answer.body)?.[1] ?? '';

/** A domain with a media server, a victim that has work waiting, and an insider. No agent runs: the keys are all there is. */
class Domain {
  readonly trust: TrustServer;
  readonly media: Identity;
  readonly victim: Identity;
  readonly insider: Identity;
  readonly plan: PlanView;

  private constructor(trust: TrustServer, hosts: readonly Identity[], plan: PlanView) {
    this.trust = trust;
    [this.media, this.victim, this.insider] = hosts as [Identity, Identity, Identity];
    this.plan = plan;
  }

  static async start(t: TestContext): Promise<Domain> {
    const trust = await TrustServer.start(t, { clock: systemClock });
    const hosts = [
      await trust.enrol(
        { name: 'vault.example', media: true },
        { token: await trust.token({ media: true }) },
      ),
      await trust.enrol({ name: 'victim.example' }, { token: await trust.token() }),
      await trust.enrol({ name: 'insider.example' }, { token: await trust.token() }),
    ];
    const [media, victim, insider] = hosts as [Identity, Identity, Identity];
    const plan = await trust.call(createPlan, {
      body: {
        name: 'Home folders',
        targets: { hosts: [victim.hostId, insider.hostId], groups: [] },
        paths: ['/home'],
        mediaServers: [media.hostId],
      },
    });
    const domain = new Domain(trust, hosts, plan);
    await until('both have a repository', async () => {
      const rows = await trust.server.context.store.db.selectFrom('repositories').select('name').execute();
      return rows.length === 2;
    });
    return domain;
  }

  repository(host: Identity): RepositoryName {
    return repositoryName(host.hostId, 1);
  }

  post(as: Identity, path: string, body: unknown): Promise<Answer> {
    return this.trust.agentRequest({
      method: 'POST',
      path,
      tls: as.tls,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async spool(as: Identity, ...items: SpoolItem[]): Promise<void> {
    const answer = await this.post(as, postSpool.path, { items });
    assert.equal(answer.status, 200, answer.body);
  }

  /** A job of one host that waits to be taken. */
  async job(host: Identity): Promise<JobView> {
    const { jobs } = await this.trust.call(runPlan, {
      params: { id: this.plan.id },
      body: { hosts: [host.hostId], scheduleName: null },
    });
    assert.ok(jobs[0]);
    return jobs[0];
  }

  report(jobId: JobId, change: Partial<JobReport> = {}): JobReport {
    const nowMs = this.trust.clock.nowMs();
    return {
      jobId,
      kind: 'backup',
      trigger: 'manual',
      planId: this.plan.id,
      planRevision: 1,
      scheduleName: null,
      scheduledAtMs: null,
      attempt: 1,
      state: 'done',
      startedAtMs: nowMs,
      endedAtMs: nowMs,
      repository: null,
      mediaHostId: null,
      snapshotId: null,
      filesDone: 1,
      bytesDone: 1,
      bytesAdded: 1,
      code: null,
      params: {},
      unreadable: [],
      unreadableCount: 0,
      warnings: [],
      log: [],
      listing: null,
      forgotten: null,
      heldBack: null,
      ...change,
    };
  }

  rows(host: Identity): Promise<Record<string, unknown[]>> {
    return rowsOfHost(this.trust.server.context.store.db, host.hostId);
  }

  /** Refusals that an administrator finds in the audit log. */
  async refusals(actor: HostId): Promise<string[]> {
    const { rows } = await this.trust.call(listAudit, { query: { limit: 100 } });
    return rows.flatMap((entry) => (entry.actor === actor && entry.outcome === 'refused' ? [entry.act] : []));
  }
}

const heartbeatOf = (change: Partial<Heartbeat> & Record<string, unknown> = {}) => ({
  sentAtMs: systemClock.nowMs(),
  bundleGeneration: 0,
  listSerial: 0,
  assignmentSerial: 0,
  policySerial: 0,
  crlNumber: 0,
  certificates: [],
  version: '9.9.9',
  bootId: 'insider',
  health: ['forged'],
  spooled: 0,
  ...change,
});

test('invariant 10: a host ID in a body makes nobody another host', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim } = domain;
  const before = await domain.rows(victim);
  const answer = await domain.post(insider, postHeartbeat.path, {
    ...heartbeatOf(),
    hostId: victim.hostId,
    host: victim.hostId,
    id: victim.hostId,
    certificates: [victim.certificate.fingerprint],
  });
  assert.equal(answer.status, 200);
  const seen = await trust.call(getHost, { params: { id: victim.hostId } });
  assert.deepEqual([seen.lastSeenAtMs, seen.version, seen.health], [null, null, []]);
  const own = await trust.call(getHost, { params: { id: insider.hostId } });
  assert.deepEqual([own.version, own.health], ['9.9.9', ['forged']]);
  for (const headers of [
    { 'x-host-id': victim.hostId },
    { 'x-ssl-client-cert': encodeURIComponent(victim.tls.cert) },
    { 'x-forwarded-client-cert': `URI=spiffe://x/host/${victim.hostId}` },
  ]) {
    const document = await trust.agentRequest({
      path: `/v1/agent/documents/assignment?hostId=${victim.hostId}`,
      tls: insider.tls,
      headers,
    });
    assert.equal(hostOfDocument(document), insider.hostId);
  }
  assert.deepEqual(await domain.rows(victim), before);
});

test('invariant 10: the documents and orders that a host gets are its own', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim } = domain;
  const waiting = await domain.job(victim);
  const mine = await domain.job(insider);
  const beat = await domain.post(insider, postHeartbeat.path, heartbeatOf());
  const { offers, cancels } = postHeartbeat.reply.parse(JSON.parse(beat.body));
  assert.ok(offers.length <= OFFERS_PER_REPLY_MAX);
  assert.ok(offers.every((jws) => payloadOf(jws)['hostId'] === insider.hostId));
  assert.ok(!offers.some((jws) => payloadOf(jws)['jobId'] === waiting.id));
  assert.deepEqual(cancels, []);
  for (const path of [
    `/v1/agent/documents/assignment/${victim.hostId}`,
    `/v1/agent/documents/order`,
    `/v1/agent/documents/order/${waiting.id}`,
    `/v1/agent/documents/..%2fassignment`,
    `/v1/agent/jobs/${waiting.id}`,
  ]) {
    const answer = await trust.agentRequest({ path, tls: insider.tls });
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.body}`);
    assert.ok(codeOf(answer) !== '', path);
  }
  assert.equal((await trust.call(getJob, { params: { id: mine.id } })).state, 'queued');
});

test('invariant 10: a host answers, reports and tells progress of its own jobs alone', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim } = domain;
  const job = await domain.job(victim);
  const before = await domain.rows(victim);
  const nowMs = trust.clock.nowMs();
  const answer = { kind: 'offer', jobId: job.id, params: {}, startedAtMs: nowMs } as const;
  await domain.spool(
    insider,
    { ...answer, spoolId: 'a', accepted: true, code: null },
    { ...answer, spoolId: 'b', accepted: false, code: 'ORDER_EXPIRED' },
    { kind: 'job', spoolId: 'c', report: domain.report(job.id) },
    { kind: 'job', spoolId: 'd', report: domain.report(job.id, { state: 'failed', code: 'INTERNAL' }) },
  );
  assert.deepEqual(await domain.rows(victim), before);
  assert.equal((await trust.call(getJob, { params: { id: job.id } })).state, 'queued');
  // one row each at once; the repeated ones are counted, and the count is written when their window closes (S-06)
  assert.deepEqual((await domain.refusals(insider.hostId)).sort(), ['report-job', 'report-offer']);

  // the ID of a scheduled run is derived: the insider can compute the victim's, and it is no use
  const scheduledAtMs = nowMs - 60_000;
  const foreign = scheduledJobId(domain.plan.id, victim.hostId, 'nightly', scheduledAtMs, 1);
  const claim = { trigger: 'schedule', scheduleName: 'nightly', scheduledAtMs } as const;
  await domain.spool(insider, { kind: 'job', spoolId: 'e', report: domain.report(foreign, claim) });
  const { jobs } = await trust.call(listJobs, { query: { host: victim.hostId } });
  assert.deepEqual(
    jobs.map(({ id }) => id),
    [job.id],
  );
  assert.deepEqual(await domain.rows(victim), before);
});

test('invariant 10: only the media server of a repository announces recovery points in it', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim, media } = domain;
  const before = await domain.rows(victim);
  const receivedAtMs = trust.clock.nowMs();
  const announce = (repository: RepositoryName): SpoolItem => ({
    kind: 'snapshot',
    spoolId: randomBytes(8).toString('hex'),
    repository,
    snapshotId: id64(),
    receivedAtMs,
  });
  for (const repository of [domain.repository(victim), domain.repository(insider)])
    await domain.spool(insider, announce(repository));
  await domain.spool(
    media,
    announce(repositoryName(media.hostId, 1)),
    announce(repositoryName(victim.hostId, 2)),
  );
  assert.deepEqual((await trust.call(listPoints, {})).points, []);
  assert.deepEqual(await domain.rows(victim), before);
  assert.equal((await domain.refusals(insider.hostId)).length, 1, 'the second is counted (S-06)');

  // a report that names another host's recovery point takes nothing of it
  const item = announce(domain.repository(victim));
  await domain.spool(media, item);
  const [point] = (await trust.call(listPoints, { query: { host: victim.hostId } })).points;
  assert.ok(point);
  const job = await domain.job(insider);
  await domain.spool(insider, {
    kind: 'job',
    spoolId: 'steal',
    report: domain.report(job.id, { snapshotId: point.id, repository: domain.repository(victim) }),
  });
  const ended = await trust.call(getJob, { params: { id: job.id } });
  assert.equal(ended.state, 'done');
  assert.equal(ended.report?.repository, null);
  const [same] = (await trust.call(listPoints, { query: { host: victim.hostId } })).points;
  assert.deepEqual(same, point);
});

test('invariant 10 P-11: no password of another host’s repository, by whatever job, and each try is audited', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim, media } = domain;
  const ask = (as: Identity, repository: RepositoryName, jobId: JobId | string) =>
    domain.post(as, getRepositoryPassword.path, { repository, jobId });
  const anyJob = randomBytes(16).toString('hex');
  const own = await ask(insider, domain.repository(insider), anyJob);
  assert.equal(own.status, 200);
  const victims = await domain.job(victim);
  const mine = await domain.job(insider);
  const maintenance = await trust.call(maintainRepository, {
    params: { name: domain.repository(victim) },
    body: { preview: false },
  });
  const maintainJob = maintenance.job?.id ?? anyJob;
  for (const jobId of [anyJob, victims.id, mine.id, maintainJob]) {
    for (const repository of [domain.repository(victim), repositoryName(victim.hostId, 2)]) {
      const answer = await ask(insider, repository, jobId);
      assert.equal(answer.status, 403, answer.body);
      assert.equal(codeOf(answer), 'REPOSITORY_PASSWORD_REFUSED');
    }
  }
  // the media server too: without a maintenance of that very repository it gets none
  for (const jobId of [anyJob, victims.id])
    assert.equal(codeOf(await ask(media, domain.repository(victim), jobId)), 'REPOSITORY_PASSWORD_REFUSED');
  if (maintenance.job !== null) {
    const other = await ask(media, domain.repository(insider), maintenance.job.id);
    assert.equal(codeOf(other), 'REPOSITORY_PASSWORD_REFUSED');
  }
  assert.equal((await domain.refusals(insider.hostId)).length, 8);
  const stranger = await trust.agentRequest({
    method: 'POST',
    path: getRepositoryPassword.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ repository: domain.repository(victim), jobId: anyJob }),
  });
  assert.equal(codeOf(stranger), 'PEER_CERTIFICATE_REQUIRED');
});

test('invariant 10: what a host says of itself stays its own, whatever it says', async (t) => {
  const domain = await Domain.start(t);
  const { trust, insider, victim } = domain;
  const before = await domain.rows(victim);
  const events = ['repository-full', 'repository-sealed', 'peer-refused', 'document-fork'] as const;
  await domain.spool(
    insider,
    ...events.map((event): SpoolItem => ({
      kind: 'event',
      spoolId: `e-${event}`,
      event,
      atMs: Date.UTC(9000, 0),
      detail: { hostId: victim.hostId, repository: domain.repository(victim), name: 'x\u0000\u001b[2J' },
    })),
  );
  assert.deepEqual(await domain.rows(victim), before);
  const rows = await trust.server.context.store.db.selectFrom('host_events').selectAll().execute();
  assert.ok(rows.every((row) => row.host_id === insider.hostId && row.at_ms <= trust.clock.nowMs()));
  for (const sentAtMs of [Number.MAX_SAFE_INTEGER, -1, 1.5]) {
    const answer = await domain.post(insider, postHeartbeat.path, heartbeatOf({ sentAtMs }));
    assert.equal(codeOf(answer), 'BODY_INVALID', String(sentAtMs));
  }
});

const payloadOf = (jws: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

const hostOfDocument = (answer: Answer): unknown =>
  payloadOf((JSON.parse(answer.body) as { jws: string }).jws)['hostId'];
