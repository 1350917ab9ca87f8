import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBeatRecord } from './beat-record.ts';

const PERIOD_MS = 1_000;

test('answers at each period, with the jitter of a real agent, miss nothing', () => {
  const beats = createBeatRecord(0, PERIOD_MS);
  for (const atMs of [20, 1_120, 2_020, 3_120]) beats.answered(atMs);
  assert.equal(beats.missedUntil(4_200), 0);
  assert.equal(beats.isLost(4_200), false);
});

test('each period of a gap beyond the first is a heartbeat that was missed', () => {
  const beats = createBeatRecord(0, PERIOD_MS);
  beats.answered(0);
  beats.answered(3_000);
  assert.equal(beats.missedUntil(3_000), 2);
  assert.equal(beats.missedUntil(5_100), 3, 'the gap that is still open counts, too');
});

test('an agent is lost after two periods of silence, and when it was never answered', () => {
  const beats = createBeatRecord(0, PERIOD_MS);
  assert.equal(beats.isLost(10), true);
  beats.answered(10);
  assert.equal(beats.isLost(2_200), false);
  assert.equal(beats.isLost(2_211), true);
});
