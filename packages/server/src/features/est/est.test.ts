import { AppError } from '@sekisho/core/errors.ts';
import { CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import {
  allowReissue,
  deleteToken,
  getHost,
  importHosts,
  listAudit,
  listCertificates,
  listHosts,
  listKnownHosts,
  listTokens,
  registerHost,
  revokeHost,
  setHostMedia,
  setSecurity,
} from '@sekisho/core/wire/trust.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TOKEN_FAILURES_MAX } from '../issuance/attempt-limits.ts';
import { csrOf, identityOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const code = (answer: { headers: Record<string, unknown> }): unknown => answer.headers['sekisho-code'];
const refusedWith = (expected: string) => (error: unknown) =>
  error instanceof AppError && error.code === expected;

eachStore((dialect) => {
  test('T-06 cacerts answers root and issuing CA, csrattrs the key that is wanted', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const answer = await trust.agentRequest({ path: '/.well-known/est/cacerts' });
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['content-type']), /application\/pkcs7-mime/);
    const [root, issuing] = parseCertsOnly(Buffer.from(answer.body, 'base64'));
    assert.equal(root?.fingerprint, trust.caFingerprint);
    assert.equal(issuing?.isCa, true);
    const attributes = await trust.agentRequest({ path: '/.well-known/est/csrattrs' });
    assert.equal(attributes.status, 200);
    assert.equal(attributes.headers['content-type'], 'application/csrattrs');
  });

  test('T-03 T-13 a token gets a certificate of the host ID, the names and a year, once', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token();
    const host = await trust.enrol({ name: 'Web1.example', names: ['web1.example', '192.0.2.7'] }, { token });
    const { certificate } = host;
    const { domainId } = { domainId: trust.server.context.domain.id };
    assert.deepEqual(certificate.san.uris, [`spiffe://${domainId}/host/${host.hostId}`]);
    assert.deepEqual(certificate.san.dns, ['web1.example']);
    assert.deepEqual(certificate.san.ips, ['192.0.2.7']);
    assert.equal(certificate.notBeforeMs, Math.floor((trust.clock.nowMs() - 10 * MINUTE_MS) / 1000) * 1000);
    assert.ok(certificate.serial.length >= 16);
    const view = await trust.call(getHost, { params: { id: host.hostId } });
    assert.equal(view.name, 'web1.example');
    assert.equal(view.certificate?.fingerprint, certificate.fingerprint);
    const second = await trust.ask({ name: 'web2.example' }, { token });
    assert.equal(second.status, 401);
    assert.equal(code(second), 'TOKEN_REFUSED');
    assert.match(String(second.headers['www-authenticate']), /^Basic realm=/);
  });

  test('T-13 wrong, expired, used-up, foreign and deleted tokens look alike outside and differ in the audit log', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const expired = await trust.token({ validSeconds: 60 });
    const foreign = await trust.token({ hostName: 'db1.example' });
    const usedUp = await trust.token();
    await trust.enrol({ name: 'first.example' }, { token: usedUp });
    const deleted = await trust.token({ name: 'deleted' });
    const row = (await trust.call(listTokens)).tokens.find(({ name }) => name === 'deleted');
    assert.ok(row !== undefined);
    assert.equal((await trust.call(deleteToken, { params: { id: row.id } })).state, 'deleted');
    clock.jump(61_000);
    const bodies = new Set<string>();
    for (const token of ['wrong', '', expired, usedUp, foreign, deleted]) {
      const answer = await trust.ask({ name: 'web1.example' }, { token });
      assert.equal(answer.status, 401);
      assert.equal(code(answer), 'TOKEN_REFUSED');
      bodies.add(answer.body);
    }
    assert.equal(bodies.size, 1);
    const { rows } = await trust.call(listAudit, { query: { limit: 20 } });
    const reasons = rows.filter(({ act }) => act === 'refuse-token').map(({ detail }) => detail['reason']);
    assert.deepEqual(reasons, ['deleted', 'foreign', 'used-up', 'expired', 'unknown']);
    const states = (await trust.call(listTokens)).tokens.map(({ state }) => state).sort();
    assert.deepEqual(states, ['active', 'deleted', 'expired', 'used']);
  });

  test('T-13 guessing is limited by the socket address, also for a right token, and ends', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const token = await trust.token();
    for (let tries = 0; tries < 20; tries += 1)
      await trust.ask({ name: 'a.example' }, { token: `guess ${tries}` });
    const limited = await trust.ask({ name: 'a.example' }, { token });
    assert.equal(limited.status, 429);
    assert.equal(code(limited), 'RATE_LIMITED');
    assert.ok(Number(limited.headers['retry-after']) > 0);
    await clock.advance(10 * MINUTE_MS);
    await trust.enrol({ name: 'a.example' }, { token });
  });

  test('T-14 T-15 the same token with the same CSR gets the same certificate; another CSR does not', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const token = await trust.token();
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'web1.example', key });
    const first = await trust.askWith(csr, { token });
    assert.equal(first.status, 200);
    const again = await trust.askWith(csr, { token });
    assert.equal(
      identityOf(again.body, key).certificate.fingerprint,
      identityOf(first.body, key).certificate.fingerprint,
    );
    const [one] = (await trust.call(listTokens)).tokens;
    assert.equal(one?.uses, 1);
    const other = await trust.askWith(
      await csrOf({ name: 'web1.example', key: await generatePrivateKey('p256') }),
      { token },
    );
    assert.equal(code(other), 'TOKEN_REFUSED');
    clock.jump(25 * HOUR_MS);
    assert.equal(code(await trust.askWith(csr, { token })), 'TOKEN_REFUSED');
  });

  test('T-14 T-43 T-06 requests that are sent again: the same answer while it holds, nothing once it was revoked, nothing to others', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token();
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'web1.example', key });
    const enrol = () => trust.askWith(csr, { token });
    const first = identityOf((await enrol()).body, key);
    const nextKey = await generatePrivateKey('p256');
    const nextCsr = await csrOf({ name: first.hostId, key: nextKey });
    const renew = () => trust.askWith(nextCsr, { renew: first });
    const next = identityOf((await renew()).body, nextKey);
    const counted = async (): Promise<number[]> => {
      const { certificates } = await trust.call(listCertificates, { query: {} });
      const { hosts } = await trust.call(listHosts, { query: {} });
      return [certificates.length, hosts.length];
    };
    const before = await counted();
    for (let again = 0; again < 3; again += 1) {
      const enrolled = identityOf((await enrol()).body, key);
      assert.equal(enrolled.certificate.fingerprint, first.certificate.fingerprint);
      const renewed = identityOf((await renew()).body, nextKey);
      assert.equal(renewed.certificate.fingerprint, next.certificate.fingerprint);
    }
    assert.deepEqual(await counted(), before);
    // who overheard a request has neither the token nor the certificate that it came with
    const other = await trust.enrol({ name: 'web2.example' }, { token: await trust.token() });
    assert.equal(code(await trust.askWith(csr, { token: await trust.token() })), 'HOST_NAME_TAKEN');
    assert.equal(code(await trust.askWith(csr, {})), 'REISSUE_TOKEN_REQUIRED');
    assert.equal(code(await trust.askWith(nextCsr, { renew: other })), 'RENEWAL_NAMES_DIFFER');
    await trust.call(revokeHost, { params: { id: first.hostId }, body: { reason: 'keyCompromise' } });
    const after = await counted();
    assert.equal(code(await renew()), 'CERTIFICATE_REVOKED');
    assert.equal(code(await trust.askWith(nextCsr, { renew: next })), 'CERTIFICATE_REVOKED');
    assert.equal(code(await enrol()), 'TOKEN_REFUSED');
    assert.deepEqual(await counted(), after);
  });

  test('the same request twice at once makes one host and one certificate', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token();
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'web1.example', key });
    const answers = await Promise.all(Array.from({ length: 6 }, () => trust.askWith(csr, { token })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(new Set(answers.map(({ body }) => identityOf(body, key).certificate.fingerprint)).size, 1);
    assert.equal((await trust.call(listHosts)).hosts.length, 2);
  });

  test('two hosts that ask for one name at once: one gets it, and the loser keeps the use of its token', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token({ usesMax: 2 });
    const answers = await Promise.all([
      trust.ask({ name: 'web1.example' }, { token }),
      trust.ask({ name: 'web1.example' }, { token }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    assert.equal(code(answers.find(({ status }) => status === 409) ?? answers[0]), 'HOST_NAME_TAKEN');
    assert.equal((await trust.call(listTokens)).tokens[0]?.uses, 1);
  });

  test('T-12 high: a known host comes in without a token, once, for its own name alone, and it is an event', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'TOKEN_REQUIRED');
    await trust.call(registerHost, { body: { name: 'WEB1.example' } });
    assert.equal(code(await trust.ask({ name: 'web1.example', media: true })), 'TOKEN_REQUIRED');
    const host = await trust.enrol({ name: 'web1.example', names: ['web1.example', 'other.example'] });
    assert.deepEqual(host.certificate.san.dns, ['web1.example']);
    const [known] = (await trust.call(listKnownHosts)).hosts;
    assert.equal(known?.hostId, host.hostId);
    assert.notEqual(known?.usedAtMs, null);
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'REISSUE_TOKEN_REQUIRED');
    const events = await trust.server.context.store.db
      .selectFrom('outbox')
      .select(['kind', 'subject'])
      .execute();
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'host.enrolled-without-token').map(({ subject }) => subject),
      [host.hostId],
    );
  });

  test('T-12 very high: a token always', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    await trust.call(setSecurity, { body: { level: 'very-high' } });
    await trust.call(registerHost, { body: { name: 'web1.example' } });
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'TOKEN_REQUIRED');
    await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  });

  test('T-12 medium: no token; with the setting on, only where the forward records have the socket address', async (t) => {
    const records = new Map([['good.example', ['192.0.2.1', '127.0.0.1']]]);
    const trust = await TrustServer.start(t, {
      dialect,
      overrides: { resolve: (name) => Promise.resolve(records.get(name) ?? []) },
    });
    await trust.call(setSecurity, { body: { level: 'medium' } });
    await trust.enrol({ name: 'any.example' });
    assert.equal(code(await trust.ask({ name: 'media.example', media: true })), 'TOKEN_REQUIRED');
    await trust.call(setSecurity, { body: { requireForwardRecords: true } });
    const forged = { headers: { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' } };
    assert.equal(code(await trust.ask({ name: 'bad.example' }, forged)), 'TOKEN_REQUIRED');
    assert.equal(code(await trust.ask({ name: 'good.example', names: ['bad.example'] })), 'TOKEN_REQUIRED');
    await trust.enrol({ name: 'good.example' });
  });

  test('T-14 a reissue keeps the host ID, and what it replaces goes at the first use', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const old = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    assert.equal(
      code(await trust.ask({ name: 'web1.example' }, { token: await trust.token() })),
      'HOST_NAME_TAKEN',
    );
    const token = await trust.token({ reissueFor: 'web1.example' });
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'web1.example', key });
    const fresh = identityOf((await trust.askWith(csr, { token })).body, key);
    assert.equal(fresh.hostId, old.hostId);
    const bundle = { path: '/v1/agent/documents/bundle' };
    assert.equal((await trust.agentRequest({ ...bundle, tls: old.tls })).status, 200);
    assert.equal(
      identityOf((await trust.askWith(csr, { token })).body, key).certificate.fingerprint,
      fresh.certificate.fingerprint,
    );
    assert.equal((await trust.agentRequest({ ...bundle, tls: fresh.tls })).status, 200);
    await eventually('the old certificate is refused', async () => {
      const { status } = await trust.agentRequest({ ...bundle, tls: old.tls });
      return status === 403 ? true : undefined;
    });
    assert.equal((await trust.agentRequest({ ...bundle, tls: fresh.tls })).status, 200);
  });

  test('T-14 what a reissue replaces goes after ten minutes, used or not', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const old = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    await trust.enrol({ name: 'web1.example' }, { token: await trust.token({ reissueFor: 'web1.example' }) });
    const bundle = { path: '/v1/agent/documents/bundle', tls: old.tls };
    clock.jump(10 * MINUTE_MS - 1000);
    assert.equal((await trust.agentRequest(bundle)).status, 200);
    clock.jump(1000);
    assert.equal((await trust.agentRequest(bundle)).status, 403);
  });

  test('T-16 T-43 automatic reissue: for 48 hours, once, and never for a revoked host or a media server', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    const id = { id: host.hostId };
    await trust.call(allowReissue, { params: id, body: { allow: true } });
    const again = await trust.enrol({ name: 'web1.example' });
    assert.equal(again.hostId, host.hostId);
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'REISSUE_TOKEN_REQUIRED');
    await trust.call(allowReissue, { params: id, body: { allow: true } });
    clock.jump(48 * HOUR_MS);
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'REISSUE_TOKEN_REQUIRED');
    await trust.call(allowReissue, { params: id, body: { allow: true } });
    await trust.call(revokeHost, { params: id, body: { reason: 'unspecified' } });
    assert.equal(code(await trust.ask({ name: 'web1.example' })), 'REISSUE_TOKEN_REQUIRED');
    await assert.rejects(
      trust.call(allowReissue, { params: id, body: { allow: true } }),
      refusedWith('REISSUE_FOR_REVOKED'),
    );
    const back = await trust.enrol(
      { name: 'web1.example' },
      { token: await trust.token({ reissueFor: 'web1.example' }) },
    );
    assert.equal(back.hostId, host.hostId);
    await trust.call(setHostMedia, { params: id, body: { media: true } });
    await assert.rejects(
      trust.call(allowReissue, { params: id, body: { allow: true } }),
      refusedWith('MEDIA_NEEDS_TOKEN'),
    );
  });

  test('T-04 T-06 a renewal over the certificate: new key, same names; other names are refused', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const host = await trust.enrol(
      { name: 'web1.example', names: ['192.0.2.7'] },
      { token: await trust.token() },
    );
    const renewed = await trust.enrol({ name: host.hostId }, { renew: host });
    assert.equal(renewed.hostId, host.hostId);
    assert.notEqual(renewed.certificate.keyId, host.certificate.keyId);
    assert.deepEqual(renewed.certificate.san, host.certificate.san);
    const { san } = host.certificate;
    const whole = { name: host.hostId, names: [...san.dns, ...san.ips], uris: san.uris };
    await trust.enrol(whole, { renew: host });
    assert.equal(
      code(await trust.ask({ name: host.hostId, names: ['db1.example'] }, { renew: host })),
      'RENEWAL_NAMES_DIFFER',
    );
    assert.equal(code(await trust.ask({ name: 'web1.example' }, { renew: host })), 'RENEWAL_NAMES_DIFFER');
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: host.hostId, key });
    const [one, two] = [await trust.askWith(csr, { renew: host }), await trust.askWith(csr, { renew: host })];
    assert.equal(
      identityOf(one.body, key).certificate.fingerprint,
      identityOf(two.body, key).certificate.fingerprint,
    );
    const anonymous = await trust.agentRequest({
      method: 'POST',
      path: '/.well-known/est/simplereenroll',
      body: 'x',
    });
    assert.equal(anonymous.status, 401);
    assert.equal(code(anonymous), 'PEER_CERTIFICATE_REQUIRED');
  });

  test('T-04 who guesses tokens from the same address keeps nobody from renewing', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    const key = await generatePrivateKey('p256');
    const csr = await csrOf({ name: 'guess.example', key });
    for (let count = 0; count < TOKEN_FAILURES_MAX; count += 1)
      assert.equal(code(await trust.askWith(csr, { token: 'wrong' })), 'TOKEN_REFUSED');
    assert.equal(code(await trust.askWith(csr, { token: 'wrong' })), 'RATE_LIMITED');
    const renewed = await trust.enrol({ name: host.hostId }, { renew: host });
    assert.equal(renewed.hostId, host.hostId);
  });

  test('T-12 the media role comes with a token that says so, or by a renewal after an administrator switched it on', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const plain = await trust.token({ usesMax: 2 });
    assert.equal(
      code(await trust.ask({ name: 'media1.example', media: true }, { token: plain })),
      'MEDIA_NOT_APPROVED',
    );
    const media = await trust.enrol(
      { name: 'media1.example', media: true },
      { token: await trust.token({ media: true }) },
    );
    assert.ok(media.certificate.extKeyUsages.includes('1.3.6.1.5.5.7.3.1'));
    const client = await trust.enrol({ name: 'web1.example' }, { token: plain });
    const refused = await trust.enrol({ name: client.hostId, media: true }, { renew: client });
    assert.equal(refused.certificate.extKeyUsages.includes('1.3.6.1.5.5.7.3.1'), false);
    await trust.call(setHostMedia, { params: { id: client.hostId }, body: { media: true } });
    const promoted = await trust.enrol({ name: client.hostId, media: true }, { renew: client });
    assert.ok(promoted.certificate.extKeyUsages.includes('1.3.6.1.5.5.7.3.1'));
  });

  test('T-15 names: taken, reserved, invalid, and those of the management server', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token({ usesMax: 20 });
    const first = await trust.enrol({ name: 'web1.example', names: ['alias.example'] }, { token });
    for (const [wish, expected] of [
      [{ name: 'alias.example' }, 'HOST_NAME_TAKEN'],
      [{ name: 'ALIAS.example' }, 'HOST_NAME_TAKEN'],
      [{ name: 'web2.example', names: ['web1.example'] }, 'HOST_NAME_TAKEN'],
      [{ name: 'server.example' }, 'HOST_NAME_TAKEN'],
      [{ name: 'web2.example', names: ['127.0.0.1'] }, 'HOST_NAME_RESERVED'],
      [{ name: 'localhost' }, 'HOST_NAME_RESERVED'],
      [{ name: '*.example' }, 'HOST_NAME_INVALID'],
      [{ name: first.hostId }, 'HOST_NAME_INVALID'],
      [
        { name: 'web2.example', uris: [`spiffe://${trust.server.context.domain.id}/host/${first.hostId}`] },
        'HOST_NAME_INVALID',
      ],
      [
        { name: 'web2.example', uris: [`spiffe://${trust.server.context.domain.id}/server/${first.hostId}`] },
        'HOST_NAME_INVALID',
      ],
    ] as const) {
      assert.equal(code(await trust.ask(wish, { token })), expected, JSON.stringify(wish));
    }
    assert.equal((await trust.call(listHosts)).hosts.length, 2);
  });

  test('T-12 a CSV registers all of its names or none, and names the wrong lines', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    await assert.rejects(
      trust.call(importHosts, { body: { csv: 'name\nweb1.example\n*.example\n\nbad name\n' } }),
      (error: unknown) =>
        error instanceof AppError && error.code === 'CSV_INVALID' && error.params['lines'] === '3, 5',
    );
    await assert.rejects(
      trust.call(importHosts, { body: { csv: 'host\nweb1' } }),
      refusedWith('CSV_HEADER_MISSING'),
    );
    assert.equal((await trust.call(listKnownHosts)).hosts.length, 0);
    const csv = '\uFEFFsite,name\r\nTokyo,"web1.example"\r\n"Osaka, 2",WEB2.example\r\n';
    assert.deepEqual(await trust.call(importHosts, { body: { csv } }), { registered: 2, already: 0 });
    assert.deepEqual(await trust.call(importHosts, { body: { csv } }), { registered: 0, already: 2 });
    await trust.enrol({ name: 'web2.example' });
  });
});

