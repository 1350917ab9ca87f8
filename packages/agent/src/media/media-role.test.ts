import { parseSnapshotId, repositoryName } from '@sekisho/core/ids.ts';
import { newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotSpoolId } from './media-role.ts';

test('P-12 the same snapshot in two repositories is two items of the spool, and again in one of them the same item', () => {
  const hostId = newHostId();
  const [first, second] = [repositoryName(hostId, 1), repositoryName(hostId, 2)];
  const snapshotId = parseSnapshotId('ab'.repeat(32))!;
  assert.notEqual(snapshotSpoolId(first, snapshotId), snapshotSpoolId(second, snapshotId));
  assert.equal(snapshotSpoolId(first, snapshotId), snapshotSpoolId(first, snapshotId));
  assert.match(snapshotSpoolId(first, snapshotId), /^[A-Za-z0-9_-]{1,64}$/, 'a file name of the spool');
});
