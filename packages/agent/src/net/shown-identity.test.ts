import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownIdentities } from './shown-identity.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

test('keys and certificates are read once, and anew when the identity or an anchor is another', async () => {
  const [first, second] = [
    await TestAuthority.create({ nowMs: NOW_MS }),
    await TestAuthority.create({ nowMs: NOW_MS }),
  ];
  const identities = new ShownIdentities();
  const [one, other] = [await first.host(), await first.host()];
  const shown = identities.of(one, first.anchors);
  assert.equal(identities.of({ ...one }, first.anchors), shown, 'nothing has changed');
  assert.deepEqual(shown.identity, { keyPem: one.keyPem, chainPem: one.chainPem });
  const both = identities.of(one, [...first.anchors, ...second.anchors]);
  assert.notEqual(both.context, shown.context);
  assert.equal(both.ca.length, 2);
  const renewed = identities.of(other, [...first.anchors, ...second.anchors]);
  assert.notEqual(renewed.context, both.context);
  assert.equal(renewed.identity.keyPem, other.keyPem);
});
