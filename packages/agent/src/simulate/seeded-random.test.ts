import { systemRandom } from '@sekisho/platform/clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from './seeded-random.ts';

const fractions = (seed: number, count: number): number[] => {
  const random = seededRandom(seed, systemRandom);
  return Array.from({ length: count }, () => random.fraction());
};

test('a seed gives the same fractions again, another seed others', () => {
  assert.deepEqual(fractions(7, 5), fractions(7, 5));
  assert.notDeepEqual(fractions(7, 5), fractions(8, 5));
});

test('fractions lie evenly from 0 to 1', () => {
  const tenths = Array<number>(10).fill(0);
  for (const one of fractions(1, 10_000)) tenths[Math.floor(one * 10)]! += 1;
  for (const count of tenths) assert.ok(count > 850 && count < 1_150, tenths.join(' '));
});
