import { AppError } from '@sekisho/core/errors.ts';
import { renewalJitter } from '@sekisho/core/rules/renewal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { RenewalInformation } from '@sekisho/core/wire/agent.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCertificateRequest } from '@sekisho/pki/csr.ts';
import { issueHostCertificate } from '@sekisho/pki/issue.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { approve, newHostId, TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { until } from '../../test/until.ts';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import type { DocumentStore } from '../documents/document-store.ts';
import { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { installStaged, stageRequest, type Identity } from './identity-store.ts';
import { startRenewalLoop } from './renewal-loop.ts';

const LIFETIME_MS = 30 * DAY_MS;
const hostId = newHostId();

async function bench(t: TestContext) {
  const clock = new FakeClock();
  const authority = await TestAuthority.create({ nowMs: clock.nowMs() });
  const folder = dataFolderAt(await tempFolder(t));
  await prepareDataFolder(folder);
  const asked: { atMs: number; serverAuth: boolean; keyId: string }[] = [];
  let failure: AppError | undefined;
  const certify = async (csrDer: Uint8Array, of = hostId): Promise<Certificate[]> => {
    const csr = parseCertificateRequest(csrDer);
    const leaf = await issueHostCertificate({
      plan: approve({
        hostId: of,
        domainId: authority.domainId,
        dns: ['web-1'],
        ips: [],
        media: csr.wantsServerAuth,
        notBeforeMs: clock.nowMs(),
        notAfterMs: clock.nowMs() + LIFETIME_MS,
      }),
      spkiDer: csr.spkiDer,
      issuer: authority.issuing,
      serial: randomBytes(16),
    });
    return [leaf, authority.issuing.certificate];
  };
  const names = { commonName: 'web-1', dns: ['web-1'], ips: [], uris: [], serverAuth: false };
  const request = await stageRequest(folder, names, 'p256');
  let identity: Identity = await installStaged(folder, await certify(request.csr.der));
  const first = identity;
  let foreign = false;
  const server = {
    async reenroll(csrDer: Uint8Array) {
      const csr = parseCertificateRequest(csrDer);
      asked.push({ atMs: clock.nowMs(), serverAuth: csr.wantsServerAuth, keyId: csr.sha256 });
      if (failure !== undefined) throw failure;
      return certify(csrDer, foreign ? newHostId() : hostId);
    },
  } as unknown as ServerConnection;
  const health = new HealthBoard();
  let media = false;
  let rootState: 'active' | 'retiring' = 'active';
  let information: RenewalInformation | undefined;
  const told: string[] = [];
  const loop = startRenewalLoop({
    folder,
    domainId: authority.domainId,
    documents: {
      anchors: authority.anchors,
      intermediates: [authority.issuing.certificate],
      held: () => ({
        payload: { anchors: authority.anchors.map(({ fingerprint }) => ({ fingerprint, state: rootState })) },
      }),
    } as unknown as DocumentStore,
    server,
    identity: () => identity,
    wantsMedia: () => media,
    keyAlgorithm: 'p256',
    onRenewed: (next) => {
      identity = next;
      return Promise.resolve();
    },
    onFailed: (code) => told.push(code),
    renewAtMs: (fingerprint) =>
      information?.fingerprint === fingerprint ? information.renewAtMs : undefined,
    health,
    clock,
    log: silentLog(),
  });
  t.after(() => loop.stop());
  /** In steps: after each the loop, which works on real files, is asleep again. */
  const advance = async (byMs: number, stepMs = HOUR_MS): Promise<void> => {
    for (let leftMs = byMs; leftMs > 0; leftMs -= stepMs) {
      await clock.advance(Math.min(leftMs, stepMs));
      await until('the loop sleeps', () => clock.pendingTimers === 1);
    }
  };
  return {
    clock,
    loop,
    asked,
    health,
    advance,
    first,
    identity: () => identity,
    fail: (error: AppError | undefined) => {
      failure = error;
    },
    answerForeign: () => {
      foreign = true;
    },
    told,
    inform: (renewAtMs: number | undefined) => {
      const { fingerprint } = identity.certificate;
      information = renewAtMs === undefined ? undefined : { fingerprint, renewAtMs };
      loop.look();
    },
    wantMedia: () => {
      media = true;
    },
    retireRoot: () => {
      rootState = 'retiring';
    },
  };
}

test('T-04 the agent renews by itself at two thirds of the lifetime, with a new key', async (t) => {
  const b = await bench(t);
  const jitterMs = (LIFETIME_MS * renewalJitter(b.first.certificate.fingerprint)) / 12;
  await b.advance(20 * DAY_MS);
  assert.equal(b.asked.length, 0);
  await b.advance(jitterMs + 2 * HOUR_MS);
  assert.equal(b.asked.length, 1);
  assert.notEqual(b.identity().certificate.keyId, b.first.certificate.keyId);
  assert.equal(b.identity().hostId, hostId);
  assert.deepEqual(b.health.codes, []);
});

test('T-04 what fails is tried again with growing distance and the same request, and is shown', async (t) => {
  const b = await bench(t);
  b.fail(new AppError('SERVER_UNREACHABLE', { server: 'x', detail: 'y' }));
  await assert.rejects(b.loop.renewNow(), { code: 'SERVER_UNREACHABLE' });
  b.loop.ask();
  await until('the loop sleeps', () => b.clock.pendingTimers === 1);
  assert.deepEqual(b.health.codes, ['renewal-failing']);
  await b.advance(10 * MINUTE_MS, MINUTE_MS);
  assert.ok(b.asked.length >= 3 && b.asked.length <= 6, String(b.asked.length));
  assert.equal(new Set(b.asked.map((one) => one.keyId)).size, 1);
  b.fail(undefined);
  await b.advance(HOUR_MS);
  assert.notEqual(b.identity().certificate.fingerprint, b.first.certificate.fingerprint);
  assert.deepEqual(b.health.codes, []);
});

test('T-04 T-15 once a clock that was ahead is set back, what failed for it is tried again after its minutes, and not after those that it was ahead', async (t) => {
  const b = await bench(t);
  b.clock.jump(20 * MINUTE_MS);
  b.fail(new AppError('CLOCK_SKEW', { skewSeconds: 1_200, limitSeconds: 600, serverTime: 'x' }));
  await assert.rejects(b.loop.renewNow(), { code: 'CLOCK_SKEW' });
  b.clock.jump(-20 * MINUTE_MS);
  b.fail(undefined);
  b.loop.ask();
  await until('the loop sleeps', () => b.clock.pendingTimers === 1);
  await b.advance(5 * MINUTE_MS, MINUTE_MS / 2);
  assert.notEqual(b.identity().certificate.fingerprint, b.first.certificate.fingerprint);
  assert.deepEqual(b.health.codes, []);
});

test('T-03 a host that became a media server asks for a certificate that says so', async (t) => {
  const b = await bench(t);
  b.wantMedia();
  await b.loop.renewNow();
  assert.equal(b.asked[0]?.serverAuth, true);
});

test('T-04 a certificate of another host ID is not installed', async (t) => {
  const b = await bench(t);
  b.answerForeign();
  await assert.rejects(b.loop.renewNow(), { code: 'CERTIFICATE_REPLY_WRONG' });
  assert.equal(b.identity().certificate.fingerprint, b.first.certificate.fingerprint);
});

test('T-04 an expired certificate is not renewed, and is shown', async (t) => {
  const b = await bench(t);
  b.fail(new AppError('SERVER_UNREACHABLE', { server: 'x', detail: 'y' }));
  await b.advance(LIFETIME_MS + HOUR_MS);
  assert.ok(b.health.codes.includes('certificate-expired'));
  const attempts = b.asked.length;
  assert.ok(attempts > 10);
  await b.advance(DAY_MS);
  assert.equal(b.asked.length, attempts);
});

test('T-09 a moment that the server gives counts for that certificate alone, and no later than is safe', async (t) => {
  const b = await bench(t);
  const atMs = b.clock.nowMs() + 3 * DAY_MS;
  b.inform(atMs);
  await until('the loop sleeps', () => b.clock.pendingTimers === 1);
  await b.advance(3 * DAY_MS - HOUR_MS);
  assert.equal(b.asked.length, 0);
  await b.advance(2 * HOUR_MS);
  assert.equal(b.asked.length, 1);
  await b.advance(5 * DAY_MS);
  assert.equal(b.asked.length, 1, 'the next certificate is renewed by its own reckoning');
  b.inform(b.clock.nowMs() + 400 * DAY_MS);
  await until('the loop sleeps', () => b.clock.pendingTimers === 1);
  await b.advance(20 * DAY_MS + HOUR_MS);
  assert.equal(b.asked.length, 2, 'before a sixth of the lifetime is left');
  assert.equal(b.asked[1] !== undefined && b.asked[1].atMs > atMs + 15 * DAY_MS, true);
});

test('F-37 a server that goes on asking is heard once a minute, but at once when the CA of the certificate is given up', async (t) => {
  const b = await bench(t);
  const ask = async (count: number): Promise<void> => {
    b.loop.ask();
    await until('the loop sleeps', () => b.clock.pendingTimers === 1);
    assert.equal(b.asked.length, count);
  };
  b.loop.ask();
  await until('the first renewal is done', () => b.identity() !== b.first);
  await ask(1);
  b.retireRoot();
  b.loop.ask();
  await until('it is renewed again', () => b.asked.length === 2);
});

test('T-09 what went wrong is told once for each certificate and reason', async (t) => {
  const b = await bench(t);
  b.fail(new AppError('SERVER_UNREACHABLE', { server: 'x', detail: 'y' }));
  b.inform(b.clock.nowMs());
  await until('it was tried', () => b.told.length === 1);
  await until('the loop sleeps', () => b.clock.pendingTimers === 1);
  await b.advance(10 * MINUTE_MS, MINUTE_MS);
  assert.ok(b.asked.length > 2);
  assert.deepEqual(b.told, ['SERVER_UNREACHABLE']);
});
