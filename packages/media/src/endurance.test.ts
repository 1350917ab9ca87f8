import { systemClock } from '@sekisho/platform/clock.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';

const MIB = 1024 * 1024;
/** P-01: what the server may take over its idle size, whatever is sent. */
const MEMORY_OVER_IDLE_MAX = 80 * MIB;

test(
  'P-03 memory stays bounded while many large objects come and go',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const domain = await MediaDomain.start(t);
    const client = await domain.client();
    await domain.stop();
    const child = fork(join(import.meta.dirname, 'testing/crash-child.ts'), { stdio: 'ignore' });
    t.after(() => {
      client.disconnect();
      child.kill('SIGKILL');
    });
    const started = new Promise<{ port: number }>((resolve) =>
      child.once('message', (raw) => resolve(raw as { port: number })),
    );
    child.send({
      what: 'start',
      folder: domain.storeFolder,
      tls: domain.tls(),
      clockOffsetMs: domain.clock.nowMs() - systemClock.nowMs(),
    });
    domain.otherPort = (await started).port;
    assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).status, 200);
    // Idle means: everything loaded and compiled, nothing to do. V8's own young generation grows with the first traffic.
    await client.put('data', randomBytes(32 * MIB));
    const idleBytes = await memory(child.pid!, 'VmRSS');
    const body = randomBytes(64 * MIB);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        [0, 1, 2, 3].map(async (index) => {
          const bytes = Buffer.from(body);
          bytes.writeUInt32LE(round * 4 + index);
          const id = createHash('sha256').update(bytes).digest('hex');
          const path = `/${client.repository}/data/${id}`;
          assert.equal((await client.raw('POST', path, { body: bytes })).status, 200);
          assert.equal((await client.raw('GET', path)).body.length, bytes.length);
        }),
      );
    }
    const peakBytes = await memory(child.pid!, 'VmHWM');
    t.diagnostic(`idle ${Math.round(idleBytes / MIB)} MiB, peak ${Math.round(peakBytes / MIB)} MiB`);
    assert.ok(peakBytes - idleBytes <= MEMORY_OVER_IDLE_MAX, `${peakBytes - idleBytes} bytes over idle`);
  },
);

test('P-01 slow-loris: a silent handshake and headers that trickle in are ended, and a client at work is not', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  const silent = connectTcp(domain.server.port, '127.0.0.1');
  const silentClosed = new Promise((resolve) => silent.once('close', resolve));
  silent.on('error', () => undefined);
  const trickle = connect({
    host: '127.0.0.1',
    port: domain.server.port,
    servername: 'localhost',
    ca: [domain.authority.rootPem],
    cert: client.host.chainPem,
    key: client.host.keyPem,
  });
  trickle.on('error', () => undefined);
  trickle.on('data', () => undefined);
  const trickleClosed = new Promise((resolve) => trickle.once('close', resolve));
  trickle.write(`GET /${client.repository}/config HTTP/1.1\r\nHost: x\r\nX-Slow: `);
  const drip = setInterval(() => trickle.write('x'), 250);
  t.after(() => {
    clearInterval(drip);
    trickle.destroy();
    silent.destroy();
  });
  await client.raw('POST', `/${client.repository}/?create=true`);
  let over = false;
  const both = Promise.all([silentClosed, trickleClosed]).then(() => (over = true));
  while (!over) {
    assert.equal((await client.put('data', randomBytes(1000))).reply.status, 200);
    await Promise.race([both, new Promise((resolve) => setTimeout(resolve, 500))]);
  }
});

async function memory(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}
