import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { getPublicBundle, postHeartbeat, type Heartbeat } from '@sekisho/core/wire/agent.ts';
import { attachRoot, detachRoot, exportRoot } from '@sekisho/core/wire/root.ts';
import { getRotation, listRotations, rollBackRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { getDomain, revokeHost } from '@sekisho/core/wire/trust.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl } from '@sekisho/pki/crl.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { issueHostCertificate } from '@sekisho/pki/issue.ts';
import { privateKeyFromPem } from '@sekisho/pki/keys.ts';
import { fromBase64 } from '@sekisho/pki/pem.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { verifyBundle, type VerifiedBundle } from '@sekisho/pki/verify-bundle.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { approve } from '@sekisho/testkit/test-authority.ts';
import { callerOf, identityOf, TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDoomed } from '../../testing/doomed-server.ts';

/** Until an update has ended, with the clock running. */
async function end(trust: TrustServer, clock: FakeClock, id: string): Promise<string> {
  return eventually('the update ends', async () => {
    await clock.advance(SECOND_MS);
    const { phase, endedAtMs } = await trust.call(getRotation, { params: { id } });
    return endedAtMs === null ? undefined : phase;
  });
}
async function rotate(trust: TrustServer, clock: FakeClock, emergency?: 'stolen' | 'lost'): Promise<void> {
  const wish = { kind: 'ca' as const, overlapSeconds: 0, ...(emergency === undefined ? {} : { emergency }) };
  const { id } = await trust.call(startRotation, { body: wish });
  assert.equal(await end(trust, clock, id), 'done');
}
async function reach(trust: TrustServer, clock: FakeClock, id: string, wanted: string): Promise<void> {
  await eventually(`the update is in phase ${wanted}`, async () => {
    await clock.advance(SECOND_MS);
    return (await trust.call(getRotation, { params: { id } })).phase === wanted ? true : undefined;
  });
}

/** What a host that trusts this root alone reads. */
async function bundleFor(trust: TrustServer, root: Certificate): Promise<VerifiedBundle> {
  const answer = await fetch(`http://127.0.0.1:${trust.server.ports.http}/v1/bundle`);
  const { jws } = getPublicBundle.reply.parse(await answer.json());
  const { clock, domain } = trust.server.context;
  return verifyBundle(jws, { domainId: domain.id, anchors: [root], nowMs: clock.nowMs() });
}
const codeOf = async (trust: TrustServer, identity: Identity, path = '/v1/agent/documents/bundle') =>
  /"code":"([A-Z_]+)"/.exec((await trust.agentRequest({ path, tls: identity.tls })).body)?.[1];
function renew(trust: TrustServer, identity: Identity): ReturnType<TrustServer['ask']> {
  const { uris, dns, ips } = identity.certificate.san;
  return trust.ask({ name: identity.hostId, uris, names: [...dns, ...ips] }, { renew: identity });
}

eachStore((dialect, open) => {
  test('F-38 a certificate of a CA that has left renews itself and opens nothing else, if the registry has exactly this one', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { clock, dialect });
    assert.ok(open);
    const { keys } = trust.server.context;
    const late = await trust.enrol({ name: 'late.example' }, { token: await trust.token() });
    const bad = await trust.enrol({ name: 'bad.example' }, { token: await trust.token() });
    const meanwhile = await trust.enrol({ name: 'meanwhile.example' }, { token: await trust.token() });
    const [root, issuing] = [keys.certificateOf('root'), keys.certificateOf('issuing')];
    // what a thief of the old issuing CA's key could make of the host's own name
    const forged = await issueHostCertificate({
      plan: approve({
        hostId: late.hostId,
        domainId: trust.server.context.domain.id,
        notBeforeMs: clock.nowMs(),
        notAfterMs: clock.nowMs() + 30 * DAY_MS,
        dns: [],
        ips: [],
        media: false,
      }),
      spkiDer: fileSigner(privateKeyFromPem(late.tls.key)).spkiDer,
      issuer: { certificate: issuing, signer: keys.signerFor('issuing') },
      serial: randomBytes(16),
    });
    const { id } = await trust.call(startRotation, { body: { kind: 'ca', overlapSeconds: 3_600 } });
    await reach(trust, clock, id, 'overlap');
    // revoked, and enrolled, in the middle
    await trust.call(revokeHost, { params: { id: bad.hostId }, body: { reason: 'keyCompromise' } });
    const middle = await trust.enrol({ name: 'middle.example' }, { token: await trust.token() });
    assert.equal(middle.certificate.authorityKeyId, keys.certificateOf('issuing').subjectKeyId);
    for (const good of [late, meanwhile, middle]) assert.equal(await codeOf(trust, good), undefined);
    clock.jump(3_600 * SECOND_MS);
    assert.equal(await end(trust, clock, id), 'done');

    assert.equal(await codeOf(trust, middle), undefined);
    assert.equal(await codeOf(trust, late), 'CERTIFICATE_CA_RETIRED');
    assert.equal((await renew(trust, bad)).headers['sekisho-code'], 'CERTIFICATE_REVOKED');
    const cert = `${Buffer.from(forged.der).toString('base64')}`;
    const impostor: Identity = {
      ...late,
      certificate: forged,
      tls: { key: late.tls.key, cert: `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----\n` },
    };
    assert.equal((await renew(trust, impostor)).headers['sekisho-code'], 'PEER_CHAIN_UNTRUSTED');
    const answer = await renew(trust, late);
    assert.equal(answer.status, 200, answer.body);
    const back = identityOf(answer.body, answer.key);
    assert.equal(back.hostId, late.hostId);
    assert.equal(await codeOf(trust, back), undefined);
    // the way there: links from the root that it knows, and the CAs of now
    const bundle = await bundleFor(trust, root);
    assert.equal(bundle.overLinks, true);
    assert.deepEqual(
      bundle.payload.anchors.map(({ fingerprint, state }) => [fingerprint, state]),
      [[keys.certificateOf('root').fingerprint, 'active']],
    );
    // a new request after its end needs a token, whatever its CA
    clock.jump(400 * DAY_MS - (clock.nowMs() - systemClock.nowMs() + 400 * DAY_MS) - DAY_MS);
    assert.equal((await renew(trust, meanwhile)).headers['sekisho-code'], 'PEER_CERTIFICATE_EXPIRED');
    const token = await trust.token({ reissueFor: 'meanwhile.example' });
    const again = await trust.enrol({ name: 'meanwhile.example' }, { token });
    assert.equal(again.hostId, meanwhile.hostId);
  });

  test('F-37 until the old CA is withdrawn a change is turned back, under a higher generation and with both CAs accepted', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { clock, dialect });
    const { keys } = trust.server.context;
    const old = keys.certificateOf('root');
    const host = await trust.enrol({ name: 'old.example' }, { token: await trust.token() });
    const generations = [(await bundleFor(trust, old)).payload.serial];
    const { id } = await trust.call(startRotation, { body: { kind: 'ca', overlapSeconds: 3_600 } });
    await reach(trust, clock, id, 'overlap');
    const abandoned = keys.certificateOf('root');
    const states = async (root: Certificate) => {
      const { payload } = await bundleFor(trust, root);
      generations.push(payload.serial);
      return payload.anchors.map(
        ({ fingerprint, state }) => `${fingerprint === old.fingerprint ? 'old' : 'new'} ${state}`,
      );
    };
    assert.deepEqual((await states(abandoned)).sort(), ['new active', 'old retiring']);
    const young = await trust.enrol({ name: 'young.example' }, { token: await trust.token() });
    await trust.call(rollBackRotation, { params: { id } });
    await reach(trust, clock, id, 'overlap');
    assert.deepEqual((await states(old)).sort(), ['new retiring', 'old active']);
    for (const one of [host, young]) assert.equal(await codeOf(trust, one), undefined);
    clock.jump(3_600 * SECOND_MS);
    assert.equal(await end(trust, clock, id), 'rolled-back');
    assert.deepEqual(await states(old), ['old active']);
    assert.deepEqual(
      generations,
      [...new Set(generations)].sort((a, b) => a - b),
      'generations only go up',
    );
    assert.equal((await trust.call(getDomain)).caFingerprint, old.fingerprint);
    assert.equal(await codeOf(trust, host), undefined);
    assert.equal(await codeOf(trust, young), 'CERTIFICATE_CA_RETIRED');
    assert.equal((await renew(trust, young)).status, 200);
    assert.deepEqual([keys.links().length, keys.keysOf('root').length], [0, 1]);
  });
});

