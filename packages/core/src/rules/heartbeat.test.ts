import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decideCertificate,
  decideFetch,
  heartbeatWaitMs,
  type HeldSerials,
  type WantedState,
} from './heartbeat.ts';

const held: HeldSerials = {
  bundleGeneration: 5,
  listSerial: 10,
  assignmentSerial: 20,
  policySerial: 30,
  crlNumber: 3,
};
const wanted: WantedState = { ...held, certificate: 'keep' };

test('F-02 an agent that holds what it should hears "nothing new"', () => {
  assert.deepEqual(decideFetch(held, wanted), []);
});

const behind: [string, Partial<WantedState>, string[]][] = [
  ['bundle', { bundleGeneration: 6 }, ['bundle']],
  ['list', { listSerial: 11 }, ['list']],
  ['assignment', { assignmentSerial: 21 }, ['assignment']],
  ['policy', { policySerial: 31 }, ['policy']],
  ['revocation list', { crlNumber: 4 }, ['crl']],
  ['certificate', { certificate: 'renew' }, ['certificate']],
  ['policy and list', { policySerial: 99, listSerial: 99 }, ['list', 'policy']],
];
for (const [what, change, fetch] of behind) {
  test(`F-02 an agent with an old ${what} is told to fetch it`, () => {
    assert.deepEqual(decideFetch(held, { ...wanted, ...change }), fetch);
  });
}

test('F-02 a bare number higher than ours asks for nothing', () => {
  const numbers = fc.record({
    bundleGeneration: fc.nat(),
    listSerial: fc.nat(),
    assignmentSerial: fc.nat(),
    policySerial: fc.nat(),
    crlNumber: fc.nat(),
  });
  fc.assert(
    fc.property(numbers, numbers, (has, more) => {
      const higher = Object.fromEntries(
        Object.entries(has).map(([name, value]) => [name, value + more[name as keyof HeldSerials]]),
      ) as unknown as HeldSerials;
      assert.deepEqual(decideFetch(higher, { ...has, certificate: 'keep' }), []);
    }),
  );
});

const certificates: [string, Parameters<typeof decideCertificate>[0], 'keep' | 'renew'][] = [
  ['fits', facts(false, ['a', 'b'], false, ['B', 'a']), 'keep'],
  ['lacks the media role', facts(true, ['a'], false, ['a']), 'renew'],
  ['says a role that was taken away', facts(false, ['a'], true, ['a']), 'renew'],
  ['lacks a name that was approved', facts(false, ['a', 'b'], false, ['a']), 'renew'],
  ['says a name that was taken away', facts(false, ['a'], false, ['a', 'b']), 'renew'],
  ['says another name beside the right one', facts(false, ['a', 'b'], false, ['a', 'c']), 'renew'],
  ['says other names, as many', facts(false, ['a'], false, ['b']), 'renew'],
];
for (const [what, input, decision] of certificates) {
  test(`T-03 a certificate that ${what}: ${decision}`, () => {
    assert.equal(decideCertificate(input), decision);
  });
}

function facts(media: boolean, names: string[], serverAuth: boolean, has: string[]) {
  return { granted: { media, names }, held: { serverAuth, names: has } };
}

test('F-02 the wait between two heartbeats is the period, give or take a tenth of it', () => {
  const waits: [number, number, number][] = [
    [300, 0, 270_000],
    [300, 0.5, 300_000],
    [300, 1, 330_000],
    [10, 0, 9_000],
    [86_400, 1, 95_040_000],
  ];
  for (const [seconds, fraction, expected] of waits)
    assert.equal(Math.round(heartbeatWaitMs(seconds, fraction)), expected);
});
