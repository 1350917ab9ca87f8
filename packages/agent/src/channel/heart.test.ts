import type { Heartbeat } from '@sekisho/core/wire/agent.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { WebSocket } from 'ws';
import { until } from '../../test/until.ts';
import { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { openSpool } from '../spool/spool.ts';
import { CHANNEL_AWAITED_MAX_MS, startHeart } from './heart.ts';

const reply = { nowMs: 0, fetch: [], offers: [], cancels: [] };

/** Answers each heartbeat. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly bufferedAmount = 0;
  beats = 0;
  resume(): void {
    /* nothing is paused */
  }
  terminate(): void {
    this.emit('close', 1006);
  }
  close(): void {
    this.readyState = 2;
    setImmediate(() => this.emit('close', 1000));
  }
  send(text: string): void {
    const { seq } = JSON.parse(text) as { seq: number };
    this.beats += 1;
    setImmediate(() => {
      this.emit('message', JSON.stringify({ type: 'heartbeat.reply', seq, body: reply }), false);
    });
  }
}

async function heartOf(t: TestContext, openChannel: () => Promise<FakeSocket>) {
  const clock = new FakeClock();
  let posted = 0;
  const sockets: FakeSocket[] = [];
  const heart = startHeart({
    server: {
      isVerified: true,
      betterIsReady: () => false,
      lookForDirect: () => undefined,
      openChannel: async () => {
        const socket = await openChannel();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
      call: () => {
        posted += 1;
        return Promise.resolve(reply);
      },
    } as unknown as ServerConnection,
    spool: await openSpool({ folder: await tempFolder(t), log: silentLog() }),
    heartbeat: () => ({}) as Heartbeat,
    period: () => ({ seconds: 300, mode: 'push' }),
    onReply: () => undefined,
    onCome: () => undefined,
    health: new HealthBoard(),
    clock,
    random: systemRandom,
    log: silentLog(),
  });
  t.after(() => heart.stop());
  const beats = (): number => sockets.reduce((sum, socket) => sum + socket.beats, 0);
  return { clock, heart, sockets, beats, posted: () => posted };
}

test('F-03 one connection does for the channel and the first heartbeat, also when a new one takes its place', async (t) => {
  const { heart, beats, posted } = await heartOf(t, () => Promise.resolve(new FakeSocket()));
  await until('a heartbeat went over the channel', () => beats() === 1);
  // a renewed certificate is shown at once
  heart.channel.reconnect();
  heart.beatSoon();
  await until('a heartbeat went over the next one', () => beats() === 2);
  assert.equal(posted(), 0);
});

test('F-03 while there is no channel heartbeats are posted: at once when it is refused, soon when nobody answers', async (t) => {
  const refused = await heartOf(t, () => Promise.reject(new Error('refused')));
  await until('it was posted', () => refused.posted() === 1);
  const opening = Promise.withResolvers<FakeSocket>();
  const silent = await heartOf(t, () => opening.promise);
  await until('it waits', () => silent.clock.pendingTimers > 0);
  await silent.clock.advance(CHANNEL_AWAITED_MAX_MS - 1);
  assert.equal(silent.posted(), 0);
  await silent.clock.advance(1);
  await until('it was posted', () => silent.posted() === 1);
  opening.reject(new Error('gone'));
});