test('F-33 before the switch the next CA leaves as if it had never been', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { keys, store } = trust.server.context;
  const old = keys.certificateOf('root');
  // a host that is there and acknowledges nothing
  const host = await trust.enrol({ name: 'old.example' }, { token: await trust.token() });
  const beat: Heartbeat = {
    sentAtMs: clock.nowMs(),
    bundleGeneration: 0,
    listSerial: 0,
    assignmentSerial: 0,
    policySerial: 0,
    crlNumber: 0,
    certificates: [host.certificate.fingerprint],
    version: '0',
    bootId: 'x',
    health: [],
    spooled: 0,
  };
  const headers = { 'content-type': 'application/json' };
  const { path, method } = postHeartbeat;
  const said = { method, path, headers, body: JSON.stringify(beat), tls: host.tls };
  assert.equal((await trust.agentRequest(said)).status, 200);
  const { id } = await trust.call(startRotation, { body: { kind: 'ca' } });
  await reach(trust, clock, id, 'announced');
  assert.equal((await bundleFor(trust, old)).payload.anchors.length, 2);
  await trust.call(rollBackRotation, { params: { id } });
  clock.jump(1_000 * SECOND_MS); // three heartbeats of the host
  assert.equal(await end(trust, clock, id), 'rolled-back');
  const { payload } = await bundleFor(trust, old);
  assert.deepEqual([payload.anchors.length, payload.links.length, payload.intermediates.length], [1, 0, 1]);
  const shards = await store.db.selectFrom('crl_shards').select('issuer_key_id').distinct().execute();
  assert.equal(shards.length, 2);
  assert.equal(keys.certificateOf('root').fingerprint, old.fingerprint);
});

