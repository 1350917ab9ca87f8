import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { getHost, listCertificates, listHosts, revokeHost } from '@sekisho/core/wire/trust.ts';
import { certificateToPem, parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl } from '@sekisho/pki/crl.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import { crlPath } from './crl-path.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';

const BUNDLE = '/v1/agent/documents/bundle';
const code = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code;

/** The list of an issuer: the root's whole one, or that of the open shard. */
async function crlOf(trust: TrustServer, keyId: string) {
  const { keys, shards } = trust.server.context;
  const isRoot = keys.certificateOf('root').keyId === keyId;
  const path = crlPath(keyId, isRoot ? 0 : shards.current(keyId).shard);
  const answer = await fetch(`http://127.0.0.1:${trust.server.ports.http}${path}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/pkix-crl');
  return parseCrl(new Uint8Array(await answer.arrayBuffer()));
}

eachStore((dialect) => {
  test('T-40 a revoked host is refused from that moment, its connections are cut, and the CRL names it', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const token = await trust.token({ usesMax: 2 });
    const [bad, good] = [
      await trust.enrol({ name: 'bad.example' }, { token }),
      await trust.enrol({ name: 'good.example' }, { token }),
    ];
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    assert.equal((await trust.agentRequest({ path: BUNDLE, tls: bad.tls, agent })).status, 200);
    const [kept] = Object.values(agent.freeSockets).flat();
    assert.ok(kept !== undefined);
    const closed = new Promise((resolve) => kept.once('close', resolve));
    const reply = await trust.call(revokeHost, {
      params: { id: bad.hostId },
      body: { reason: 'keyCompromise' },
    });
    assert.equal(reply.cutConnections, 1);
    await closed;
    assert.deepEqual(
      reply.revoked.map(({ fingerprint, reason }) => [fingerprint, reason]),
      [[bad.certificate.fingerprint, 'keyCompromise']],
    );
    assert.ok(reply.host.states.includes('revoked'));
    const after = await trust.agentRequest({ path: BUNDLE, tls: bad.tls });
    assert.equal(after.status, 403);
    assert.equal(code(after.body), 'CERTIFICATE_REVOKED');
    assert.equal((await trust.agentRequest({ path: BUNDLE, tls: good.tls })).status, 200);
    const issuing = trust.server.context.keys.certificateOf('issuing');
    const crl = await crlOf(trust, issuing.keyId);
    verifyCrl(crl, issuing);
    assert.deepEqual([...crl.serials.keys()], [bad.certificate.serial]);
    const renewal = await trust.ask({ name: bad.hostId }, { renew: bad });
    assert.equal(renewal.headers['sekisho-code'], 'CERTIFICATE_REVOKED');
    const again = await trust.call(revokeHost, {
      params: { id: bad.hostId },
      body: { reason: 'superseded' },
    });
    assert.deepEqual(again.revoked, []);
  });

  test('T-42 a revoked host does not resume a TLS session', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const host = await trust.enrol({ name: 'bad.example' }, { token: await trust.token() });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await getOver(trust, host, { maxVersion });
      assert.match(first.answer, /^HTTP\/1\.1 200/);
      const resumed = await getOver(trust, host, { maxVersion, session: first.session });
      assert.equal(resumed.reused, true);
      assert.match(resumed.answer, /^HTTP\/1\.1 200/);
    }
    const before = await getOver(trust, host, { maxVersion: 'TLSv1.3' });
    await trust.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } });
    const after = await getOver(trust, host, { maxVersion: 'TLSv1.3', session: before.session });
    assert.equal(after.reused, false);
    assert.match(after.answer, /^HTTP\/1\.1 403/);
  });

  test("T-40 the management server's own host is not revoked, and the refusal says what is meant instead", async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const [own] = (await trust.call(listHosts)).hosts;
    assert.ok(own !== undefined);
    await assert.rejects(
      trust.call(revokeHost, { params: { id: own.id }, body: { reason: 'unspecified' } }),
      (error: unknown) => error instanceof AppError && error.code === 'SERVER_NOT_REVOKED',
    );
  });

  test('T-44 CRLs of issuing CA and root are renewed at half their validity, with a higher number', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const keys = trust.server.context.keys;
    const ids = [keys.certificateOf('issuing').keyId, keys.certificateOf('root').keyId];
    const before = await Promise.all(ids.map((id) => crlOf(trust, id)));
    clock.jump(3.4 * DAY_MS);
    await clock.advance(16 * SECOND_MS);
    assert.deepEqual(
      await Promise.all(ids.map(async (id) => (await crlOf(trust, id)).number)),
      before.map(({ number }) => number),
    );
    clock.jump(0.2 * DAY_MS);
    const now = await eventually('both have a higher number', async () => {
      await clock.advance(16 * SECOND_MS); // the round before may still be at work, and set its next timer late
      const crls = await Promise.all(ids.map((id) => crlOf(trust, id)));
      return crls.every((crl, index) => crl.number > (before[index]?.number ?? 0)) ? crls : undefined;
    });
    for (const crl of now) assert.ok(crl.nextUpdateMs - clock.nowMs() > 6 * DAY_MS);
  });

  test('what was revoked stays revoked after a restart', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const host = await trust.enrol({ name: 'bad.example' }, { token: await trust.token() });
    await trust.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } });
    await trust.restart();
    assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls })).status, 403);
    const view = await trust.call(getHost, { params: { id: host.hostId } });
    assert.notEqual(view.certificate?.revokedAtMs, null);
    const { certificates } = await trust.call(listCertificates, { query: { host: host.hostId } });
    assert.deepEqual(
      certificates.map(({ reason }) => reason),
      ['keyCompromise'],
    );
  });
});

test('T-13 T-40 S-07 two server processes on one PostgreSQL: a token is spent for both, a revocation cuts in both', async (t) => {
  const first = await TrustServer.start(t, { dialect: 'postgres', clock: systemClock });
  const other = await first.second(t);
  const viaOther = Object.assign(Object.create(first) as TrustServer, { server: other });

  const token = await first.token();
  const host = await first.enrol({ name: 'web1.example' }, { token });
  assert.equal(
    (await viaOther.ask({ name: 'web2.example' }, { token })).headers['sekisho-code'],
    'TOKEN_REFUSED',
  );
  // the other process knows the certificate, and a connection there is cut by a revocation here
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await viaOther.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  const [kept] = Object.values(agent.freeSockets).flat();
  assert.ok(kept !== undefined);
  const closed = new Promise((resolve) => kept.once('close', resolve));
  await first.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } });
  await closed;
  await eventually('the other process refuses it', async () => {
    const { status } = await viaOther.agentRequest({ path: BUNDLE, tls: host.tls });
    return status === 403 ? true : undefined;
  });
  // one token, one use, many askers on both at once
  const scarce = await first.token();
  const asked = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      (n % 2 === 0 ? first : viaOther).ask({ name: `n${n}.example` }, { token: scarce }),
    ),
  );
  assert.equal(asked.filter(({ status }) => status === 200).length, 1);
});

test('T-41 T-44 openssl believes the CRL, and refuses the revoked certificate with it', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const host = await trust.enrol({ name: 'bad.example' }, { token: await trust.token() });
  const folder = await tempFolder(t);
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const keys = trust.server.context.keys;
  const [root] = parsePemCertificates(keys.caPem());
  assert.ok(root !== undefined);
  const anchor = await file('root.pem', certificateToPem(root.der));
  const issuing = await file('issuing.pem', certificateToPem(keys.certificateOf('issuing').der));
  const leaf = await file('leaf.pem', certificateToPem(host.certificate.der));
  const verify = async (): Promise<string> => {
    const { der } = await crlOf(trust, keys.certificateOf('issuing').keyId);
    const crl = await file(
      'crl.pem',
      `-----BEGIN X509 CRL-----\n${(
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? []
      ).join('\n')}\n-----END X509 CRL-----\n`,
    );
    try {
      return execFileSync(
        'openssl',
        [
          'verify',
          '-x509_strict',
          '-crl_check',
          '-CAfile',
          anchor,
          '-untrusted',
          issuing,
          '-CRLfile',
          crl,
          leaf,
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
    } catch (error) {
      return String(error instanceof Error && 'stderr' in error ? error.stderr : error);
    }
  };
  assert.match(await verify(), /: OK/);
  await trust.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } });
  assert.match(await verify(), /certificate revoked/);
});

async function getOver(
  trust: TrustServer,
  host: Identity,
  options: { maxVersion: 'TLSv1.2' | 'TLSv1.3'; session?: Buffer | undefined },
): Promise<{ answer: string; reused: boolean; session: Buffer | undefined }> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: trust.server.ports.agent,
    rejectUnauthorized: false,
    maxVersion: options.maxVersion,
    ...host.tls,
    ...(options.session === undefined ? {} : { session: options.session }),
  });
  let session: Buffer | undefined;
  socket.on('session', (ticket: Buffer) => {
    session = ticket;
  });
  let answer = '';
  let reused = false;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      reused = socket.isSessionReused();
      socket.write(`GET ${BUNDLE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.once('close', () => resolve());
  });
  return { answer, reused, session };
}
