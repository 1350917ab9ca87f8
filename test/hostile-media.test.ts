import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { BROKEN_REQUESTS } from './broken-requests.ts';
import { isWholeRefusal, open, send, type Target } from './raw-request.ts';

const TEN_MIB = 10 * 1024 * 1024;
const IDLE_CONNECTIONS = 500;

async function start(t: TestContext) {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  const identity = { key: client.host.keyPem, cert: client.host.chainPem };
  const target: Target = { tls: domain.port, identity };
  assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).status, 200);
  return { domain, client, target };
}

test('invariant 6: a media server refuses what is no HTTP request with code, words and hint', async (t) => {
  const { client, target } = await start(t);
  for (const [what, parts] of BROKEN_REQUESTS) {
    const answer = await send(target, ...parts);
    assert.ok(isWholeRefusal(answer), `${what} gave ${answer.text.slice(0, 300)}`);
  }
  assert.equal((await client.raw('GET', `/${client.repository}/data/`)).status, 200);
});

test('invariant 8: garbage, old TLS and hundreds of idle connections keep no client from a media server', async (t) => {
  const { domain, client, target } = await start(t);
  const garbage = randomBytes(TEN_MIB);
  assert.ok(isWholeRefusal(await send(target, garbage)));
  await send({ tcp: domain.port }, garbage);
  const stranger = await send({ tls: domain.port }, garbage);
  assert.equal(stranger.code, 'PEER_CERTIFICATE_MISSING');
  const idle: Socket[] = [];
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  while (idle.length < IDLE_CONNECTIONS)
    idle.push(...(await Promise.all(Array.from({ length: 50 }, () => open({ tcp: domain.port })))));
  client.disconnect();
  const { reply } = await client.put('data', randomBytes(1_000));
  assert.equal(reply.status, 200);
});
