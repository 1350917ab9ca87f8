import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, MINUTE_MS } from '../time.ts';
import { judgeHost, type HostFacts } from './host-state.ts';

const nowMs = 1_800_000_000_000;
const fresh = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 364 * DAY_MS, revokedAtMs: null };
const base: HostFacts = {
  lastSeenMs: nowMs - MINUTE_MS,
  channelOpen: false,
  heartbeatSeconds: 300,
  legacy: false,
  certificate: fresh,
  policySerial: 7,
  wantedPolicySerial: 7,
  health: [],
  orphanedSinceMs: null,
};

const cases: [string, Partial<HostFacts>, string[]][] = [
  ['was seen a minute ago', {}, ['online']],
  ['was seen just short of three heartbeats ago', { lastSeenMs: nowMs - 15 * MINUTE_MS + 1 }, ['online']],
  ['missed three heartbeats', { lastSeenMs: nowMs - 15 * MINUTE_MS }, ['offline']],
  [
    'missed three heartbeats but has its channel open',
    { lastSeenMs: nowMs - DAY_MS, channelOpen: true },
    ['online'],
  ],
  ['never sent a heartbeat', { lastSeenMs: null, policySerial: null }, ['never-seen']],
  ['is legacy', { legacy: true, certificate: null }, ['online', 'legacy']],
  ['is revoked', { certificate: { ...fresh, revokedAtMs: nowMs - 1 } }, ['offline', 'revoked']],
  [
    'has a certificate that ended',
    { certificate: { ...fresh, notAfterMs: nowMs - 1 } },
    ['online', 'certificate-expired'],
  ],
  [
    'has a certificate that ends at this moment',
    { certificate: { ...fresh, notAfterMs: nowMs } },
    ['online', 'certificate-expiring'],
  ],
  ['has 30 days left of a month', { certificate: { ...fresh, notAfterMs: nowMs + 30 * DAY_MS } }, ['online']],
  [
    'has 30 days left of two years',
    { certificate: { ...fresh, notBeforeMs: nowMs - 700 * DAY_MS, notAfterMs: nowMs + 30 * DAY_MS } },
    ['online', 'certificate-expiring'],
  ],
  [
    'has a sixth left of a day',
    {
      certificate: {
        ...fresh,
        notBeforeMs: nowMs - 20 * 60 * MINUTE_MS,
        notAfterMs: nowMs + 4 * 60 * MINUTE_MS,
      },
    },
    ['online', 'certificate-expiring'],
  ],
  ['holds an old policy', { wantedPolicySerial: 8 }, ['online', 'policy-outdated']],
  ['refuses its server', { health: ['orphaned'] }, ['online', 'orphaned']],
];
for (const [what, facts, states] of cases) {
  test(`F-05 a host that ${what} is ${states.join(', ')}`, () => {
    assert.deepEqual(judgeHost({ ...base, ...facts }, nowMs).states, states);
  });
}

test('F-05 each state that wants attention says why: the silence in periods, serials, dates', () => {
  const revokedAtMs = nowMs - DAY_MS;
  const reasonsOf = (facts: Partial<HostFacts>) => judgeHost({ ...base, ...facts }, nowMs).reasons;
  assert.deepEqual(reasonsOf({}), []);
  assert.deepEqual(reasonsOf({ lastSeenMs: nowMs - 16 * MINUTE_MS }), [
    {
      why: 'silent',
      state: 'offline',
      lastSeenAtMs: nowMs - 16 * MINUTE_MS,
      heartbeatSeconds: 300,
      missed: 3,
    },
  ]);
  assert.deepEqual(
    reasonsOf({
      certificate: { ...fresh, revokedAtMs },
      health: ['orphaned'],
      orphanedSinceMs: nowMs - DAY_MS,
      policySerial: 6,
    }),
    [
      { why: 'not-heard', state: 'offline', revokedAtMs },
      { why: 'revoked', state: 'revoked', revokedAtMs },
      { why: 'older-policy', state: 'policy-outdated', held: 6, wanted: 7 },
      { why: 'refuses-server', state: 'orphaned', reportedAtMs: nowMs - DAY_MS },
    ],
  );
});
