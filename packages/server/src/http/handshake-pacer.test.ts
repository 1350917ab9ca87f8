import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HANDSHAKES_PER_TURN, HandshakePacer, takeOverConnections } from './handshake-pacer.ts';

test('of connections that come at once, a few begin their handshake in each turn, in their order', async () => {
  const begun: Socket[] = [];
  const pacer = new HandshakePacer((socket) => void begun.push(socket));
  const all = Array.from({ length: 2 * HANDSHAKES_PER_TURN + 3 }, () => new Socket());
  for (const socket of all) pacer.accept(socket);
  const counts = [begun.length];
  for (let turns = 0; turns < 3; turns += 1) {
    await turn();
    counts.push(begun.length);
  }
  const [once, twice] = [HANDSHAKES_PER_TURN, 2 * HANDSHAKES_PER_TURN];
  assert.deepEqual(counts, [once, twice, all.length, all.length]);
  assert.deepEqual(begun, all);
});

test('who comes alone waits for nobody, turn after turn', async () => {
  const begun: Socket[] = [];
  const pacer = new HandshakePacer((socket) => void begun.push(socket));
  for (let come = 1; come <= 3 * HANDSHAKES_PER_TURN; come += 1) {
    pacer.accept(new Socket());
    assert.equal(begun.length, come);
    await turn();
  }
});

test('who comes while others wait does not overtake them', async () => {
  const begun: Socket[] = [];
  const pacer = new HandshakePacer((socket) => void begun.push(socket));
  const first = Array.from({ length: 2 * HANDSHAKES_PER_TURN + 1 }, () => new Socket());
  for (const socket of first) pacer.accept(socket);
  await turn();
  const last = new Socket();
  pacer.accept(last);
  await turn();
  assert.deepEqual(begun, [...first, last]);
});

test('a connection that ended while it waited begins nothing, and takes nobody its place', async () => {
  const begun: Socket[] = [];
  const pacer = new HandshakePacer((socket) => void begun.push(socket));
  const all = Array.from({ length: 2 * HANDSHAKES_PER_TURN + 1 }, () => new Socket());
  for (const socket of all) pacer.accept(socket);
  const gone = all[HANDSHAKES_PER_TURN];
  gone?.destroy();
  await turn();
  assert.deepEqual(
    begun,
    all.filter((socket) => socket !== gone),
  );
});

test('the listener that is taken over is the one of TLS alone', () => {
  const server = createServer();
  takeOverConnections(server);
  assert.equal(server.listenerCount('connection'), 0);
  assert.throws(() => takeOverConnections(server), /listens otherwise/);
});
