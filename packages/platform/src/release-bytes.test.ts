import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseBytes } from './release-bytes.ts';

test('a piece that owns its memory is empty after its release', () => {
  const piece = Buffer.allocUnsafeSlow(16 * 1024);
  releaseBytes(piece);
  assert.equal(piece.byteLength, 0);
});

const whole = Buffer.alloc(64 * 1024, 7);
const shared: [string, Uint8Array][] = [
  ['a slice', whole.subarray(0, 32 * 1024)],
  ['the end of a larger piece', whole.subarray(32 * 1024)],
  ['a piece of the pool', Buffer.from('x'.repeat(2_000))],
  ['memory that threads share', new Uint8Array(new SharedArrayBuffer(4_096))],
  ['a small piece', Buffer.allocUnsafeSlow(100)],
  ['nothing', Buffer.alloc(0)],
];
for (const [what, piece] of shared) {
  test(`${what} is left alone`, () => {
    const before = Uint8Array.from(piece);
    releaseBytes(piece);
    assert.deepEqual(Uint8Array.from(piece), before);
    assert.equal(whole.byteLength, 64 * 1024);
  });
}
