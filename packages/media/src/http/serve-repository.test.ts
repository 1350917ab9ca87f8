import { repositoryName } from '@sekisho/core/ids.ts';
import { MediaDomain, type MediaClient, type RawReply } from '@sekisho/testkit/media-domain.ts';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { test } from 'node:test';

const V2 = 'application/vnd.x.restic.rest.v2';
const V1 = 'application/vnd.x.restic.rest.v1';
const idOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function ready(
  t: Parameters<typeof MediaDomain.start>[0],
): Promise<{ domain: MediaDomain; client: MediaClient; r: string }> {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  const r = `/${client.repository}`;
  assert.equal((await client.raw('POST', `${r}/?create=true`)).status, 200);
  return { domain, client, r };
}

async function storedFiles(domain: MediaDomain, client: MediaClient): Promise<string[]> {
  const base = join(domain.storeFolder, client.repository);
  const files = (await readdir(base, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => entry.name).filter((name) => name !== 'receptions.jsonl');
}

test('P-01 creating a repository: with create=true and again, nothing else, and it can never be deleted', async (t) => {
  const { client, r } = await ready(t);
  const again = await client.raw('POST', `${r}/?create=true`);
  assert.deepEqual([again.status, again.body.length], [200, 0]);
  for (const path of [`${r}/`, `${r}/?create=false`, `${r}/?create=true&x=1`])
    assert.equal((await client.raw('POST', path)).status, 400, path);
  const removed = await client.raw('DELETE', `${r}/`);
  assert.deepEqual([removed.status, removed.code], [403, 'APPEND_ONLY']);
});

test('P-01 P-02 the configuration is written once, read whole, and missing before that', async (t) => {
  const { client, r } = await ready(t);
  assert.equal((await client.raw('HEAD', `${r}/config`)).status, 404);
  assert.equal((await client.raw('GET', `${r}/config`)).code, 'OBJECT_UNKNOWN');
  const body = randomBytes(155);
  assert.equal((await client.raw('POST', `${r}/config`, { body })).status, 200);
  const head = await client.raw('HEAD', `${r}/config`);
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '155', 0]);
  assert.deepEqual((await client.raw('GET', `${r}/config`)).body, body);
  const again = await client.raw('POST', `${r}/config`, { body: randomBytes(155) });
  assert.deepEqual([again.status, again.code], [403, 'CONFIG_EXISTS']);
  assert.equal((await client.raw('DELETE', `${r}/config`)).status, 403);
  assert.deepEqual((await client.raw('GET', `${r}/config`)).body, body);
});

test('P-01 listings speak version 2 when asked exactly so, version 1 otherwise, and an empty one is []', async (t) => {
  const { client, r } = await ready(t);
  for (const type of ['data', 'keys', 'locks', 'snapshots', 'index']) {
    const empty = await client.raw('GET', `${r}/${type}/`, { headers: { accept: V2 } });
    assert.deepEqual(
      [empty.status, empty.headers['content-type'], empty.body.toString()],
      [200, V2, '[]'],
      type,
    );
    const { id, reply } = await client.put(type, randomBytes(40));
    assert.equal(reply.status, 200);
    const second = await client.raw('GET', `${r}/${type}/`, { headers: { accept: V2 } });
    assert.deepEqual(JSON.parse(second.body.toString()), [{ name: id, size: 40 }]);
    for (const accept of ['*/*', V1, `${V2}, */*`]) {
      const first = await client.raw('GET', `${r}/${type}/`, { headers: { accept } });
      assert.deepEqual(
        [first.headers['content-type'], JSON.parse(first.body.toString())],
        [V1, [id]],
        accept,
      );
    }
  }
  const nowhere = `/${repositoryName(client.host.hostId, 2)}/data/`;
  assert.equal((await client.raw('GET', nowhere, { headers: { accept: V2 } })).body.toString(), '[]');
});

