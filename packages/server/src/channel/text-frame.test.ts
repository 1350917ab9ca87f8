import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { TEXT_FRAME_BYTES_MAX, textFrame } from './text-frame.ts';

const TEXTS = ['', 'x'.repeat(125), 'x'.repeat(126), '日本'.repeat(1000), 'x'.repeat(TEXT_FRAME_BYTES_MAX)];

test('a text frame of every form of length is read by a WebSocket client', async () => {
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      for (const text of TEXTS) socket.write(textFrame(text) ?? '');
      webSocket.close();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const heard: string[] = [];
    client.on('message', (data: Buffer, isBinary) => {
      assert.equal(isBinary, false);
      heard.push(data.toString('utf8'));
    });
    await once(client, 'close');
    assert.deepEqual(heard, TEXTS);
  } finally {
    server.close();
    await once(server, 'close');
  }
});

test('a text that needs eight bytes for its length is left to the library', () => {
  assert.equal(textFrame('x'.repeat(TEXT_FRAME_BYTES_MAX + 1)), undefined);
  assert.equal(textFrame('あ'.repeat(TEXT_FRAME_BYTES_MAX / 3 + 1)), undefined);
});
