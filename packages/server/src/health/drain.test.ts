import { listHosts } from '@sekisho/core/wire/trust.ts';
import { startDatabaseBackup } from '@sekisho/core/wire/database.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { csrOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { listBackups } from '../features/database/backup-files.ts';
import { join } from 'node:path';

/** A connection of our own to a TLS port, to say a request in pieces. */
async function dial(port: number): Promise<{ socket: TLSSocket; answer: () => string }> {
  let text = '';
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  socket.on('data', (chunk) => (text += chunk.toString('utf8')));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return { socket, answer: () => text };
}

test('S-08 a server that stops answers what it had begun, begins nothing new, and loses nothing', async (t) => {
  const trust = await TrustServer.start(t);
  const token = await trust.token();
  const csr = await csrOf({ name: 'web1.example', key: await generatePrivateKey('p256') });
  const body = Buffer.from(csr).toString('base64');
  const head = [
    'POST /.well-known/est/simpleenroll HTTP/1.1',
    'Host: server.example',
    'Content-Type: application/pkcs10',
    `Authorization: Basic ${Buffer.from(`token:${token}`).toString('base64')}`,
    `Content-Length: ${body.length}`,
  ];
  const [enrolling, probing] = [await dial(trust.server.ports.agent), await dial(trust.server.ports.admin)];
  t.after(() => {
    enrolling.socket.destroy();
    probing.socket.destroy();
  });
  enrolling.socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 100)}`);
  probing.socket.write('GET /healthz HTTP/1.1\r\nHost: server.example\r\n\r\n');
  await eventually('both are known to the server', () => (/alive/.test(probing.answer()) ? true : undefined));
  await trust.call(startDatabaseBackup);
  const stopped = trust.server.stop();

  probing.socket.write('GET /readyz HTTP/1.1\r\nHost: server.example\r\n\r\n');
  await eventually('it says that it is not ready', () => (/503/.test(probing.answer()) ? true : undefined));
  probing.socket.write('GET /v1/openapi.json HTTP/1.1\r\nHost: server.example\r\n\r\n');
  await eventually('nothing new', () => (/SERVER_STOPPING/.test(probing.answer()) ? true : undefined));

  enrolling.socket.write(body.slice(100));
  await eventually('the certificate has come', () =>
    /^HTTP\/1\.1 200 /.test(enrolling.answer()) ? true : undefined,
  );
  await stopped;
  // the backup was whole by then, or there is none
  for (const { rows } of await listBackups(join(trust.dataFolder, 'backups')))
    assert.ok((rows['hosts'] ?? 0) > 0);
  await trust.restart();
  const { hosts } = await trust.call(listHosts);
  assert.ok(hosts.some(({ name }) => name === 'web1.example'));
});