test('T-15 a clock that is off by more than ten minutes is refused with the server time', async (t) => {
  const trust = await TrustServer.start(t);
  const token = await trust.token();
  const nowMs = trust.clock.nowMs();
  const hour = await trust.ask(
    { name: 'web1.example' },
    { token, headers: { 'sekisho-time': String(nowMs + HOUR_MS) } },
  );
  assert.equal(hour.status, 400);
  assert.equal(code(hour), 'CLOCK_SKEW');
  assert.equal(hour.headers['sekisho-time'], String(nowMs));
  const near = { 'sekisho-time': String(nowMs - 9 * MINUTE_MS) };
  assert.equal((await trust.ask({ name: 'web1.example' }, { token, headers: near })).status, 200);
});

test('T-15 weak and unsupported keys, bad signatures and hostile bytes are refused, each with its code', async (t) => {
  const trust = await TrustServer.start(t);
  const token = await trust.token({ usesMax: 50 });
  const good = Buffer.from(await csrOf({ name: 'web1.example', key: await generatePrivateKey('p256') }));
  const broken = Buffer.from(good);
  broken[broken.length - 1]! ^= 1;
  const weakPem = execFileSync(
    'openssl',
    ['req', '-new', '-newkey', 'rsa:1024', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=web1.example'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const curvePem = execFileSync(
    'openssl',
    [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:secp256k1',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=web1.example',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const nested = Buffer.alloc(8000, Buffer.from([0x30, 0x80]));
  const send = (body: string | Uint8Array) =>
    trust.agentRequest({
      method: 'POST',
      path: '/.well-known/est/simpleenroll',
      body,
      headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    });
  const cases: [string, string | Uint8Array, string, number][] = [
    ['empty', '', 'CSR_MALFORMED', 400],
    ['no base64', 'hello ☺', 'CSR_MALFORMED', 400],
    ['bad signature', broken.toString('base64'), 'CSR_SIGNATURE_INVALID', 400],
    ['weak key', weakPem, 'CSR_KEY_WEAK', 400],
    ['other curve', curvePem, 'CSR_KEY_UNSUPPORTED', 400],
    ['trailing bytes', Buffer.concat([good, Buffer.from([0])]).toString('base64'), 'CSR_MALFORMED', 400],
    ['huge length', Buffer.from('30847fffffff', 'hex').toString('base64'), 'CSR_MALFORMED', 400],
    ['deep nesting', nested.toString('base64'), 'CSR_MALFORMED', 400],
    ['larger than the limit', Buffer.alloc(CSR_BYTES_MAX + 1, 0x41).toString('base64'), 'CSR_TOO_LARGE', 413],
  ];
  for (const [what, body, expected, status] of cases) {
    const answer = await send(body);
    assert.equal(code(answer), expected, what);
    assert.equal(answer.status, status, what);
    assert.match(String(answer.headers['content-type']), /^text\/plain/, what);
  }
  // base64 with line breaks, PEM and plain DER all say the same
  assert.equal((await send(good.toString('base64').replace(/(.{64})/g, '$1\r\n'))).status, 200);
  assert.equal((await send(good)).status, 200);
});

test('10 MB of garbage is refused without being read', async (t) => {
  const trust = await TrustServer.start(t);
  const answer = await trust
    .agentRequest({
      method: 'POST',
      path: '/.well-known/est/simpleenroll',
      body: Buffer.alloc(10 * 1024 * 1024, 0x41),
    })
    .catch((error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'error'));
  if (typeof answer === 'string') assert.ok(['EPIPE', 'ECONNRESET'].includes(answer), answer);
  else assert.equal(code(answer), 'CSR_TOO_LARGE');
  await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
});

test('T-03 P-256, P-384, RSA-3072 and Ed25519 keys are accepted', async (t) => {
  const trust = await TrustServer.start(t);
  const token = await trust.token({ usesMax: 4 });
  for (const keyAlgorithm of ['p256', 'p384', 'rsa3072', 'ed25519'] as const) {
    const host = await trust.enrol({ name: `${keyAlgorithm}.example`, keyAlgorithm }, { token });
    assert.equal(host.certificate.keyAlgorithm, keyAlgorithm);
    assert.ok(new X509Certificate(host.certificate.der).checkPrivateKey(host.key));
  }
  assert.ok(createPublicKey(generateKeyPairSync('ed25519').privateKey));
});

test('a refusal is told in Japanese to who asks in Japanese', async (t) => {
  const trust = await TrustServer.start(t);
  const answer = await trust.ask({ name: 'web1.example' }, { headers: { 'accept-language': 'ja,en;q=0.5' } });
  assert.match(answer.body, /認証トークン/);
});
