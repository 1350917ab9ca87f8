import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceAddress } from './source-addresses.ts';

test('towards the loopback, a hundred agents share one address', () => {
  const at = (index: number) => sourceAddress('127.0.0.1', index, 'linux');
  assert.deepEqual(
    [at(0), at(99), at(100), at(25_600)],
    ['127.64.0.0', '127.64.0.0', '127.64.0.1', '127.64.1.0'],
  );
});

for (const [server, platform] of [
  ['127.0.0.1', 'darwin'],
  ['localhost', 'linux'],
  ['::1', 'linux'],
  ['192.0.2.7', 'linux'],
] as const) {
  test(`the system chooses the address of connections to ${server} on ${platform}`, () => {
    assert.equal(sourceAddress(server, 100, platform), undefined);
  });
}
