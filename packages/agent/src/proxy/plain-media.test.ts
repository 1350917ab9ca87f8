import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { MediaConnection } from './media-connection.ts';

const HOST = parseHostId('22222222-2222-4222-8222-222222222222');

test('T-53 a legacy media server is dialled in plain only after a yes, and cut when there is none any more', async (t) => {
  assert.ok(HOST !== undefined);
  let connections = 0;
  const server = createServer((_asked, response) => response.write('begun'));
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  let allowed = false;
  const endpoints = [{ address: '127.0.0.1', port: address.port }];
  const media = new MediaConnection(
    { hostId: HOST, name: 'old-store', endpoints, legacy: true },
    {
      identity: () => assert.fail('nobody shows a certificate here'),
      trust: () => assert.fail('nobody shows a certificate here'),
      askLegacy: (hostId) => {
        assert.equal(hostId, HOST);
        return allowed ? Promise.resolve() : Promise.reject(new AppError('INSECURE_COMMUNICATION_OFF'));
      },
      log: silentLog(),
    },
  );
  t.after(() => media.close());
  const ask = () => request({ agent: media.agent, host: '127.0.0.1', port: address.port }).end();
  const [refused] = (await once(ask(), 'error')) as [AppError];
  assert.equal(refused.code, 'INSECURE_COMMUNICATION_OFF');
  assert.equal(connections, 0, 'nothing was sent');
  allowed = true;
  const sent = ask();
  sent.on('error', () => undefined); // it is cut
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let cut = false;
  answer
    .on('error', () => (cut = true))
    .on('close', () => (cut = true))
    .resume();
  allowed = false;
  await eventually('the connection is cut', () => (cut ? true : undefined));
});
