import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePath, type PathFacts } from './rotation-path.ts';

const facts = (wish: Partial<PathFacts> = {}): PathFacts => ({
  kind: 'tls',
  wanted: null,
  emergency: null,
  withoutAnnounce: 0,
  withoutFailover: 0,
  servers: 1,
  ...wish,
});

const cases: readonly [string, Partial<PathFacts>, string][] = [
  ['where every agent accepts announced keys, it is announced', {}, 'announced all-announce'],
  ['several servers change nothing about that', { servers: 3 }, 'announced all-announce'],
  [
    'old agents that fail over get one server after the other',
    { withoutAnnounce: 2, servers: 2 },
    'failover old-agents several-servers-fail-over',
  ],
  ['one server has nowhere to fail over to', { withoutAnnounce: 2 }, 'off-on old-agents'],
  [
    'old agents that cannot fail over need path 3',
    { withoutAnnounce: 2, withoutFailover: 1, servers: 2 },
    'off-on old-agents',
  ],
  [
    'a signing certificate is no server’s own',
    { kind: 'signing', withoutAnnounce: 2, servers: 2 },
    'off-on old-agents',
  ],
  [
    'a CA is announced, whatever agents there are',
    { kind: 'ca', withoutAnnounce: 2 },
    'announced ca-has-no-other',
  ],
  ['an emergency takes the shortest way', { emergency: 'stolen', withoutAnnounce: 2 }, 'announced emergency'],
  ['an administrator may want another one', { wanted: 'off-on' }, 'off-on chosen'],
  ['failover with one server is refused', { wanted: 'failover' }, 'ROTATION_PATH_UNFIT'],
  [
    'failover of a signing certificate is refused',
    { wanted: 'failover', kind: 'signing', servers: 2 },
    'ROTATION_PATH_UNFIT',
  ],
  [
    'a CA is not changed with secure communication off',
    { wanted: 'off-on', kind: 'ca' },
    'ROTATION_PATH_UNFIT',
  ],
];
for (const [title, wish, expected] of cases)
  test(`F-31 ${title}`, () => {
    const decision = choosePath(facts(wish));
    assert.equal(decision.allow ? [decision.path, ...decision.reasons].join(' ') : decision.code, expected);
  });
