import { MINUTE_MS } from '@sekisho/core/time.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { OCSP_REQUEST_BYTES_MAX } from '@sekisho/pki/ocsp-request.ts';
import { ocspRefusal } from '@sekisho/pki/ocsp-response.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { OCSP_SIGNATURES_BURST_MAX, OCSP_SIGNATURES_PER_SECOND_MAX, OcspLimits } from './ocsp-limits.ts';
import { OcspResponder } from './ocsp-responder.ts';

const run = promisify(execFile);

/** openssl's own client, about certificates of this server. */
async function client(t: TestContext, trust: TrustServer) {
  const folder = await tempFolder(t);
  const { keys } = trust.server.context;
  const file = async (name: string, pem: string): Promise<string> => {
    await writeFile(join(folder, name), pem);
    return join(folder, name);
  };
  const issuing = await file('issuing.pem', certificateToPem(keys.certificateOf('issuing').der));
  const root = await file('root.pem', certificateToPem(keys.certificateOf('root').der));
  const other = await file('ca.pem', keys.caPem());
  const named = async (certificate: Certificate): Promise<string[]> => [
    '-cert',
    await file(`${certificate.serial}.pem`, certificateToPem(certificate.der)),
  ];
  const url = `http://127.0.0.1:${trust.server.ports.http}/ocsp`;
  return {
    url,
    /** A request in bytes. */
    async request(certificate: Certificate, ...options: string[]): Promise<Buffer> {
      const out = join(folder, 'request.der');
      const about = ['-issuer', issuing, ...(await named(certificate)), '-reqout', out];
      await run('openssl', ['ocsp', ...options, ...about]);
      return readFile(out);
    },
    /** What openssl says after it asked the server. */
    async ask(
      certificates: readonly Certificate[],
      options: { issuer?: string; serial?: string } = {},
    ): Promise<string> {
      const about = (await Promise.all(certificates.map(named))).flat();
      if (options.serial !== undefined) about.push('-serial', options.serial);
      const issuer = options.issuer === 'root' ? root : issuing;
      const { stdout, stderr } = await run('openssl', [
        ...['ocsp', '-url', url, '-issuer', issuer, ...about, '-CAfile', root, '-verify_other', other],
      ]).catch((error: unknown) => error as { stdout: string; stderr: string });
      return `${stdout}${stderr}`;
    },
  };
}

const post = (url: string, body: Uint8Array, type = 'application/ocsp-request'): Promise<Response> =>
  fetch(url, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } });

test('T-41 openssl asks the server: good, revoked with time and reason, unknown, and several at once', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const token = await trust.token({ usesMax: 2 });
  const bad = await trust.enrol({ name: 'bad.example' }, { token });
  const good = await trust.enrol({ name: 'good.example' }, { token });
  const openssl = await client(t, trust);
  const at = (host: string): string => `http://${host}:${trust.server.ports.http}/ocsp`;
  assert.deepEqual(bad.certificate.tbs.extensions.ocspUrls, [at('server.example'), at('127.0.0.1')]);
  assert.match(
    await openssl.ask([bad.certificate]),
    /Response verify OK[^]*: good|: good[^]*Response verify OK/,
  );
  // an answer that is kept says "good" no longer than the registry does
  const plain = await openssl.request(bad.certificate, '-no_nonce');
  const first = Buffer.from(await (await post(openssl.url, plain)).arrayBuffer());
  const again = Buffer.from(await (await post(openssl.url, plain)).arrayBuffer());
  assert.deepEqual(again, first);
  const got = await fetch(`${openssl.url}/${encodeURIComponent(plain.toString('base64'))}`);
  assert.equal(got.headers.get('content-type'), 'application/ocsp-response');
  assert.match(got.headers.get('cache-control') ?? '', /max-age=60/);
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), first);
  await trust.call(revokeHost, { params: { id: bad.hostId }, body: { reason: 'keyCompromise' } });
  const after = Buffer.from(await (await post(openssl.url, plain)).arrayBuffer());
  assert.notDeepEqual(after, first);
  const both = await openssl.ask([bad.certificate, good.certificate]);
  assert.match(both, /: revoked[^]*Reason: keyCompromise[^]*: good/);
  // a serial that this CA never issued
  assert.match(await openssl.ask([], { serial: '0x1234567890abcdef' }), /: unknown/);
  // another CA is none of ours
  assert.match(await openssl.ask([good.certificate], { issuer: 'root' }), /unauthorized/);
});

