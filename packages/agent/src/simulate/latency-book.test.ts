import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyBook } from './latency-book.ts';

test('nothing counted is zero', () => {
  const book = new LatencyBook();
  assert.deepEqual([book.count, book.percentileMs(50), book.percentileMs(99), book.maxMs], [0, 0, 0, 0]);
});

test('a percentile is at most two percent above the exact one, and never below it', () => {
  const durations = fc.array(fc.double({ min: 0.06, max: 60_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 100 }), (all, percent) => {
      const book = new LatencyBook();
      for (const one of all) book.add(one);
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.ceil((all.length * percent) / 100) - 1] ?? 0;
      const found = book.percentileMs(percent);
      assert.ok(found >= exact * 0.999999 && found <= exact * 1.020001, `${found} for ${exact}`);
      assert.equal(book.maxMs, sorted.at(-1));
      assert.equal(book.count, all.length);
    }),
  );
});
