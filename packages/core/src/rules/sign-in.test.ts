import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';
import {
  budgetsOf,
  countFailure,
  decideSignIn,
  isForgotten,
  SIGN_IN_BUDGETS,
  takeBack,
  waitAfterMs,
  type BudgetName,
  type Tally,
} from './sign-in.ts';

const NAMES = Object.keys(SIGN_IN_BUDGETS) as BudgetName[];
const budgets = fc.constantFrom(...NAMES);
const times = fc.integer({ min: 0, max: 2_000_000_000_000 });

for (const [failures, waitMs] of [
  [0, 0],
  [4, 0],
  [5, 30 * SECOND_MS],
  [6, MINUTE_MS],
  [7, 2 * MINUTE_MS],
  [8, 4 * MINUTE_MS],
  [9, 8 * MINUTE_MS],
  [10, 15 * MINUTE_MS],
  [1_000_000, 15 * MINUTE_MS],
] as const)
  test(`S-04 after ${failures} failures of a name from one address the next try waits ${waitMs} ms`, () => {
    assert.equal(waitAfterMs('pair', failures), waitMs);
  });

for (const [source, step, expected] of [
  [{ knownDevice: false, knownAddress: false }, 'password', ['pair', 'address']],
  [{ knownDevice: false, knownAddress: false }, 'code', ['pair', 'address', 'codes']],
  [{ knownDevice: false, knownAddress: true }, 'password', ['pair']],
  [{ knownDevice: false, knownAddress: true }, 'code', ['pair']],
  [{ knownDevice: true, knownAddress: false }, 'code', ['device']],
  [{ knownDevice: true, knownAddress: true }, 'password', ['device']],
] as const)
  test(`S-04 a try of a ${JSON.stringify(source)} with its ${step} is counted by ${expected.join(', ')}`, () => {
    assert.deepEqual(budgetsOf(source, step), expected);
  });

test('S-04 no budget is of a name alone: what others try from elsewhere changes nothing for a known browser or address', () => {
  const own: ReadonlySet<BudgetName> = new Set(['pair', 'device']);
  for (const step of ['password', 'code'] as const)
    for (const source of [
      { knownDevice: true, knownAddress: false },
      { knownDevice: false, knownAddress: true },
    ])
      assert.ok(budgetsOf(source, step).every((budget) => own.has(budget)));
});

test('S-04 more failures never make the wait shorter, and it never passes its limit', () => {
  fc.assert(
    fc.property(budgets, fc.nat({ max: 10_000 }), (budget, failures) => {
      const waitMs = waitAfterMs(budget, failures);
      assert.ok(waitMs <= waitAfterMs(budget, failures + 1));
      assert.ok(waitMs <= SIGN_IN_BUDGETS[budget].waitMaxMs);
    }),
  );
});

test('S-04 whoever waits as long as they were told may try, wherever the clock was set to', () => {
  fc.assert(
    fc.property(
      budgets,
      fc.integer({ min: 1, max: 200 }),
      times,
      times,
      (budget, failures, lastAtMs, nowMs) => {
        const tally = { failures, firstAtMs: 0, lastAtMs };
        const decision = decideSignIn([{ budget, tally }], nowMs);
        if (decision.allow) return;
        assert.ok(decision.retryAfterMs > 0 && decision.retryAfterMs <= SIGN_IN_BUDGETS[budget].waitMaxMs);
        const later = decideSignIn([{ budget, tally }], Math.max(nowMs, lastAtMs) + decision.retryAfterMs);
        assert.ok(later.allow);
      },
    ),
  );
});

test('S-04 all budgets must have room, and the longest wait counts', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(budgets, fc.nat({ max: 60 }), fc.nat({ max: HOUR_MS }))), (given) => {
      const nowMs = 10 * HOUR_MS;
      const tallies = given.map(([budget, failures, agoMs]) => ({
        budget,
        tally: { failures, firstAtMs: 0, lastAtMs: nowMs - agoMs },
      }));
      const each = tallies.map((one) => decideSignIn([one], nowMs));
      const all = decideSignIn(tallies, nowMs);
      assert.equal(
        all.allow,
        each.every(({ allow }) => allow),
      );
      if (!all.allow)
        assert.equal(all.retryAfterMs, Math.max(...each.map((one) => (one.allow ? 0 : one.retryAfterMs))));
    }),
  );
});

test('S-04 however fast somebody tries, few tries of a day come through', () => {
  for (const [budget, most] of [
    ['pair', 110],
    ['address', 140],
    ['codes', 60],
  ] as const) {
    let tally: Tally | undefined;
    let tried = 0;
    for (let nowMs = 0; nowMs < 24 * HOUR_MS; nowMs += SECOND_MS) {
      if (!decideSignIn([{ budget, tally }], nowMs).allow) continue;
      tally = countFailure(budget, tally, nowMs);
      tried += 1;
    }
    assert.ok(tried <= most, `${budget}: ${tried}`);
  }
});

test('S-04 a right try leaves nothing behind, and what is long past is forgotten', () => {
  fc.assert(
    fc.property(budgets, fc.integer({ min: 1, max: 100 }), times, (budget, failures, atMs) => {
      const before: Tally = { failures, firstAtMs: atMs, lastAtMs: atMs };
      const counted = countFailure(budget, before, atMs);
      assert.equal(takeBack(counted)?.failures, failures);
      const { forgetMs } = SIGN_IN_BUDGETS[budget];
      assert.equal(isForgotten(budget, before, atMs + forgetMs), true);
      assert.equal(isForgotten(budget, before, atMs + forgetMs - 1), false);
      assert.equal(countFailure(budget, before, atMs + forgetMs).failures, 1);
      assert.equal(countFailure(budget, before, atMs + forgetMs - 1).failures, failures + 1);
    }),
  );
  assert.equal(takeBack(countFailure('pair', undefined, 5)), undefined);
});
