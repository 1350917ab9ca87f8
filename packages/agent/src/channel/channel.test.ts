import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { until } from '../../test/until.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { HELD_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS, startChannel } from './channel.ts';

const FRAME_MALFORMED_CLOSE_CODE = 4_400;

class FakeSocket extends EventEmitter {
  resume(): void {
    /* nothing is paused */
  }
  terminate(): void {
    this.emit('close', 1006);
  }
}

test('F-03 a server that opens each channel and ends it at once is asked with growing waits; one that held, quickly', async (t) => {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const channel = startChannel({
    server: {
      openChannel: () => {
        sockets.push(new FakeSocket());
        return Promise.resolve(sockets.at(-1) as unknown as WebSocket);
      },
    } as unknown as ServerConnection,
    onOpen: () => undefined,
    onRefused: () => undefined,
    onFrame: () => undefined,
    onClosed: () => undefined,
    clock,
    random: { ...systemRandom, fraction: () => 1 },
    log: silentLog(),
  });
  t.after(() => channel.stop());
  const opened = async (count: number): Promise<void> => {
    await until(`channel ${count} is open`, () => sockets.length === count && channel.isOpen);
  };
  const end = async (): Promise<void> => {
    sockets.at(-1)!.emit('close', FRAME_MALFORMED_CLOSE_CODE);
    await until('it is closed', () => !channel.isOpen);
  };

  channel.setWanted(true);
  await opened(1);
  let waitMs = RECONNECT_MIN_MS;
  for (let count = 1; count <= 7; count += 1) {
    await end();
    await clock.advance(waitMs - 1);
    assert.equal(sockets.length, count, `nothing within ${waitMs} ms`);
    await clock.advance(1);
    await opened(count + 1);
    waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS);
  }
  await clock.advance(HELD_MS);
  await end();
  await clock.advance(RECONNECT_MIN_MS);
  await opened(9);
});
