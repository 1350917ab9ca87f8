import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLOCK_SKEW_MAX_MS } from '../limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import {
  believedReply,
  decideAct,
  decideAddressee,
  decideSwitchOff,
  decideVerification,
  isOffAt,
  NO_VERIFICATION_MEMORY,
  SERVER_ACTS,
  VERIFICATION_OFF_MAX_MS,
  type ServerAct,
  type VerificationFacts,
  type VerificationMemory,
} from './verification.ts';

const T = 1_800_000_000_000;
const order = { state: 'off', sinceMs: T, untilMs: T + DAY_MS } as const;
const facts: VerificationFacts = {
  order,
  isOwn: true,
  memory: NO_VERIFICATION_MEMORY,
  nowMs: T + HOUR_MS,
};
const during = (reachedMs: number): VerificationMemory => ({
  endedThroughMs: 0,
  off: { sinceMs: T, untilMs: T + DAY_MS, reachedMs },
});

describe('F-20 is verification off for this agent now?', () => {
  const CASES: readonly [string, Partial<VerificationFacts>, string][] = [
    ['a signed order that has begun and not ended', {}, 'off'],
    ['no order', { order: { state: 'on' } }, 'ordered'],
    ['the policy of another group', { isOwn: false }, 'not-own'],
    [
      'an end of exactly 14 days after the beginning',
      { order: { ...order, untilMs: T + VERIFICATION_OFF_MAX_MS } },
      'off',
    ],
    [
      'an end a millisecond later',
      { order: { ...order, untilMs: T + VERIFICATION_OFF_MAX_MS + 1 } },
      'end-too-far',
    ],
    ['an end of 15 days', { order: { ...order, untilMs: T + 15 * DAY_MS } }, 'end-too-far'],
    ['the last millisecond', { nowMs: T + DAY_MS - 1 }, 'off'],
    ['the end itself', { nowMs: T + DAY_MS }, 'over'],
    ['a month offline', { nowMs: T + 30 * DAY_MS, memory: during(T + HOUR_MS) }, 'over'],
    ['an order that is over already when it comes', { nowMs: T + 30 * DAY_MS }, 'over'],
    ['an order that ended before', { memory: { endedThroughMs: T, off: null } }, 'over'],
    ['an order before one that ended', { memory: { endedThroughMs: T + 1, off: null } }, 'over'],
    ['a new order after one that ended', { memory: { endedThroughMs: T - 1, off: null } }, 'off'],
    ['a clock that is a little behind the server', { nowMs: T - CLOCK_SKEW_MAX_MS }, 'off'],
    ['a clock from before the order', { nowMs: T - CLOCK_SKEW_MAX_MS - 1 }, 'not-begun'],
    [
      'a clock that was corrected by some minutes',
      { nowMs: T + HOUR_MS, memory: during(T + HOUR_MS + CLOCK_SKEW_MAX_MS) },
      'off',
    ],
    [
      'a clock that was set back',
      { nowMs: T + HOUR_MS, memory: during(T + HOUR_MS + CLOCK_SKEW_MAX_MS + 1) },
      'clock-set-back',
    ],
    [
      'a clock that was set back a little, at the very end',
      { nowMs: T + DAY_MS - MINUTE_MS, memory: during(T + DAY_MS) },
      'over',
    ],
    [
      'what was reached in another switch-off says nothing of this one',
      { memory: { endedThroughMs: 0, off: { sinceMs: T - 1, untilMs: T, reachedMs: T + 9 * HOUR_MS } } },
      'off',
    ],
  ];
  for (const [what, change, expected] of CASES)
    test(`${what}: ${expected}`, () => {
      const decision = decideVerification({ ...facts, ...change });
      assert.equal(decision.verification === 'off' ? 'off' : decision.why, expected);
    });

  test('what ended stays ended, whatever the clock says and whatever was remembered', () => {
    const moment = fc.integer({ min: T - 40 * DAY_MS, max: T + 40 * DAY_MS });
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1, maxLength: 8 }), (clock) => {
        let memory = NO_VERIFICATION_MEMORY;
        let isOver = false;
        let latestMs = 0;
        for (const nowMs of clock) {
          const decision = decideVerification({ ...facts, memory, nowMs });
          memory = decision.memory;
          if (decision.verification === 'on') isOver ||= decision.why !== 'not-begun';
          else {
            assert.equal(isOver, false);
            assert.ok(nowMs < order.untilMs && nowMs >= latestMs - CLOCK_SKEW_MAX_MS);
            latestMs = Math.max(latestMs, nowMs);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('switched on again and off again: the later one counts, the earlier one never again', () => {
    const off = decideVerification(facts);
    const on = decideVerification({ ...facts, order: { state: 'on' }, memory: off.memory });
    assert.deepEqual(on.memory, { endedThroughMs: T, off: null });
    assert.equal(decideVerification({ ...facts, memory: on.memory }).verification, 'on');
    const again = { state: 'off', sinceMs: T + 1, untilMs: T + DAY_MS } as const;
    assert.equal(decideVerification({ ...facts, order: again, memory: on.memory }).verification, 'off');
  });
});

test('F-20 an administrator names an end that is to come, and at most 14 days away', () => {
  const codes = [T, T - 1, T + 1, T + VERIFICATION_OFF_MAX_MS, T + VERIFICATION_OFF_MAX_MS + 1].map((end) => {
    const decision = decideSwitchOff(end, T);
    return decision.allow ? 'yes' : decision.code;
  });
  assert.deepEqual(codes, [
    'VERIFICATION_END_PAST',
    'VERIFICATION_END_PAST',
    'yes',
    'yes',
    'VERIFICATION_END_TOO_FAR',
  ]);
  assert.deepEqual([isOffAt(order, T + DAY_MS - 1), isOffAt(order, T + DAY_MS)], [true, false]);
  assert.equal(isOffAt({ state: 'on' }, T), false);
});

test('F-20 while off an agent reports itself and fetches what is signed; the rest waits', () => {
  const ALLOWED: Readonly<Record<ServerAct, readonly string[]>> = {
    heartbeat: ['https', 'http'],
    document: ['https', 'http'],
    renewal: ['https'],
    report: [],
    channel: [],
    question: [],
    password: [],
  };
  for (const act of SERVER_ACTS)
    for (const protocol of ['https', 'http'] as const) {
      const decision = decideAct(act, protocol);
      assert.equal(decision.allow, ALLOWED[act].includes(protocol), `${act} over ${protocol}`);
      if (!decision.allow) assert.equal(decision.code, 'VERIFICATION_OFF');
    }
});

test('F-20 of an answer that anybody may have given, only what is signed is fetched', () => {
  const believed = believedReply({
    nowMs: 5,
    fetch: ['bundle', 'list', 'assignment', 'policy', 'crl', 'certificate'],
    offers: ['an order'],
    cancels: ['ab'.repeat(16) as never],
    names: 7,
    renewal: { fingerprint: 'ab'.repeat(32) as never, renewAtMs: 1 },
  });
  assert.deepEqual(believed, {
    nowMs: 5,
    fetch: ['bundle', 'list', 'assignment', 'policy', 'crl'],
    offers: [],
    cancels: [],
  });
});

test('F-20 what was signed for another host, group or list is refused', () => {
  const own = { hostId: 'h1', assignment: { group: 'g1', list: 'l1' } };
  const cases: readonly [Parameters<typeof decideAddressee>[0], boolean][] = [
    [{ type: 'bundle' }, true],
    [{ type: 'assignment', hostId: 'h1' }, true],
    [{ type: 'assignment', hostId: 'h2' }, false],
    [{ type: 'policy', group: 'g1' }, true],
    [{ type: 'policy', group: 'g2' }, false],
    [{ type: 'list', list: 'l1' }, true],
    [{ type: 'list', list: 'l2' }, false],
  ];
  for (const [document, allow] of cases) {
    const decision = decideAddressee(document, own);
    assert.equal(decision.allow, allow, JSON.stringify(document));
  }
  assert.equal(
    decideAddressee({ type: 'policy', group: 'g1' }, { ...own, assignment: undefined }).allow,
    false,
  );
});