test('P-01 objects: HEAD, GET and ranges with exact lengths', async (t) => {
  const { client, r } = await ready(t);
  const body = randomBytes(100_000);
  const { id } = await client.put('data', body);
  const path = `${r}/data/${id}`;
  const head = await client.raw('HEAD', path);
  assert.deepEqual([head.status, head.headers['content-length']], [200, '100000']);
  assert.deepEqual((await client.raw('GET', path)).body, body);
  const table: [string, number, number, number][] = [
    ['bytes=0-0', 206, 0, 0],
    ['bytes=10-99', 206, 10, 99],
    ['bytes=99999-', 206, 99_999, 99_999],
    ['bytes=0-', 206, 0, 99_999],
    ['bytes=50-99999999', 206, 50, 99_999],
    ['bytes=-5', 206, 99_995, 99_999],
    ['bytes=100000-', 416, 0, 0],
    ['bytes=200000-300000', 416, 0, 0],
    ['bytes=9-3', 416, 0, 0],
    ['bytes=x-y', 416, 0, 0],
    ['bytes=-', 416, 0, 0],
    ['bytes=-0', 416, 0, 0],
    ['lines=1-2', 200, 0, 99_999],
  ];
  for (const [range, status, first, last] of table) {
    const reply = await client.raw('GET', path, { headers: { range } });
    assert.equal(reply.status, status, range);
    if (status === 416) {
      assert.deepEqual(
        [reply.code, reply.headers['content-range']],
        ['RANGE_UNSATISFIABLE', 'bytes */100000'],
      );
      continue;
    }
    assert.deepEqual(reply.body, body.subarray(first, last + 1), range);
    assert.equal(reply.headers['content-length'], String(last - first + 1));
    if (status === 206) assert.equal(reply.headers['content-range'], `bytes ${first}-${last}/100000`);
  }
  const absent = `${r}/data/${idOf(randomBytes(8))}`;
  for (const method of ['GET', 'HEAD']) assert.equal((await client.raw(method, absent)).status, 404);
});

test('P-03 an upload is stored when its SHA-256 is its name; otherwise 400, and nothing is left', async (t) => {
  const { client, domain, r } = await ready(t);
  const body = randomBytes(5000);
  const { id, reply } = await client.put('data', body);
  assert.deepEqual([reply.status, reply.body.length], [200, 0]);
  assert.equal((await client.raw('POST', `${r}/data/${id}`, { body })).status, 200, 'the same blob again');
  const liar = await client.raw('POST', `${r}/data/${id}`, { body: randomBytes(5000) });
  assert.deepEqual([liar.status, liar.code], [400, 'OBJECT_HASH_WRONG']);
  assert.deepEqual((await client.raw('GET', `${r}/data/${id}`)).body, body);
  const other = idOf(randomBytes(9));
  const wrong = await client.raw('POST', `${r}/data/${other}`, { body });
  assert.deepEqual([wrong.status, wrong.code], [400, 'OBJECT_HASH_WRONG']);
  assert.equal((await client.raw('HEAD', `${r}/data/${other}`)).status, 404);
  assert.deepEqual(await storedFiles(domain, client), [id]);
});