test('F-38 a stolen root gets no link: it stays in the bundle as a tombstone, and hosts that know only it are not led on', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { keys } = trust.server.context;
  const first = keys.certificateOf('root');
  await rotate(trust, clock);
  const stolen = keys.certificateOf('root');
  const late = await trust.enrol({ name: 'late.example' }, { token: await trust.token() });
  await rotate(trust, clock, 'stolen');
  const now = keys.certificateOf('root');
  const { payload } = await bundleFor(trust, now);
  assert.deepEqual(
    payload.anchors.map(({ fingerprint, state }) => [fingerprint, state]),
    [
      [now.fingerprint, 'active'],
      [stolen.fingerprint, 'compromised'],
    ],
  );
  assert.deepEqual(payload.links, []);
  for (const root of [first, stolen])
    await assert.rejects(bundleFor(trust, root), { code: 'DOCUMENT_SIGNER_WRONG' });
  // what proves a host is its own key: it needs the package only to trust the server again
  assert.equal((await renew(trust, late)).status, 200);
});

test('F-34 the CA is not changed while its root is away, unless that is the reason; the new root can be taken away again', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { keys } = trust.server.context;
  const passphrase = 'correct horse battery staple';
  const away = async (): Promise<string> => {
    const made = await trust.call(exportRoot, { body: { passphrase } });
    assert.equal(made.fingerprint, keys.certificateOf('root').fingerprint);
    await trust.call(detachRoot, { body: { passphrase, package: made.package } });
    return made.package;
  };
  const root = await away();
  await assert.rejects(trust.call(startRotation, { body: { kind: 'ca' } }), { code: 'KEY_DETACHED' });
  assert.deepEqual((await trust.call(listRotations, {})).rotations, []);
  await trust.call(attachRoot, { body: { passphrase, package: root } });
  await rotate(trust, clock);
  const before = keys.certificateOf('root');
  await away();
  await rotate(trust, clock, 'lost');
  await assert.rejects(bundleFor(trust, before), { code: 'DOCUMENT_SIGNER_WRONG' });
  const { payload } = await bundleFor(trust, keys.certificateOf('root'));
  assert.equal(payload.anchors.length, 1);
});

