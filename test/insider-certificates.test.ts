import { isErrorCode } from '@sekisho/core/errors.ts';
import { hostSpiffeId, serverSpiffeId } from '@sekisho/core/ids.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TestAuthority, newHostId } from '@sekisho/testkit/test-authority.ts';
import { csrOf, identityOf, TrustServer, type Answer, type Identity } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';

const DAY_MS = 86_400_000;
const codeOf = (answer: Answer): string => String(answer.headers['sekisho-code'] ?? '');

/** The code of a problem document. */
function problemCode(answer: Answer): string {
  const code = /"code":"([A-Z_]+)"/.exec(answer.body)?.[1] ?? '';
  assert.ok(isErrorCode(code), answer.body);
  return code;
}

const enrolled = async (trust: TrustServer, name: string): Promise<Identity> =>
  trust.enrol({ name }, { token: await trust.token() });

test('invariant 10: with one client key no renewal gives another name, another host, another role or a CA', async (t) => {
  const trust = await TrustServer.start(t);
  const insider = await enrolled(trust, 'insider.example');
  const victim = await enrolled(trust, 'victim.example');
  const { domain } = trust.server.context;
  const own = hostSpiffeId(domain.id, insider.hostId);
  const wishes = {
    "another host's ID": { name: victim.hostId },
    'a new host ID': { name: newHostId() },
    "another host's name": { name: 'victim.example' },
    'a free name': { name: insider.hostId, names: ['other.example', 'insider.example'], uris: [own] },
    "another host's URI": { name: insider.hostId, uris: [hostSpiffeId(domain.id, victim.hostId)] },
    'two URIs': { name: insider.hostId, uris: [own, hostSpiffeId(domain.id, victim.hostId)] },
    'the URI of the server': { name: insider.hostId, uris: [serverSpiffeId(domain.id, domain.serverId)] },
  };
  for (const [what, wish] of Object.entries(wishes)) {
    const answer = await trust.ask(wish, { renew: insider });
    assert.ok([400, 403, 409, 422].includes(answer.status), `${what}: ${answer.status} ${answer.body}`);
    assert.ok(isErrorCode(codeOf(answer)), what);
  }
  // A role that is asked for and not granted is no refusal: it is just not in the certificate.
  const renewed = await trust.enrol({ name: insider.hostId, media: true }, { renew: insider });
  assert.deepEqual([...renewed.certificate.extKeyUsages], [OID.clientAuth]);
  assert.equal(renewed.certificate.isCa, false);
  assert.deepEqual([...renewed.certificate.keyUsages], ['digitalSignature']);
  assert.deepEqual(renewed.certificate.san, insider.certificate.san);
  assert.equal(renewed.hostId, insider.hostId);
});

test('invariant 10: with one client key nobody enrols a name that is another host’s, and gets no token for it', async (t) => {
  const trust = await TrustServer.start(t);
  const insider = await enrolled(trust, 'insider.example');
  await enrolled(trust, 'victim.example');
  const asInsider = async (path: string, body: Uint8Array): Promise<Answer> =>
    trust.agentRequest({
      method: 'POST',
      path,
      tls: insider.tls,
      headers: { 'content-type': 'application/pkcs10' },
      body: Buffer.from(body).toString('base64'),
    });
  const key = await generatePrivateKey('p256');
  for (const name of ['victim.example', 'VICTIM.example.', 'insider.example', 'new.example']) {
    const answer = await asInsider('/.well-known/est/simpleenroll', await csrOf({ name, key }));
    assert.ok(answer.status >= 400 && isErrorCode(codeOf(answer)), `${name}: ${answer.body}`);
  }
  for (const [method, path] of [
    ['POST', '/v1/tokens'],
    ['GET', '/v1/hosts'],
    ['GET', '/v1/audit'],
    ['PUT', '/v1/security'],
    ['POST', '/v1/plans'],
  ] as const) {
    const answer = await trust.agentRequest({ method, path, tls: insider.tls });
    assert.equal(problemCode(answer), 'ROUTE_UNKNOWN', `${method} ${path} is not on the agents’ port`);
  }
});

test('invariant 10: renewing needs the certificate itself: none, another’s CSR, and foreign CAs are refused', async (t) => {
  const trust = await TrustServer.start(t);
  const insider = await enrolled(trust, 'insider.example');
  const victim = await enrolled(trust, 'victim.example');
  const key = await generatePrivateKey('p256');
  const csr = await csrOf({ name: victim.hostId, key });
  const none = await trust.agentRequest({
    method: 'POST',
    path: '/.well-known/est/simplereenroll',
    headers: { 'content-type': 'application/pkcs10' },
    body: Buffer.from(csr).toString('base64'),
  });
  assert.equal(codeOf(none), 'PEER_CERTIFICATE_REQUIRED');
  assert.equal(codeOf(await trust.askWith(csr, { renew: insider })), 'RENEWAL_NAMES_DIFFER');

  // another CA's certificate for the very host ID, and one of another domain's server
  const elsewhere = await TestAuthority.create({
    nowMs: trust.clock.nowMs(),
    domainId: trust.server.context.domain.id,
  });
  const forged = await elsewhere.host({ hostId: victim.hostId });
  for (const leaf of [forged, elsewhere.server, elsewhere.documentSigner]) {
    const tls = { key: leaf.keyPem, cert: leaf.chainPem };
    const answer = await trust.agentRequest({ path: '/v1/agent/documents/policy', tls });
    assert.equal(answer.status, 401, answer.body);
    assert.match(problemCode(answer), /^PEER_/);
  }
});