test('P-03 an upload without a length, over its limit or cut off is refused, and nothing is left', async (t) => {
  const { client, domain, r } = await ready(t);
  const body = randomBytes(300_000);
  const path = `${r}/data/${idOf(body)}`;
  const chunked = await client.raw('POST', path, {
    body,
    noLength: true,
    headers: { 'transfer-encoding': 'chunked' },
  });
  assert.deepEqual([chunked.status, chunked.code], [411, 'OBJECT_LENGTH_REQUIRED']);
  const large = await client.put('locks', randomBytes(64 * 1024 + 1));
  assert.deepEqual([large.reply.status, large.reply.code], [413, 'BODY_TOO_LARGE']);
  const announced = await rawBytes(domain, client, [
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${600 * 1024 * 1024}\r\n\r\n`,
  ]);
  assert.match(announced, /^HTTP\/1\.1 413 /);
  await rawBytes(domain, client, [
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n`,
    body.subarray(0, 200_000),
    'cut',
  ]);
  // More bytes than announced: the first ones are judged, the rest is no request.
  const longer = await rawBytes(domain, client, [
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 299999\r\n\r\n`,
    body,
  ]);
  assert.match(longer, /^HTTP\/1\.1 400 /);
  await untilTrue(async () => (await storedFiles(domain, client)).length === 0);
  assert.equal((await client.raw('POST', path, { body })).status, 200);
});

test('P-02 a client deletes only its locks; deleting what is absent is 200', async (t) => {
  const { client, r } = await ready(t);
  for (const type of ['data', 'keys', 'snapshots', 'index']) {
    const { id } = await client.put(type, randomBytes(50));
    const reply = await client.raw('DELETE', `${r}/${type}/${id}`);
    assert.deepEqual([reply.status, reply.code], [403, 'APPEND_ONLY'], type);
    assert.equal((await client.raw('DELETE', `${r}/${type}/${idOf(randomBytes(5))}`)).status, 403);
    assert.equal((await client.raw('HEAD', `${r}/${type}/${id}`)).status, 200);
  }
  const { id } = await client.put('locks', randomBytes(50));
  assert.equal((await client.raw('DELETE', `${r}/locks/${id}`)).status, 200);
  assert.equal((await client.raw('DELETE', `${r}/locks/${id}`)).status, 200);
  assert.equal((await client.raw('HEAD', `${r}/locks/${id}`)).status, 404);
});

test('P-01 no address leaves the repository: other hosts, traversal, escapes and unknown shapes are refused', async (t) => {
  const { client, domain, r } = await ready(t);
  const other = await domain.client();
  t.after(() => other.disconnect());
  const body = randomBytes(60);
  await client.put('data', body);
  await writeFile(join(domain.storeFolder, 'secret'), 'not yours');
  const foreign: [string, string][] = [
    ['GET', `${r}/config`],
    ['GET', `${r}/data/`],
    ['GET', `${r}/data/${idOf(body)}`],
    ['POST', `${r}/?create=true`],
    ['POST', `${r}/data/${idOf(body)}`],
    ['DELETE', `${r}/locks/${idOf(body)}`],
    ['DELETE', `${r}/`],
  ];
  for (const [method, path] of foreign) {
    const reply = await other.raw(method, path);
    assert.deepEqual([reply.status, reply.code], [403, 'REPOSITORY_OTHER_HOST'], `${method} ${path}`);
  }
  const shapes = [
    '/',
    '/secret',
    '/../secret',
    '/%2e%2e/secret',
    `${r}`,
    `${r}/..`,
    `${r}/../secret/`,
    `${r}/data`,
    `${r}/data/..`,
    `${r}/data/../config`,
    `${r}/data/%2e%2e%2fconfig`,
    `${r}/data/${idOf(body).toUpperCase()}`,
    `${r}/data/${idOf(body)}/x`,
    `${r}/data/${idOf(body)}?x=1`,
    `${r}/meta/sealed.json`,
    `${r}//data/`,
    `/${client.host.hostId}/data/`,
    `/${client.host.hostId}.0/data/`,
    `/${client.host.hostId}.1%00/data/`,
    `/${client.host.hostId.toUpperCase()}.1/data/`,
    `${r}/${'x'.repeat(5000)}`,
  ];
  for (const path of shapes) {
    const reply: RawReply = await client.raw('GET', path);
    assert.ok([400, 403, 404].includes(reply.status), `${path} gave ${reply.status}`);
    assert.ok(!reply.body.includes('not yours'));
  }
  for (const method of ['PUT', 'PATCH', 'OPTIONS'])
    assert.equal((await client.raw(method, `${r}/config`)).status, 404);
});

/** Writes bytes on a fresh TLS connection; `cut` destroys it. Gives what came back. */
function rawBytes(domain: MediaDomain, client: MediaClient, parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(
      {
        host: '127.0.0.1',
        port: domain.server.port,
        servername: 'localhost',
        ca: [domain.authority.rootPem],
        cert: client.host.chainPem,
        key: client.host.keyPem,
      },
      () => {
        for (const part of parts) {
          if (part === 'cut') setImmediate(() => socket.destroy());
          else socket.write(part);
        }
      },
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

async function untilTrue(question: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('it did not come true');
}
