import { AppError } from '@sekisho/core/errors.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import type { TestHost } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { CONNECTIONS_PER_HOST_MAX } from '../limits.ts';
import type { Confirm } from './peer-connections.ts';

interface Asked {
  readonly name: string;
  allow(): void;
  refuse(): void;
}

test('T-31 a host is heard only once its name was confirmed, and what waits for that is bounded', async (t) => {
  const asked: Asked[] = [];
  const confirm: Confirm = ({ hostId, leaf }) => {
    const name = leaf.san.dns[0] ?? '-';
    return new Promise((resolve, reject) => {
      asked.push({
        name,
        allow: resolve,
        refuse: () => {
          reject(new AppError('PEER_NAME_PENDING', { name, host: hostId }));
        },
      });
    });
  };
  const domain = await MediaDomain.start(t, { confirm });
  const host = await domain.authority.host({ name: 'client.test' });
  const sockets: TLSSocket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  /** Connects and asks at once; what has come until now. */
  const knock = (shown: TestHost = host): { socket: TLSSocket; text: () => string } => {
    const socket = connect({
      host: '127.0.0.1',
      port: domain.server.port,
      ca: [domain.authority.rootPem],
      checkServerIdentity: () => undefined,
      key: shown.keyPem,
      cert: shown.chainPem,
    });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.write(`GET /${shown.hostId}.1/config HTTP/1.1\r\nHost: x\r\n\r\n`);
    sockets.push(socket);
    return { socket, text: () => text };
  };
  const next = (): Promise<Asked> => eventually('somebody is asked about', () => asked.shift());

  await t.test('T-31 it gets no answer before, and then the answer to what it asked', async () => {
    const { text } = knock();
    const question = await next();
    assert.deepEqual([question.name, text()], ['client.test', '']);
    question.allow();
    await eventually('it is answered', () => (text().startsWith('HTTP/1.1 404') ? true : undefined));
  });

  await t.test('T-31 T-02 refused it hears which check failed, and the connection ends', async () => {
    const { text, socket } = knock();
    (await next()).refuse();
    await eventually('it hears why', () => (text().includes('PEER_NAME_PENDING') ? true : undefined));
    await eventually('the connection ends', () => (socket.destroyed ? true : undefined));
  });

  await t.test('T-42 one that is revoked while it waits does not get in', async () => {
    const other = await domain.authority.host({ name: 'other.test' });
    const { text } = knock(other);
    const question = await next();
    await domain.revoke(other.certificate);
    question.allow();
    await eventually('it hears why', () => (text().includes('PEER_REVOKED') ? true : undefined));
  });

  await t.test('T-31 one host makes only so many wait, and one that goes away frees its place', async () => {
    const crowd = await domain.authority.host({ name: 'crowd.test' });
    const waiting = Array.from({ length: CONNECTIONS_PER_HOST_MAX }, () => knock(crowd));
    await eventually('all wait', () => (asked.length === waiting.length ? true : undefined));
    const { text } = knock(crowd);
    await eventually('the next is refused', () => (text().includes('RATE_LIMITED') ? true : undefined));
    for (const { socket } of waiting) socket.destroy();
    for (const question of asked.splice(0)) question.allow();
    const late = knock(crowd);
    (await next()).allow();
    await eventually('there is room again', () =>
      late.text().startsWith('HTTP/1.1 404') ? true : undefined,
    );
  });

  await t.test('T-33 live connections are asked about again, and cut when they may not go on', async () => {
    const { socket, text } = knock();
    (await next()).allow();
    await eventually('it is answered', () => (text() === '' ? undefined : true));
    const cutting = domain.server.confirmAgain((leaf) => leaf.san.dns.includes('client.test'));
    // the connection of the first part lives on too
    for (let n = 0; n < 2; n += 1) (await next()).refuse();
    assert.equal(await cutting, 2);
    await eventually('it is cut', () => (socket.destroyed ? true : undefined));
  });
});
