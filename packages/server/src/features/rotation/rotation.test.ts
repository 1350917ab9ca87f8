import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, postHeartbeat } from '@sekisho/core/wire/agent.ts';
import {
  acceptRotationLoss,
  getRotation,
  pauseRotation,
  planRotation,
  resumeRotation,
  rollBackRotation,
  startRotation,
  type OutsideInput,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { listHosts } from '@sekisho/core/wire/trust.ts';
import { crlPath } from '../revocation/crl-path.ts';
import { watchHostCertificates, watchOwnCertificates } from './expiry-watch.ts';
import { parseCrl } from '@sekisho/pki/crl.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, test, type TestContext } from 'node:test';

const PERIOD_MS = 300 * SECOND_MS;

/** A server on a clock of its own, and hosts that beat when the test says so. */
class Rotations {
  readonly trust: TrustServer;
  readonly clock: FakeClock;

  private constructor(trust: TrustServer, clock: FakeClock) {
    this.trust = trust;
    this.clock = clock;
  }

  static async start(t: TestContext, startMs?: number): Promise<Rotations> {
    const clock = new FakeClock(startMs === undefined ? {} : { startMs });
    const trust = await TrustServer.start(t, { clock, addresses: ['127.0.0.1'] });
    return new Rotations(trust, clock);
  }

  async hosts(...names: string[]): Promise<Identity[]> {
    const token = await this.trust.token({ usesMax: names.length });
    const made: Identity[] = [];
    for (const name of names) made.push(await this.trust.enrol({ name: `${name}.example` }, { token }));
    for (const host of made) await this.beat(host, 0);
    return made;
  }

  /** A heartbeat that echoes all that is new, or this. */
  async beat(
    host: Identity,
    echo?: number,
    capabilities = AGENT_CAPABILITIES as readonly string[],
  ): Promise<void> {
    const { documents, store } = this.trust.server.context;
    const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
    const bundleGeneration = echo ?? documents.latestSerial('bundle', '') ?? 0;
    const listSerial = echo ?? documents.latestSerial('list', list.id) ?? 0;
    const body = {
      ...{ sentAtMs: this.clock.nowMs(), bundleGeneration, listSerial, assignmentSerial: 0 },
      ...{ policySerial: 0, crlNumber: 0, certificates: [host.certificate.fingerprint], version: '1' },
      ...{ bootId: host.hostId, health: [], spooled: 0, capabilities: [...capabilities] },
    };
    const answer = await this.trust.agentRequest({
      method: 'POST',
      path: postHeartbeat.path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      tls: host.tls,
    });
    assert.equal(answer.status, 200, answer.body);
  }

  /** Time goes on: at once, then the loops look. */
  async pass(ms: number): Promise<void> {
    this.clock.jump(ms);
    await this.clock.advance(2 * SECOND_MS);
    await this.#settle();
  }

  /** What the expiry duty does once an hour. */
  async lookAtCertificates(): Promise<void> {
    const { rotations } = this.trust.server;
    await watchOwnCertificates(rotations, () => Promise.resolve());
    await watchHostCertificates(rotations, () => Promise.resolve());
  }

  view(id: string): Promise<RotationView> {
    return this.trust.call(getRotation, { params: { id } });
  }

  /** Until the phase is there: what hosts say is said by `also` each second. */
  async until(
    id: string,
    phase: RotationView['phase'],
    also: () => Promise<void> = () => Promise.resolve(),
  ): Promise<RotationView> {
    for (let tries = 0; tries < 200; tries += 1) {
      const view = await this.view(id);
      if (view.phase === phase) return view;
      await also();
      await this.clock.advance(SECOND_MS);
      await this.#settle();
    }
    const view = await this.view(id);
    assert.fail(`${view.phase} ${String(view.waitsFor)} ${JSON.stringify(view.problem)}`);
  }

  /** What the timers began is real I/O. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** States of the TLS keys, the newest first. */
  tlsStates(): string[] {
    return this.trust.server.context.keys.keysOf('server-tls').map(({ state }) => state);
  }
}

const refused = async (act: Promise<unknown>): Promise<AppError> => {
  try {
    await act;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return assert.fail('it was allowed');
};

test('F-32 F-33 a gate waits for every online host, a pause holds it, and a second update is refused by name', async (t) => {
  const all = await Rotations.start(t);
  const [one, two] = (await all.hosts('one', 'two')) as [Identity, Identity];
  const before = all.trust.server.context.keys.certificateOf('server-tls').keyId;
  const plan = await all.trust.call(planRotation, { body: { kind: 'tls' } });
  assert.deepEqual(
    [plan.path, plan.reasons, plan.hosts.online, plan.wouldBeLostTotal],
    ['announced', ['all-announce'], 2, 0],
  );
  assert.deepEqual(all.tlsStates(), ['active'], 'a plan changes nothing');
  const { id } = await all.trust.call(startRotation, { body: { kind: 'tls' } });
  const second = await refused(all.trust.call(startRotation, { body: { kind: 'signing' } }));
  assert.deepEqual(
    [second.code, second.params['kind'], second.params['id']],
    ['ROTATION_UNDER_WAY', 'tls', id],
  );
  await all.until(id, 'announced');
  await all.beat(one);
  await all.pass(10 * SECOND_MS);
  const waiting = await all.view(id);
  assert.deepEqual(
    [waiting.waitsFor, waiting.hosts.acknowledged, waiting.slowest[0]?.name],
    ['hosts', 1, 'two.example'],
  );
  await all.trust.call(pauseRotation, { params: { id } });
  await all.beat(two);
  await all.pass(10 * SECOND_MS);
  assert.deepEqual([(await all.view(id)).phase, (await all.view(id)).waitsFor], ['announced', 'paused']);
  await all.trust.restart();
  assert.equal((await all.view(id)).waitsFor, 'paused');
  await all.trust.call(resumeRotation, { params: { id } });
  for (const host of [one, two]) await all.beat(host);
  await all.until(id, 'overlap');
  const beatBoth = async (): Promise<void> => {
    await all.beat(one);
    await all.beat(two);
  };
  const done = await all.until(id, 'done', beatBoth);
  assert.deepEqual(
    done.steps.map(({ step }) => step),
    ['start', 'announce', 'pause', 'resume', 'switch', 'settle', 'withdraw', 'finish'],
  );
  assert.deepEqual(all.tlsStates(), ['active']);
  assert.notEqual(all.trust.server.context.keys.certificateOf('server-tls').keyId, before);
  assert.equal((await refused(all.trust.call(rollBackRotation, { params: { id } }))).code, 'ROTATION_ENDED');
  const rows = await all.trust.server.context.store.db
    .selectFrom('audit')
    .select('act')
    .where('act', 'like', '%rotation%')
    .execute();
  assert.ok(
    ['start-rotation', 'pause-rotation', 'resume-rotation'].every((act) =>
      rows.some((row) => row.act === act),
    ),
  );
});

test('F-33 F-37 an update is rolled back before and after the switch, under a higher serial and gated in the same way', async (t) => {
  const all = await Rotations.start(t);
  const [one] = (await all.hosts('one')) as [Identity];
  const { keys, documents, store } = all.trust.server.context;
  const old = keys.certificateOf('document-signer').keyId;
  const first = await all.trust.call(startRotation, { body: { kind: 'signing' } });
  await all.until(first.id, 'announced');
  const announced = documents.latestSerial('bundle', '') ?? 0;
  await all.trust.call(rollBackRotation, { params: { id: first.id } });
  await all.until(first.id, 'rolled-back', () => all.beat(one));
  assert.ok((documents.latestSerial('bundle', '') ?? 0) > announced);
  assert.equal(keys.certificateOf('document-signer').keyId, old);

  const second = await all.trust.call(startRotation, { body: { kind: 'signing', overlapSeconds: 3_600 } });
  await all.until(second.id, 'announced');
  await all.beat(one);
  await all.until(second.id, 'overlap');
  assert.notEqual(keys.certificateOf('document-signer').keyId, old);
  const switched = documents.latestSerial('bundle', '') ?? 0;
  const turned = await all.trust.call(rollBackRotation, { params: { id: second.id } });
  assert.deepEqual([turned.phase, turned.direction, turned.toKeyId], ['announced', 'back', old]);
  assert.ok((documents.latestSerial('bundle', '') ?? 0) >= switched);
  assert.equal(
    (await refused(all.trust.call(rollBackRotation, { params: { id: second.id } }))).code,
    'ROTATION_NO_WAY_BACK',
  );
  await all.beat(one);
  await all.until(second.id, 'overlap');
  assert.equal(keys.certificateOf('document-signer').keyId, old);
  await all.pass(3_700 * SECOND_MS);
  await all.until(second.id, 'rolled-back', () => all.beat(one));
  assert.equal(keys.certificateOf('document-signer').keyId, old);
  const left = await store.db
    .selectFrom('ca_keys')
    .select(['state', 'sealed'])
    .where('role', '=', 'document-signer')
    .execute();
  assert.deepEqual(
    left.filter(({ state }) => state !== 'active').map(({ state, sealed }) => [state, sealed]),
    [
      ['destroyed', null],
      ['destroyed', null],
    ],
  );
});

let folder = '';
let remove = (): Promise<void> => Promise.resolve();
before(async () => {
  ({ path: folder, remove } = await makeTempFolder());
});
after(() => remove());

/** A certificate from a CA outside, made by OpenSSL. */
function outside(
  name: string,
  wish: { subjectAltName?: string; usage?: string; days?: string; chain?: boolean; key?: string } = {},
): OutsideInput {
  const run = (...args: string[]): void => {
    execFileSync('faketime', ['500 days ago', 'openssl', ...args], { cwd: folder, stdio: 'pipe' });
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const {
    subjectAltName = 'IP:127.0.0.1',
    usage = 'serverAuth',
    days = '900',
    chain = true,
    key = name,
  } = wish;
  run(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Outside CA',
    '-days',
    '1900',
  );
  run('req', ...ec, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=server');
  execFileSync(
    'sh',
    [
      '-c',
      `printf 'subjectAltName=${subjectAltName}\nextendedKeyUsage=${usage}\nkeyUsage=digitalSignature\n' > ${name}.ext`,
    ],
    { cwd: folder },
  );
  run(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-extfile',
    `${name}.ext`,
    '-days',
    days,
    '-out',
    `${name}.pem`,
  );
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return { chainPem: read(`${name}.pem`) + (chain ? read('ca.pem') : ''), keyPem: read(`${key}.key`) };
}

test('F-30 a certificate from outside is checked field by field, all faults at once', async (t) => {
  const all = await Rotations.start(t);
  const good = outside('good');
  const faultsOf = async (given: OutsideInput): Promise<string[]> =>
    (await all.trust.call(planRotation, { body: { kind: 'tls', outside: given } })).findings.map(
      ({ code }) => code,
    );
  assert.deepEqual(await faultsOf(good), []);
  const bad = outside('bad', {
    subjectAltName: 'DNS:elsewhere.example',
    usage: 'clientAuth',
    chain: false,
    key: 'good',
  });
  assert.deepEqual(await faultsOf(bad), [
    'OUTSIDE_KEY_OTHER',
    'OUTSIDE_USAGE_WRONG',
    'OUTSIDE_CHAIN_INCOMPLETE',
    'OUTSIDE_NAME_MISSING',
  ]);
  const refusal = await refused(all.trust.call(startRotation, { body: { kind: 'tls', outside: bad } }));
  assert.deepEqual([refusal.code, refusal.params['count']], ['ROTATION_OUTSIDE_REFUSED', 4]);
  assert.deepEqual(await faultsOf({ chainPem: 'nothing', keyPem: 'nothing' }), ['CERTIFICATE_MALFORMED']);
  assert.deepEqual(await faultsOf(outside('old', { days: '50' })), ['OUTSIDE_EXPIRED']);
  const ca = await all.trust.call(planRotation, { body: { kind: 'ca', outside: good } });
  assert.deepEqual(
    ca.findings.map(({ code }) => code),
    ['ROTATION_OUTSIDE_CA'],
  );
});

test('F-32 F-37 with a certificate from outside a silent host would be lost, and one that was never heard: both are asked about by name, and an administrator accepts', async (t) => {
  const all = await Rotations.start(t);
  const [one, off] = (await all.hosts('one', 'off')) as [Identity, Identity];
  // of the server it knows the CA alone, and the new certificate is of another one
  const fresh = await all.trust.enrol({ name: 'fresh.example' }, { token: await all.trust.token() });
  const plan = await all.trust.call(planRotation, { body: { kind: 'tls', outside: outside('mine') } });
  assert.deepEqual([plan.wouldBeLost.map(({ name }) => name), plan.hosts.neverSeen], [['fresh.example'], 1]);
  const { id } = await all.trust.call(startRotation, { body: { kind: 'tls', outside: outside('mine') } });
  await all.until(id, 'announced');
  assert.equal(
    (await refused(all.trust.call(acceptRotationLoss, { params: { id }, body: { hosts: [off.hostId] } })))
      .code,
    'ROTATION_HOST_NOT_ASKED',
  );
  for (let periods = 0; periods < 4; periods += 1) {
    await all.beat(one);
    await all.pass(PERIOD_MS);
  }
  const asked = await all.view(id);
  assert.deepEqual(
    [asked.phase, asked.waitsFor, asked.undecided.map(({ name }) => name)],
    ['announced', 'question', ['off.example', 'fresh.example']],
  );
  assert.equal(asked.problem?.code, 'ROTATION_WOULD_LOSE');
  const told = await all.trust.server.context.store.db
    .selectFrom('outbox')
    .select('kind')
    .where('kind', '=', 'rotation.question')
    .execute();
  assert.equal(told.length, 1);
  await all.trust.call(acceptRotationLoss, { params: { id }, body: { hosts: [off.hostId] } });
  await all.pass(10 * SECOND_MS);
  assert.equal((await all.view(id)).phase, 'announced');
  await all.trust.call(acceptRotationLoss, { params: { id }, body: { hosts: [fresh.hostId] } });
  const done = await all.until(id, 'done', () => all.beat(one));
  assert.equal(done.outside, true);
  assert.deepEqual(done.behind?.givenUp.hosts.map(({ name }) => name).sort(), [
    'fresh.example',
    'off.example',
  ]);
  const list = await all.trust.server.context.store.db
    .selectFrom('documents')
    .select('jws')
    .where('type', '=', 'list')
    .orderBy('serial', 'desc')
    .executeTakeFirstOrThrow();
  const payload = JSON.parse(Buffer.from(list.jws.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    servers: { acceptedKeys: string[] }[];
  };
  assert.deepEqual(
    payload.servers[0]?.acceptedKeys,
    [done.toKeyId],
    'a certificate from outside stays pinned',
  );
});

test('F-32 F-38 a host that was never heard is asked about where only a heartbeat would have told it what is new, and in no change of the CA', async (t) => {
  const all = await Rotations.start(t);
  const [one] = (await all.hosts('one')) as [Identity];
  await all.trust.enrol({ name: 'fresh.example' }, { token: await all.trust.token() });
  const lostIn = async (body: Parameters<typeof planRotation.body.parse>[0]): Promise<string[]> =>
    (await all.trust.call(planRotation, { body: planRotation.body.parse(body) })).wouldBeLost.map(
      ({ name }) => name,
    );
  const mine = outside('mine');
  assert.deepEqual(await lostIn({ kind: 'signing', outside: mine }), ['fresh.example']);
  assert.deepEqual([await lostIn({ kind: 'signing' }), await lostIn({ kind: 'ca' })], [[], []]);
  assert.deepEqual(await lostIn({ kind: 'ca', emergency: 'lost' }), ['one.example', 'fresh.example']);
  const begun = async (body: { kind: 'signing' | 'ca'; outside?: OutsideInput }): Promise<RotationView> => {
    const { id } = await all.trust.call(startRotation, { body });
    await all.until(id, 'announced');
    await all.beat(one);
    for (let periods = 0; periods < 4; periods += 1) {
      await all.pass(PERIOD_MS);
      await all.beat(one);
    }
    return all.view(id);
  };
  const signing = await begun({ kind: 'signing', outside: mine });
  assert.deepEqual(
    [signing.phase, signing.waitsFor, signing.undecided.map(({ name, why }) => [name, why])],
    ['announced', 'question', [['fresh.example', 'would-be-lost']]],
  );
  await all.trust.call(rollBackRotation, { params: { id: signing.id } });
  await all.until(signing.id, 'rolled-back', () => all.beat(one));
  const ca = await begun({ kind: 'ca' });
  assert.notEqual(ca.phase, 'announced');
  assert.equal(ca.undecided.filter(({ name }) => name === 'fresh.example').length, 0);
});

test('F-35 certificates near their end are told of once each, and the server renews its own unasked', async (t) => {
  const all = await Rotations.start(t, Date.now() - 1_000 * DAY_MS);
  const { keys, store } = all.trust.server.context;
  const before = keys.certificateOf('server-tls');
  all.clock.jump(before.notAfterMs - 89 * DAY_MS - all.clock.nowMs());
  const rotations = (): Promise<{ id: string; kind: string; phase: string; started_by: string }[]> =>
    store.db.selectFrom('rotations').select(['id', 'kind', 'phase', 'started_by']).orderBy('num').execute();
  for (let looks = 1; looks <= 2; looks += 1) {
    await all.lookAtCertificates();
    const newest = (await rotations()).at(-1);
    assert.equal((await rotations()).length, looks, 'one after the other');
    await all.until(newest?.id ?? '', 'done');
  }
  await all.lookAtCertificates();
  assert.deepEqual(
    (await rotations()).map(({ kind, phase, started_by: by }) => [kind, phase, by]),
    [
      ['tls', 'done', 'system'],
      ['signing', 'done', 'system'],
    ],
  );
  assert.ok(keys.certificateOf('server-tls').notAfterMs > before.notAfterMs);
});

test('F-35 without the root nothing is renewed and each threshold is told of once, also after a restart', async (t) => {
  const all = await Rotations.start(t, Date.now() - 1_000 * DAY_MS);
  const { store, keys } = all.trust.server.context;
  const tls = keys.certificateOf('server-tls');
  await store.db.updateTable('ca_keys').set({ sealed: null }).where('role', '=', 'root').execute();
  all.clock.jump(tls.notAfterMs - 29 * DAY_MS - all.clock.nowMs());
  await all.trust.restart();
  await all.lookAtCertificates();
  await all.trust.restart();
  await all.lookAtCertificates();
  const told = await all.trust.server.context.store.db
    .selectFrom('outbox')
    .select(['kind', 'subject', 'body'])
    .where('kind', 'like', 'certificate.%')
    .orderBy('num')
    .execute();
  assert.deepEqual(
    told.map(({ kind, subject, body }) => [kind, subject, (JSON.parse(body) as { days: number }).days]),
    [
      ['certificate.expiring', 'server-tls', 30],
      ['certificate.renewal-needs-root', 'server-tls', 90],
      ['certificate.expiring', 'document-signer', 30],
      ['certificate.renewal-needs-root', 'document-signer', 90],
    ],
  );
  const plan = await all.trust.call(planRotation, { body: { kind: 'tls' } });
  assert.deepEqual([plan.prevented, plan.findings.map(({ code }) => code)], [true, ['KEY_DETACHED']]);
});

test('F-34 a damaged key is to be restored, not replaced; an emergency replaces it and waits for nobody', async (t) => {
  const all = await Rotations.start(t);
  await all.hosts('one');
  const { store } = all.trust.server.context;
  const broken = await store.db
    .selectFrom('ca_keys')
    .select('sealed')
    .where('role', '=', 'document-signer')
    .executeTakeFirstOrThrow();
  const other = await store.db
    .selectFrom('ca_keys')
    .select('key_id')
    .where('role', '=', 'server-tls')
    .executeTakeFirstOrThrow();
  const damage = broken.sealed?.replace(/.{8}$/, 'AAAAAAA=') ?? '';
  await store.db
    .updateTable('ca_keys')
    .set({ sealed: damage })
    .where('role', '=', 'document-signer')
    .execute();
  const plan = await all.trust.call(planRotation, { body: { kind: 'tls' } });
  assert.deepEqual(
    plan.findings.map(({ code, params }) => [code, params['role']]),
    [['ROTATION_KEY_DAMAGED', 'document-signer']],
  );
  const { code, params } = await refused(all.trust.call(startRotation, { body: { kind: 'signing' } }));
  assert.deepEqual(
    [code, params['role'], params['kind']],
    ['ROTATION_KEY_DAMAGED', 'document-signer', 'signing'],
  );
  await store.db
    .updateTable('ca_keys')
    .set({ sealed: broken.sealed })
    .where('role', '=', 'document-signer')
    .execute();
  const { id } = await all.trust.call(startRotation, { body: { kind: 'tls', emergency: 'stolen' } });
  const done = await all.until(id, 'done');
  assert.deepEqual([done.emergency, done.mayRollBack], ['stolen', false]);
  assert.notEqual(done.toKeyId, other.key_id);
  // whoever has the stolen key still has its certificate: the root's list names it
  const { crlSigner, feed, keys } = all.trust.server.context;
  await crlSigner.signDue();
  await feed.catchUp();
  const url = `http://127.0.0.1:${all.trust.server.ports.http}${crlPath(keys.certificateOf('root').keyId, 0)}`;
  const crl = parseCrl(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  const row = await store.db
    .selectFrom('certificates')
    .select('serial')
    .where('revocation_reason', '=', 'keyCompromise')
    .executeTakeFirstOrThrow();
  assert.ok(crl.serials.has(row.serial));
  // the server's own entry shows neither that nor the certificate of its birth, which ends one day
  const { hosts: listed } = await all.trust.call(listHosts);
  const own = listed.find((host) => host.id === all.trust.server.context.domain.serverHostId);
  assert.deepEqual([own?.states, own?.certificate], [['online'], null]);
});
