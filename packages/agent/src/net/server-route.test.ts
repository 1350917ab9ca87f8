import { AppError } from '@sekisho/core/errors.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Relay } from './open-tunnel.ts';
import { DIRECT_AGAIN_MS, DIRECT_PATIENCE_MS, ServerRoute } from './server-route.ts';

const never = new AbortController().signal;
const relay = (address: string): Relay => ({ hostId: undefined, address, port: 13_002 });
const [one, two] = [relay('media1'), relay('media2')];
const socket = { destroy: () => undefined } as unknown as TLSSocket;
const down = (code: string): Error => Object.assign(new Error(code), { code });
const wrongServer = new AppError('PEER_ROLE_WRONG', { subject: 'a', role: 'server' });

/** A network of which a test says what works; what was tried is noted. */
function network(relays: readonly Relay[]) {
  const state = {
    relays,
    direct: undefined as Error | undefined,
    through: new Map<string, Error>(),
    tried: [] as string[],
    back: 0,
  };
  const clock = new FakeClock();
  const route = new ServerRoute({
    server: 'backup:13000',
    relays: () => state.relays,
    direct: (_signal, timeoutMs) => {
      state.tried.push(`direct ${timeoutMs ?? ''}`.trim());
      return state.direct === undefined ? Promise.resolve(socket) : Promise.reject(state.direct);
    },
    through: ({ address }) => {
      state.tried.push(address);
      const failure = state.through.get(address);
      return failure === undefined ? Promise.resolve(socket) : Promise.reject(failure);
    },
    onDirectAgain: () => (state.back += 1),
    clock,
    log: silentLog(),
  });
  const dial = async (): Promise<string[]> => {
    state.tried = [];
    await route.dial(never);
    return state.tried;
  };
  return { state, clock, route, dial };
}

test('T-60 the direct way is taken when it works; without media servers it gets all its time', async () => {
  const alone = network([]);
  assert.deepEqual(await alone.dial(), ['direct']);
  const { route, dial } = network([one]);
  assert.equal(route.mayBeDirect, false); // nothing was reached yet
  assert.deepEqual(await dial(), [`direct ${DIRECT_PATIENCE_MS}`]);
  assert.equal(route.via, undefined);
  assert.equal(route.mayBeDirect, true);
});

test('T-60 where it leads nowhere media servers are tried in turn, and the one that works is kept', async () => {
  const { state, route, dial } = network([one, two]);
  state.direct = down('EHOSTUNREACH');
  state.through.set('media1', new AppError('TUNNELS_TOO_MANY', { limit: 16 }));
  assert.deepEqual(await dial(), [`direct ${DIRECT_PATIENCE_MS}`, 'media1', 'media2']);
  assert.equal(route.via, two);
  assert.deepEqual(await dial(), ['media2']);

  state.through.set('media2', down('ECONNREFUSED'));
  state.through.delete('media1');
  assert.deepEqual(await dial(), ['media2', 'media1']);
  assert.equal(route.via, one);

  // it is no media server any more
  state.relays = [two];
  state.through.delete('media2');
  assert.deepEqual(await dial(), [`direct ${DIRECT_PATIENCE_MS}`, 'media2']);
});

test('T-60 when nothing leads there each way is named, and the direct one is tried again too', async () => {
  const { state, dial } = network([one]);
  state.direct = down('ETIMEDOUT');
  await dial();
  state.through.set('media1', new AppError('TUNNEL_SERVER_UNREACHABLE', { server: 'backup', detail: '-' }));
  await assert.rejects(dial(), (error) => {
    assert.ok(error instanceof AppError && error.code === 'SERVER_UNREACHABLE');
    assert.equal(error.params['detail'], 'media1:13002: TUNNEL_SERVER_UNREACHABLE; ETIMEDOUT');
    return true;
  });
  assert.deepEqual(state.tried, ['media1', `direct ${DIRECT_PATIENCE_MS}`]);
});

test('T-60 T-02 a server that shows the wrong certificate is refused, not gone around; behind a media server too', async () => {
  const { state, dial } = network([one, two]);
  state.direct = wrongServer;
  await assert.rejects(dial(), wrongServer);
  assert.deepEqual(state.tried, [`direct ${DIRECT_PATIENCE_MS}`]);
  state.direct = down('ECONNREFUSED');
  state.through.set('media1', wrongServer).set('media2', down('ECONNREFUSED'));
  await assert.rejects(dial(), wrongServer);
});

test('T-60 while a tunnel is used the direct way is looked at, not too often, and taken when it works again', async () => {
  const { state, clock, route, dial } = network([one]);
  await route.lookForDirect(never);
  assert.deepEqual(state.tried, []);
  state.direct = down('ENETUNREACH');
  await dial();
  state.tried = [];
  await Promise.all([route.lookForDirect(never), route.lookForDirect(never)]);
  await route.lookForDirect(never);
  assert.deepEqual(state.tried, ['direct']);
  assert.equal(route.via, one);
  state.direct = undefined;
  await clock.advance(DIRECT_AGAIN_MS);
  await route.lookForDirect(never);
  assert.equal(route.via, undefined);
  assert.equal(state.back, 1);
  assert.deepEqual(await dial(), [`direct ${DIRECT_PATIENCE_MS}`]);
});
