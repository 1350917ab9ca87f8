import { MINUTE_MS } from '@sekisho/core/time.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PerMinute } from './start-budget.ts';

test('S-04 whoever fills the minute from many addresses does not stop all others', () => {
  const [times, subjects] = [10, 1_000];
  const budget = new PerMinute(times, subjects);
  for (let at = 0; at < subjects; at += 1) assert.equal(budget.take(`flood ${at}`, 0), true);
  for (let at = 0; at < times; at += 1) assert.equal(budget.take(`somebody else ${at}`, 1), true);
  assert.equal(budget.take('one more', 2), false);
  assert.equal(budget.take('flood 1', 3), true, 'those that are told apart have their own measure');
  assert.equal(budget.take('one more', MINUTE_MS), true);
});
