import { ROTATION_KINDS } from '@sekisho/core/rules/rotation.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectRefusals, judgeRefusals, PROBE_REFUSALS, REFUSALS } from '../bench/soak/refusals.ts';
import { HEARTBEAT_MS, makeSchedule, type SoakWish } from '../bench/soak/schedule.ts';

const WISH: SoakWish = { seed: 7, minutes: 60, agents: 2_000, real: 20, rotate: ROTATION_KINDS };
const wishes = fc.record({
  seed: fc.nat(),
  minutes: fc.integer({ min: 1, max: 90 }),
  agents: fc.integer({ min: 5, max: 300 }),
  real: fc.integer({ min: 0, max: 30 }),
  rotate: fc.subarray([...ROTATION_KINDS]),
});

test('a seed repeats its soak: schedule and expectation are the same, another seed gives others', () => {
  assert.deepEqual(makeSchedule(WISH), makeSchedule(WISH));
  assert.deepEqual(expectRefusals(makeSchedule(WISH)), expectRefusals(makeSchedule(WISH)));
  assert.notDeepEqual(makeSchedule(WISH), makeSchedule({ ...WISH, seed: 8 }));
});

test('an hour rotates TLS, signing and CA in turn, and kills in each round', () => {
  const { rounds } = makeSchedule(WISH);
  const kinds = rounds.map(({ events }) =>
    events.flatMap((event) => (event.what === 'rotate' ? event.kind : [])),
  );
  assert.equal(rounds.length, 15);
  assert.deepEqual(kinds.slice(0, 4), [['tls'], ['signing'], ['ca'], ['tls']]);
  for (const { events, late } of rounds) {
    assert.equal(events.filter(({ what }) => what === 'kill-server').length, 1);
    assert.equal(events.filter(({ what }) => what === 'kill-real').length, 3);
    assert.ok(late.agents.length >= 58 && late.agents.length <= 60);
    assert.equal(late.real.length, 1);
  }
});

test('in any schedule nobody is in two places: late, resting and revoked hosts are others, the revoked never come again', () => {
  fc.assert(
    fc.property(wishes, (wish) => {
      const gone = new Set<number>();
      for (const { events, late, lastsMs } of makeSchedule(wish).rounds) {
        const used = new Set(late.agents);
        const revoked: number[] = [];
        let brokenUntilMs = 0;
        for (const event of events) {
          assert.ok(event.atMs >= 0 && event.atMs < lastsMs);
          if (event.what === 'rest' || event.what === 'revoke')
            for (const agent of event.agents) {
              assert.ok(!used.has(agent), `${agent} is in two places`);
              used.add(agent);
            }
          if (event.what === 'revoke') revoked.push(...event.agents);
          if (event.what === 'kill-real') assert.ok(!late.real.includes(event.real));
          if (event.what === 'kill-server') brokenUntilMs = event.atMs;
          if (event.what === 'probe') assert.ok(event.atMs > brokenUntilMs);
        }
        for (const agent of used) assert.ok(!gone.has(agent), `${agent} was revoked earlier`);
        for (const agent of revoked) gone.add(agent);
      }
    }),
    { numRuns: 60 },
  );
});

test('what is expected follows from the schedule: probes exactly, lost heartbeats within bounds', () => {
  const event = { atMs: 0, what: 'kill-server', downMs: 2 * HEARTBEAT_MS + 4_000 } as const;
  const probe = { atMs: 1, what: 'probe', probe: 'revoked', agent: 3, count: 3 } as const;
  const rest = { atMs: 0, what: 'rest', agents: [1], forMs: 1 } as const;
  const round = { lastsMs: 10, events: [event, rest, probe, probe], late: { agents: [2], real: [] } };
  const { probes, agents } = expectRefusals({
    wish: { ...WISH, agents: 10, real: 0 },
    rounds: [round, round],
  });
  assert.deepEqual(probes, { CERTIFICATE_REVOKED: 12 });
  // eight agents are surely there, and two heartbeats fall into the time, whatever the jitter
  assert.equal(agents.SERVER_UNREACHABLE?.least, 2 * 8 * 2);
  assert.deepEqual(agents.PEER_CHAIN_UNTRUSTED, { least: 0, most: 0 });
});

test('every bound is one of the closed list, in order, and only a change of the CA lets hosts be late', () => {
  fc.assert(
    fc.property(wishes, (wish) => {
      const { probes, agents } = expectRefusals(makeSchedule(wish));
      for (const code of [...Object.keys(probes), ...Object.keys(agents)]) assert.ok(code in REFUSALS, code);
      for (const { least, most } of Object.values(agents)) assert.ok(least >= 0 && least <= most);
      const rounds = makeSchedule(wish).rounds.length;
      const hasCa = wish.rotate.slice(0, rounds).includes('ca');
      assert.equal(agents.PEER_CHAIN_UNTRUSTED?.most !== 0, hasCa && wish.agents + wish.real > 0);
    }),
    { numRuns: 60 },
  );
  for (const code of Object.values(PROBE_REFUSALS)) assert.ok(code in REFUSALS);
});

test('a code that nobody expected, one too few and one too many are each found', () => {
  const expected = {
    probes: { CERTIFICATE_REVOKED: 3 },
    agents: { SERVER_UNREACHABLE: { least: 2, most: 4 } },
  };
  const judged = (probes: Record<string, number>, agents: Record<string, number>): number =>
    judgeRefusals(expected, { probes, agents }).length;
  assert.equal(judged({ CERTIFICATE_REVOKED: 3 }, { SERVER_UNREACHABLE: 4 }), 0);
  assert.equal(judged({ CERTIFICATE_REVOKED: 2 }, { SERVER_UNREACHABLE: 2 }), 1);
  assert.equal(judged({ CERTIFICATE_REVOKED: 3 }, { SERVER_UNREACHABLE: 1 }), 1);
  assert.equal(judged({ CERTIFICATE_REVOKED: 3 }, { SERVER_UNREACHABLE: 5 }), 1);
  assert.equal(
    judged({ CERTIFICATE_REVOKED: 3, BODY_INVALID: 1 }, { SERVER_UNREACHABLE: 3, INTERNAL: 1 }),
    2,
  );
  assert.equal(judged({}, {}), 2);
});
