import type { AppError } from '@sekisho/core/errors.ts';
import { repositoryName } from '@sekisho/core/ids.ts';
import { startMediaServer, type MediaServer } from '@sekisho/media/start-media-server.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority, type TestHost } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import type { TrustFacts } from '../net/verify-peer.ts';
import { MediaConnection } from './media-connection.ts';
import { startResticProxy, type ResticProxy } from './restic-proxy.ts';

const log = silentLog();

describe('the loopback proxy between restic and a media server', () => {
  const clock = new FakeClock();
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;
  let authority: TestAuthority;
  let client: TestHost;
  let mediaHost: TestHost;
  let server: MediaServer;
  let revocations: RevocationSet;
  before(async () => {
    folder = await makeTempFolder();
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
    client = await authority.host();
    mediaHost = await authority.host({ media: true });
    server = await startMediaServer({
      folder: folder.path,
      listen: { host: '127.0.0.1', port: 0 },
      tls: { key: mediaHost.keyPem, cert: mediaHost.chainPem, ca: [authority.caPem] },
      authorize: (chain) => ({ hostId: clientOf(chain) }),
      quotaBytesPerHost: () => null,
      onEvent: () => Promise.resolve(),
      clock,
      random: systemRandom,
      log,
    });
  });
  after(async () => {
    await server.stop();
    await folder.remove();
  });
  beforeEach(() => {
    revocations = new RevocationSet();
  });

  const clientOf = (chain: readonly Certificate[]) =>
    verifyChain({
      leaf: chain[0]!,
      intermediates: [authority.issuing.certificate],
      anchors: authority.anchors,
      nowMs: clock.nowMs(),
      domainId: authority.domainId,
      role: 'host-client',
    }).hostId!;
  const trust = (): TrustFacts => ({
    domainId: authority.domainId,
    anchors: authority.anchors,
    intermediates: [authority.issuing.certificate],
    revocations: {
      isRevoked: (key, serial) => revocations.isRevoked(key, serial),
      freshness: (key, urls) => revocations.listFor(key, urls),
    },
    staleCrl: 'open',
    nowMs: clock.nowMs(),
  });

  async function open(
    t: TestContext,
    wish: { ports?: number[]; hostId?: TestHost['hostId']; unreachableMaxMs?: number } = {},
  ): Promise<{ proxy: ResticProxy; media: MediaConnection; gaveUp: AppError[] }> {
    const gaveUp: AppError[] = [];
    const media = new MediaConnection(
      {
        hostId: wish.hostId ?? mediaHost.hostId,
        name: 'media',
        endpoints: (wish.ports ?? [server.port]).map((port) => ({ address: '127.0.0.1', port })),
      },
      {
        identity: () => ({
          hostId: client.hostId,
          keyPem: client.keyPem,
          chainPem: client.chainPem,
          certificate: client.certificate,
        }),
        trust,
        log,
      },
    );
    const proxy = await startResticProxy({
      repository: repositoryName(client.hostId, 1),
      media,
      onGiveUp: (refusal) => gaveUp.push(refusal),
      ...(wish.unreachableMaxMs === undefined ? {} : { unreachableMaxMs: wish.unreachableMaxMs }),
      clock,
      random: systemRandom,
      log,
    });
    t.after(async () => {
      media.close();
      await proxy.close();
    });
    return { proxy, media, gaveUp };
  }

  interface Answer {
    status: number;
    headers: IncomingHttpHeaders;
    body: Buffer;
    continued: boolean;
  }
  /** As restic would: to the URL it was given, with its credentials. */
  function ask(
    proxy: ResticProxy,
    method: string,
    path: string,
    wish: { body?: Buffer; headers?: Record<string, string>; auth?: string | null; repository?: string } = {},
  ): Promise<Answer> {
    const url = new URL(proxy.repositoryUrl.reveal().slice('rest:'.length));
    const auth = wish.auth === undefined ? `${url.username}:${url.password}` : wish.auth;
    return new Promise((resolve, reject) => {
      let continued = false;
      const outgoing = httpRequest(
        {
          host: url.hostname,
          port: url.port,
          method,
          path: (wish.repository ?? url.pathname) + path,
          ...(auth === null ? {} : { auth }),
          headers: {
            ...wish.headers,
            ...(wish.body === undefined ? {} : { 'content-length': wish.body.byteLength }),
          },
          agent: false,
        },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on('data', (part: Buffer) => parts.push(part));
          incoming.on('end', () => {
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: Buffer.concat(parts),
              continued,
            });
          });
          incoming.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      if (wish.headers?.['expect'] === undefined) outgoing.end(wish.body);
      else {
        outgoing.on('continue', () => {
          continued = true;
          outgoing.end(wish.body);
        });
        outgoing.flushHeaders();
      }
    });
  }
  const nameOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  test('P-11 objects go up and come down byte for byte, whole and in ranges', async (t) => {
    const { proxy } = await open(t);
    assert.equal(await proxy.hasRepository(), false);
    assert.equal((await ask(proxy, 'POST', '?create=true')).status, 200);
    const blob = randomBytes(3_000_000);
    const path = `data/${nameOf(blob)}`;
    assert.equal((await ask(proxy, 'POST', path, { body: blob })).status, 200);
    const whole = await ask(proxy, 'GET', path);
    assert.deepEqual([whole.status, whole.headers['content-length']], [200, '3000000']);
    assert.ok(whole.body.equals(blob));
    const head = await ask(proxy, 'HEAD', path);
    assert.deepEqual(
      [head.status, head.headers['content-length'], head.body.byteLength],
      [200, '3000000', 0],
    );
    const range = await ask(proxy, 'GET', path, { headers: { range: 'bytes=10-19' } });
    assert.deepEqual([range.status, range.headers['content-range']], [206, 'bytes 10-19/3000000']);
    assert.ok(range.body.equals(blob.subarray(10, 20)));
    assert.ok(proxy.bytesUp >= 3_000_000 && proxy.bytesDown >= 3_000_000);
    const listed = await ask(proxy, 'GET', 'data/', {
      headers: { accept: 'application/vnd.x.restic.rest.v2' },
    });
    assert.equal(listed.headers['content-type'], 'application/vnd.x.restic.rest.v2');
  });

  test('P-11 refusals of the media server come through as they are, and explain a failed run', async (t) => {
    const { proxy, gaveUp } = await open(t);
    await ask(proxy, 'POST', '?create=true');
    const wrong = await ask(proxy, 'POST', `data/${'0'.repeat(64)}`, { body: Buffer.from('x') });
    assert.equal(wrong.status, 400);
    assert.equal((await ask(proxy, 'DELETE', `data/${'0'.repeat(64)}`)).status, 403);
    assert.equal(proxy.refusal?.code, 'APPEND_ONLY');
    assert.equal((await ask(proxy, 'GET', `data/${'1'.repeat(64)}`)).status, 404);
    assert.equal(gaveUp.length, 0);
  });

  test('P-11 Expect: 100-continue reaches the media server, and its answer restic', async (t) => {
    const { proxy } = await open(t);
    await ask(proxy, 'POST', '?create=true');
    const blob = randomBytes(1000);
    const answer = await ask(proxy, 'POST', `data/${nameOf(blob)}`, {
      body: blob,
      headers: { expect: '100-continue', 'content-length': '1000' },
    });
    assert.deepEqual([answer.status, answer.continued], [200, true]);
  });

  test('P-11 restic may leave in the middle of a download or an upload: the next request is served', async (t) => {
    const { proxy, gaveUp } = await open(t);
    await ask(proxy, 'POST', '?create=true');
    const blob = randomBytes(8_000_000);
    const path = `data/${nameOf(blob)}`;
    assert.equal((await ask(proxy, 'POST', path, { body: blob })).status, 200);
    const url = new URL(proxy.repositoryUrl.reveal().slice('rest:'.length));
    const whole = {
      host: url.hostname,
      port: url.port,
      auth: `${url.username}:${url.password}`,
      agent: false,
    };
    await new Promise<void>((resolve, reject) => {
      const download = httpRequest({ ...whole, path: url.pathname + path }, (incoming) => {
        incoming.once('data', () => download.destroy());
        incoming.once('close', resolve);
        incoming.on('error', () => undefined);
      });
      download.on('error', reject).end();
    });
    const other = randomBytes(8_000_000);
    await new Promise<void>((resolve) => {
      const upload = httpRequest({
        ...whole,
        method: 'POST',
        path: `${url.pathname}data/${nameOf(other)}`,
        headers: { 'content-length': other.byteLength },
      });
      upload.on('error', () => undefined).once('close', resolve);
      upload.write(other.subarray(0, 4_000_000), () => upload.destroy());
    });
    assert.ok((await ask(proxy, 'GET', path)).body.equals(blob));
    assert.equal((await ask(proxy, 'GET', `data/${nameOf(other)}`)).status, 404);
    assert.equal((await ask(proxy, 'POST', `data/${nameOf(other)}`, { body: other })).status, 200);
    assert.equal(gaveUp.length, 0);
  });

  const strangers: [string, { auth?: string | null; repository?: string }, number][] = [
    ['without credentials', { auth: null }, 401],
    ['with wrong credentials', { auth: 'user:guess' }, 401],
    ['for another repository', { repository: '/00010203-0405-4607-8809-0a0b0c0d0e0f.1/' }, 403],
    ['that climbs out of it', { repository: '/x/../' }, 403],
  ];
  for (const [what, wish, status] of strangers) {
    test(`P-11 a request ${what} never leaves the host`, async (t) => {
      const { proxy } = await open(t);
      assert.equal((await ask(proxy, 'GET', 'config', wish)).status, status);
    });
  }

  test("P-11 T-02 another host at the media server's address is refused, and the run is given up", async (t) => {
    const { proxy, gaveUp } = await open(t, { hostId: client.hostId });
    await assert.rejects(proxy.hasRepository(), { code: 'PEER_NAME_WRONG' });
    assert.equal((await ask(proxy, 'GET', 'config')).status, 403);
    assert.deepEqual(
      gaveUp.map(({ code }) => code),
      ['PEER_NAME_WRONG'],
    );
  });

  test("T-01 a client's certificate does not pass as a media server", async (t) => {
    const impostor = await authority.host({ hostId: mediaHost.hostId });
    const fake = createServer({ key: impostor.keyPem, cert: impostor.chainPem }, (_request, response) => {
      response.end('{}');
    });
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
    t.after(() => fake.close());
    const address = fake.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { proxy } = await open(t, { ports: [port] });
    await assert.rejects(proxy.hasRepository(), { code: 'PEER_ROLE_WRONG' });
  });

  test('T-42 a CRL that names the media server cuts live connections and refuses new ones', async (t) => {
    const { proxy, media, gaveUp } = await open(t);
    await ask(proxy, 'POST', '?create=true');
    const crl = await authority.crl({ revoke: [mediaHost.certificate] });
    revocations.add(crl, authority.issuing.certificate);
    assert.equal(media.checkAgain()?.code, 'PEER_REVOKED');
    assert.equal((await ask(proxy, 'GET', 'keys/')).status, 403);
    assert.deepEqual(
      gaveUp.map(({ code }) => code),
      ['PEER_REVOKED'],
    );
  });

  test('P-11 the next endpoint is tried when one does not answer', async (t) => {
    const { proxy } = await open(t, { ports: [1, server.port] });
    assert.equal((await ask(proxy, 'POST', '?create=true')).status, 200);
  });

  test('P-11 a media server that stays away is given up after a while, not at once', async (t) => {
    const { proxy, gaveUp } = await open(t, { ports: [1], unreachableMaxMs: 60_000 });
    await assert.rejects(proxy.hasRepository(), { code: 'MEDIA_SERVER_UNREACHABLE' });
    assert.equal((await ask(proxy, 'GET', 'config')).status, 502);
    assert.equal(gaveUp.length, 0);
    await clock.advance(61_000);
    assert.equal((await ask(proxy, 'GET', 'config')).status, 502);
    assert.equal(gaveUp[0]?.code, 'MEDIA_SERVER_UNREACHABLE');
  });
});
