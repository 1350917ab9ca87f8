import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './clock.ts';

test('random bytes have the wanted length, and none is given twice', () => {
  for (const length of [0, 1, 10, 16, 64, 65, 5_000]) assert.equal(systemRandom.bytes(length).length, length);
  const drawn = Array.from({ length: 2_000 }, () => systemRandom.bytes(16));
  const texts = new Set(drawn.map((bytes) => Buffer.from(bytes).toString('hex')));
  assert.equal(texts.size, drawn.length);
  const share =
    drawn.flatMap((bytes) => [...bytes]).filter((byte) => byte >= 128).length / (16 * drawn.length);
  assert.ok(share > 0.45 && share < 0.55, 'no bytes of a pool that was wiped or never filled');
});

test('what is done with given bytes changes none that come later', () => {
  const mine = systemRandom.bytes(32);
  const before = Buffer.from(mine).toString('hex');
  systemRandom.bytes(32);
  assert.equal(Buffer.from(mine).toString('hex'), before);
  assert.equal(mine.buffer.byteLength, mine.byteLength, 'a copy of its own, not a view of the pool');
});
