import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedSeconds, type DurationFacts } from './rotation-duration.ts';

const facts: DurationFacts = {
  kind: 'tls',
  path: 'announced',
  emergency: null,
  longestHeartbeatSeconds: 300,
  silent: 0,
  heartbeatsOnly: 0,
  servers: 2,
  rekeySeconds: 20,
  reconnectSeconds: 3,
};
const CYCLES = 900;

const CASES: readonly (readonly [string, Partial<DurationFacts>, number])[] = [
  ['everybody has a channel, and is asked for a new connection', {}, 8 + 3],
  ['a signing certificate is seen without one', { kind: 'signing' }, 8],
  ['one hears with its heartbeats alone, at three gates', { heartbeatsOnly: 1 }, 8 + 3 + 3 * 330],
  ['one is silent, at three gates', { silent: 1, heartbeatsOnly: 1 }, 8 + 3 + 3 * CYCLES],
  [
    'the CA has a fourth gate, and asks each host again, for a certificate',
    { kind: 'ca', silent: 1 },
    10 + 3 + 20 + 4 * CYCLES,
  ],
  ['an emergency waits for nobody', { emergency: 'lost', silent: 5, heartbeatsOnly: 9 }, 8],
  ['nor does the CA when it is lost', { kind: 'ca', emergency: 'lost', silent: 5 }, 10 + 20],
  [
    'a stolen CA waits for who is silent',
    { kind: 'ca', emergency: 'stolen', silent: 5 },
    10 + 3 + 20 + 4 * CYCLES,
  ],
  ['failover: each server, and both gates', { path: 'failover' }, 8 + 4 * CYCLES],
  ['failover with a silent host', { path: 'failover', silent: 1 }, 8 + 3 + 5 * CYCLES],
  ['off and on: both gates', { path: 'off-on' }, 8 + 2 * CYCLES],
];

test('F-32 the time of an update is the sum of what its phases wait for', () => {
  for (const [name, wish, seconds] of CASES)
    assert.equal(expectedSeconds({ ...facts, ...wish }), seconds, name);
});
