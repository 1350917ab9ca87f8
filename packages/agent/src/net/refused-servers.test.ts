import { AppError } from '@sekisho/core/errors.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthBoard } from '../health.ts';
import { REFUSAL_REMEMBERED_MS, watchRefusedServers } from './refused-servers.ts';

const named = (key: string) => ({ key, address: `${key}.example`, port: 13_000 });

test('F-05 an agent that refuses a server of its list says so, until it accepts it, has another list, or a day has gone', async () => {
  const clock = new FakeClock();
  const health = new HealthBoard();
  const servers = watchRefusedServers(health, clock);
  servers.refused(named('a'), new AppError('PEER_CHAIN_UNTRUSTED'));
  servers.refused(named('b'), new AppError('PEER_CERTIFICATE_EXPIRED'));
  assert.equal(
    health.details['orphaned'],
    'a.example:13000: PEER_CHAIN_UNTRUSTED, b.example:13000: PEER_CERTIFICATE_EXPIRED',
  );
  assert.deepEqual(
    servers.all.map(({ server, error }) => [server, error.code]),
    [
      ['a.example:13000', 'PEER_CHAIN_UNTRUSTED'],
      ['b.example:13000', 'PEER_CERTIFICATE_EXPIRED'],
    ],
  );
  servers.reached('a');
  servers.reached('c');
  assert.equal(health.details['orphaned'], 'b.example:13000: PEER_CERTIFICATE_EXPIRED');
  servers.reached('b');
  assert.deepEqual(health.codes, []);
  servers.refused(named('a'), new AppError('PEER_CHAIN_UNTRUSTED'));
  servers.forget();
  assert.deepEqual(health.codes, []);
  servers.refused(named('a'), new AppError('PEER_CHAIN_UNTRUSTED'));
  await clock.advance(REFUSAL_REMEMBERED_MS);
  servers.check();
  assert.deepEqual(health.codes, ['orphaned']);
  await clock.advance(1);
  servers.check();
  assert.deepEqual(health.codes, []);
});
