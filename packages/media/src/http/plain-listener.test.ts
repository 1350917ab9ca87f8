import { AppError } from '@sekisho/core/errors.ts';
import { repositoryName } from '@sekisho/core/ids.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import { newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { LEGACY_CONNECTIONS_PER_ADDRESS_MAX } from '../limits.ts';

test('T-50 the plain listener of a media server', async (t) => {
  const domain = await MediaDomain.start(t);
  const [hostId, otherId] = [newHostId(), newHostId()];
  const own = repositoryName(hostId, 1);
  let isOn = true;
  const listener = await domain.server.listenForLegacy({
    listen: { host: '127.0.0.1', port: 0 },
    admit: async ({ name, key }) => {
      if (!isOn) throw new AppError('INSECURE_COMMUNICATION_OFF');
      if (name !== 'old' || key.reveal() !== 'right') throw new AppError('LEGACY_KEY_REFUSED');
      return { hostId, repositories: [{ repository: own, readUntilMs: null }] };
    },
  });
  t.after(() => listener.stop());
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const knock = (): Socket => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  /** The status of an answer to a request on this connection. */
  const ask = async (socket: Socket, line: string, key = 'right'): Promise<number> => {
    const basic = Buffer.from(`old:${key}`).toString('base64');
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${basic}\r\nContent-Length: 0\r\n\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    return Number(data.toString('latin1').slice(9, 12));
  };
  const id = 'ab'.repeat(32);

  const refusals: readonly [line: string, status: number][] = [
    [`GET /${own}/data/${id}`, 403], // no grant
    [`GET /${own}/data/${id}?x=1`, 404],
    [`GET /${own}/index/../data/${id}`, 404],
    [`GET /${own}/index/%2e%2e/data/${id}`, 404],
    [`GET //${own}/data/${id}`, 404],
    [`GET http://x/${own}/data/${id}`, 404],
    [`GET /${repositoryName(hostId, 2)}/config`, 403], // its own, but not one that was named
    [`GET /${repositoryName(otherId, 1)}/config`, 403],
    [`DELETE /${own}/`, 403],
    [`DELETE /${own}/snapshots/${id}`, 403],
  ];
  for (const [line, status] of refusals)
    await t.test(
      `T-50 ${line.replaceAll(hostId, 'OWN').replaceAll(otherId, 'OTHER')} is refused`,
      async () => {
        const found = await ask(knock(), line);
        assert.ok(found >= 400 && found < 500, `${found}`);
        if (status === 403) assert.equal(found, 403);
      },
    );

  await t.test('T-50 a neighbour behind the same address ends no connection of who was let in', async () => {
    const held = knock();
    assert.equal(await ask(held, `POST /${own}/?create=true`), 200);
    const strangers = Array.from({ length: LEGACY_CONNECTIONS_PER_ADDRESS_MAX + 8 }, knock);
    await eventually('the oldest strangers gave way', () =>
      strangers.filter(({ closed }) => closed).length >= 8 ? true : undefined,
    );
    assert.equal(held.closed, false);
    assert.equal(await ask(held, `GET /${own}/keys/`), 200);
    for (const socket of strangers) socket.destroy();
  });

  await t.test('T-51 who may not come in any more is cut', async () => {
    const held = knock();
    assert.equal(await ask(held, `GET /${own}/keys/`), 200);
    const closed = once(held, 'close');
    isOn = false;
    await listener.checkAgain();
    await closed;
    assert.equal(await ask(knock(), `GET /${own}/keys/`), 403);
  });
});