test('T-41 a request of a megabyte is refused before it is read, and what is no request as such', async (t) => {
  const trust = await TrustServer.start(t);
  const { http } = trust.server.ports;
  const url = `http://127.0.0.1:${http}/ocsp`;
  for (const body of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(OCSP_REQUEST_BYTES_MAX, 0x30)]) {
    const answer = await post(url, body);
    assert.deepEqual(
      [answer.status, Buffer.from(await answer.arrayBuffer())],
      [200, Buffer.from(ocspRefusal('malformedRequest'))],
      String(body.length),
    );
  }
  const malformed = await fetch(`${url}/${'%41'.repeat(40)}`);
  assert.deepEqual(Buffer.from(await malformed.arrayBuffer()), Buffer.from(ocspRefusal('malformedRequest')));
  assert.equal((await post(url, Buffer.from('x'), 'text/plain')).status, 404);
  // the head alone is answered: nobody waits for the body
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect(http, '127.0.0.1', () => {
      socket.write(
        `POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Type: application/ocsp-request\r\nContent-Length: ${1024 * 1024}\r\n\r\n`,
      );
    });
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
  assert.match(said, /^HTTP\/1\.1 413 /);
});

test('T-41 the responder has a young certificate of its own, which is renewed at half of its life', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { keys, store } = trust.server.context;
  const held = () => keys.certificateOf('ocsp-signer');
  const first = held();
  assert.equal(first.authorityKeyId, keys.certificateOf('issuing').subjectKeyId);
  clock.jump(first.notBeforeMs + (first.notAfterMs - first.notBeforeMs) / 2 - clock.nowMs() + MINUTE_MS);
  for (let round = 0; round < 50 && held().serial === first.serial; round += 1) {
    await clock.advance(16_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.notEqual(held().serial, first.serial);
  assert.notEqual(held().keyId, first.keyId);
  const rows = await store.db
    .selectFrom('ca_keys')
    .select(['state', 'sealed'])
    .where('role', '=', 'ocsp-signer')
    .orderBy('created_at_ms')
    .execute();
  assert.deepEqual(
    rows.map(({ state, sealed }) => [state, sealed === null]),
    [
      ['retired', true],
      ['active', false],
    ],
  );
});

test('T-41 one address gets so many signatures a second, and the next one its own', async (t) => {
  const clock = new FakeClock();
  const limits = new OcspLimits(clock);
  for (let n = 0; n < OCSP_SIGNATURES_BURST_MAX; n += 1) assert.ok(limits.take('192.0.2.1'));
  assert.equal(limits.take('192.0.2.1'), false);
  assert.equal(limits.take('192.0.2.2'), true);
  clock.jump(1_000);
  await clock.advance(1_000);
  let more = 0;
  while (limits.take('192.0.2.1')) more += 1;
  assert.ok(more >= OCSP_SIGNATURES_PER_SECOND_MAX - 1 && more <= OCSP_SIGNATURES_BURST_MAX);
  // who has had enough is told to come later, and answers that are kept go on
  const trust = await TrustServer.start(t, { clock: systemClock });
  const host = await trust.enrol({ name: 'web.example' }, { token: await trust.token() });
  const openssl = await client(t, trust);
  const plain = await openssl.request(host.certificate, '-no_nonce');
  const nonced = await openssl.request(host.certificate);
  const stopped = new FakeClock();
  const responder = new OcspResponder({
    ...trust.server.context,
    clock: { ...systemClock, nowMs: () => systemClock.nowMs(), monotonicMs: () => stopped.monotonicMs() },
  });
  const kept = await responder.answer(plain, '192.0.2.1');
  for (let n = 1; n < OCSP_SIGNATURES_BURST_MAX; n += 1) await responder.answer(nonced, '192.0.2.1');
  assert.deepEqual((await responder.answer(nonced, '192.0.2.1')).der, ocspRefusal('tryLater'));
  assert.deepEqual((await responder.answer(plain, '192.0.2.1')).der, kept.der);
});
