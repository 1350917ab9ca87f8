import { MINUTE_MS } from '@sekisho/core/time.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusalsKept, REFUSALS_PER_MINUTE_MAX, SUBJECTS_MAX } from './refusals-kept.ts';

test('S-06 whoever fills the minute with refusals of a thousand senders does not silence all others', () => {
  const kept = new RefusalsKept();
  for (let at = 0; at < SUBJECTS_MAX; at += 1) assert.equal(kept.take(`flood ${at}`, 0), true);
  for (let at = 0; at < REFUSALS_PER_MINUTE_MAX; at += 1)
    assert.equal(kept.take(`somebody else ${at}`, 1), true);
  assert.equal(kept.take('one more', 2), false);
  assert.equal(kept.take('flood 1', 3), true, 'those that are told apart have their own measure');
  assert.equal(kept.take('one more', MINUTE_MS), true);
});