eachStore((dialect) => {
  test('invariant 10 T-14: a stolen key does not outlive the reissue by renewing in the ten minutes that it still has', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const stolen = await enrolled(trust, 'host.example');
    const before = await trust.enrol({ name: stolen.hostId }, { renew: stolen });
    const token = await trust.token({ reissueFor: 'host.example' });
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'host.example', key });
    const fresh = identityOf((await trust.askWith(csr, { token })).body, key);
    for (const old of [stolen, before])
      assert.equal(codeOf(await trust.ask({ name: old.hostId }, { renew: old })), 'CERTIFICATE_REVOKED');
    const bundle = { path: '/v1/agent/documents/bundle' };
    assert.equal((await trust.agentRequest({ ...bundle, tls: fresh.tls })).status, 200);
    await until('the old ones are refused', async () => {
      const answers = await Promise.all(
        [stolen, before].map((old) => trust.agentRequest({ ...bundle, tls: old.tls })),
      );
      return answers.every(({ status }) => status === 403);
    });
    assert.ok(await trust.enrol({ name: fresh.hostId }, { renew: fresh }), 'the new one renews');
  });

  test('invariant 10 T-40: no renewal that races with a revocation leaves a certificate that still counts', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    for (let round = 0; round < 4; round += 1) {
      const thief = await enrolled(trust, `thief${round}.example`);
      const renewals = Array.from({ length: 6 }, () => trust.ask({ name: thief.hostId }, { renew: thief }));
      const revocation = trust.call(revokeHost, {
        params: { id: thief.hostId },
        body: { reason: 'keyCompromise' },
      });
      const answers = await Promise.all(
        renewals.map((renewal) => renewal.catch(() => undefined)), // cut by the revocation
      );
      await revocation;
      for (const answer of answers) {
        if (answer?.status !== 200) continue;
        const got = identityOf(answer.body, answer.key);
        const refused = await trust.agentRequest({ path: '/v1/agent/documents/policy', tls: got.tls });
        assert.equal(refused.status, 403, 'a certificate that was handed out is revoked with the others');
      }
    }
  });
});

test('invariant 10 T-42: an expired or revoked certificate renews nothing, and a TLS session from before is not resumed', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const revoked = await enrolled(trust, 'revoked.example');
  const { session, socket } = await sessionOf(trust, revoked);
  const before = await resume(trust, revoked, session);
  assert.ok(before.resumed, 'sessions are resumed as long as nothing was revoked');
  const cut = once(socket, 'close');
  await trust.call(revokeHost, { params: { id: revoked.hostId }, body: { reason: 'keyCompromise' } });
  await cut;
  const after = await resume(trust, revoked, session);
  assert.equal(after.resumed, false);
  assert.match(after.text, /^HTTP\/1\.1 403 [^]*"code":"CERTIFICATE_REVOKED"/);
  assert.equal(codeOf(await trust.ask({ name: revoked.hostId }, { renew: revoked })), 'CERTIFICATE_REVOKED');
  assert.equal(codeOf(await trust.ask({ name: 'revoked.example' })), 'REISSUE_TOKEN_REQUIRED');

  const expired = await enrolled(trust, 'expired.example');
  clock.jump(366 * DAY_MS);
  assert.equal(
    codeOf(await trust.ask({ name: expired.hostId }, { renew: expired })),
    'PEER_CERTIFICATE_EXPIRED',
  );
});

test('invariant 1: no answer of the server holds a private key', async (t) => {
  const trust = await TrustServer.start(t);
  const insider = await enrolled(trust, 'insider.example');
  const paths = ['/.well-known/est/cacerts', '/v1/bundle', '/v1/agent/documents/policy'];
  for (const path of paths) {
    const { body } = await trust.agentRequest({ path, tls: insider.tls });
    assert.ok(!/PRIVATE KEY|"d":/.test(body), path);
  }
  assert.ok(parseCertificate(insider.certificate.der));
});

/** A live connection with a session ticket. */
async function sessionOf(trust: TrustServer, identity: Identity) {
  const socket = connect({
    host: '127.0.0.1',
    port: trust.server.ports.agent,
    rejectUnauthorized: false,
    ...identity.tls,
  });
  socket.on('error', () => undefined);
  const session = once(socket, 'session').then(([made]) => made as Buffer);
  await once(socket, 'secureConnect');
  socket.write('GET /v1/agent/documents/bundle HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  socket.resume();
  return { session: await session, socket };
}

function resume(
  trust: TrustServer,
  identity: Identity,
  session: Buffer,
): Promise<{ resumed: boolean; text: string }> {
  return new Promise((resolve) => {
    let text = '';
    let resumed = false;
    const socket = connect(
      {
        host: '127.0.0.1',
        port: trust.server.ports.agent,
        rejectUnauthorized: false,
        ...identity.tls,
        session,
      },
      () => {
        resumed = socket.isSessionReused();
        socket.write('GET /v1/agent/documents/bundle HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      },
    );
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ resumed, text }));
  });
}