test('F-37 EST offers both CAs and the certificates that lead from each to the other while one follows the other', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { keys } = trust.server.context;
  const [root, issuing] = [keys.certificateOf('root'), keys.certificateOf('issuing')];
  const offered = async (): Promise<Certificate[]> => {
    const { body } = await trust.agentRequest({ path: '/.well-known/est/cacerts' });
    return parseCertsOnly(fromBase64(body, 'CERTIFICATE_MALFORMED'));
  };
  const { id } = await trust.call(startRotation, { body: { kind: 'ca', overlapSeconds: 3_600 } });
  await reach(trust, clock, id, 'overlap');
  const [next, nextIssuing] = [keys.certificateOf('root'), keys.certificateOf('issuing')];
  const shown = (await offered()).map(({ issuerDer, subjectDer }) => {
    const name = (der: Uint8Array): string =>
      [root, next, issuing, nextIssuing].find((one) => Buffer.compare(one.subjectDer, der) === 0)
        ?.subjectCn ?? '?';
    return `${name(subjectDer)} by ${name(issuerDer)}`;
  });
  assert.deepEqual(
    shown.sort(),
    [
      ...[root, next].map(({ subjectCn }) => `${subjectCn} by ${subjectCn}`),
      `${issuing.subjectCn} by ${root.subjectCn}`,
      `${nextIssuing.subjectCn} by ${next.subjectCn}`,
      `${next.subjectCn} by ${root.subjectCn}`,
      `${root.subjectCn} by ${next.subjectCn}`,
    ].sort(),
  );
  assert.equal((await offered())[0]?.fingerprint, next.fingerprint, 'the root of now comes first');
  clock.jump(3_600 * SECOND_MS);
  await end(trust, clock, id);
  assert.deepEqual(
    (await offered()).map(({ subjectCn }) => subjectCn),
    [next.subjectCn, nextIssuing.subjectCn, next.subjectCn],
  );
});

const STEPS: readonly CrashPoint[] = [
  'rotation.announce.committed',
  'rotation.switch.before-commit',
  'rotation.switch.committed',
  'rotation.withdraw.before-commit',
];

test('F-33 F-38 a change of the CA that is killed with SIGKILL goes on; its keys are gone, and their last lists are whole', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const host = await trust.enrol({ name: 'old.example' }, { token: await trust.token() });
  const { keys } = trust.server.context;
  const [root, issuing] = [keys.certificateOf('root'), keys.certificateOf('issuing')];
  const { dataFolder } = trust;
  await trust.server.stop();
  const call = callerOf(() => join(dataFolder, 'run', 'admin.sock'));
  for (const [index, point] of STEPS.entries()) {
    const doomed = await startDoomed(t, dataFolder, point);
    if (index === 0)
      await call(startRotation, { body: { kind: 'ca', overlapSeconds: 0 } }).catch(() => undefined);
    assert.equal(await doomed.died, 'SIGKILL', point);
  }
  await trust.restart();
  await eventually('the update ends', async () => {
    const [newest] = (await trust.call(listRotations, {})).rotations;
    return newest?.phase === 'done' ? true : undefined;
  });
  const now = trust.server.context;
  assert.deepEqual(
    (['root', 'issuing', 'server-tls', 'document-signer'] as const).map(
      (role) => now.keys.keysOf(role).length,
    ),
    [1, 1, 1, 1],
  );
  const rows = await now.store.db.selectFrom('ca_keys').select(['key_id', 'state', 'sealed']).execute();
  for (const gone of [root, issuing]) {
    const row = rows.find((one) => one.key_id === gone.keyId);
    assert.deepEqual([row?.state, row?.sealed], ['destroyed', null]);
  }
  const lists = `http://127.0.0.1:${now.ports.http}`;
  const path = new URL(host.certificate.crlUrls[0] ?? '').pathname;
  const crl = parseCrl(new Uint8Array(await (await fetch(`${lists}${path}`)).arrayBuffer()));
  verifyCrl(crl, issuing);
  assert.ok(crl.nextUpdateMs > host.certificate.notAfterMs);
  assert.equal((await bundleFor(trust, root)).overLinks, true);
});
