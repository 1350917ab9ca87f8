import { fingerprintOf, makeFiles, MediaDomain } from '@sekisho/testkit/media-domain.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

test('P-01 P-03 P-16 unmodified restic backs up, restores byte for byte and checks over mutual TLS', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  const source = join(client.folder, 'source');
  await makeFiles(source, [0, 1, 100, 70_000, 3_000_000, 12_000_000]);
  assert.equal((await client.restic(['init'])).meaning, 'ok');
  assert.equal((await client.restic(['init'])).meaning, 'failed');
  const backup = await client.restic(['backup', '--json', source]);
  assert.equal(backup.meaning, 'ok');
  const first = await fingerprintOf(source);
  await makeFiles(source, [0, 5, 100, 70_000, 4_000_000]);
  assert.equal((await client.restic(['backup', source])).meaning, 'ok');
  assert.equal((await client.restic(['check', '--read-data'])).meaning, 'ok');
  const snapshots = await client.restic(['list', 'snapshots']);
  assert.equal(snapshots.lines.length, 2);
  assert.deepEqual(domain.snapshotsTold().sort(), [...snapshots.lines].sort());
  const told = domain.events.find((event) => event.kind === 'snapshot');
  assert.equal(told?.kind === 'snapshot' && told.receivedAtMs, domain.clock.nowMs());
  for (const [id, expected] of [
    [domain.snapshotsTold()[0]!, first] as const,
    [domain.snapshotsTold()[1]!, await fingerprintOf(source)] as const,
  ]) {
    const target = join(client.folder, `restored-${id.slice(0, 8)}`);
    assert.equal((await client.restic(['restore', id, '--target', target])).meaning, 'ok');
    assert.deepEqual(await fingerprintOf(join(target, source)), expected);
  }
});

test('P-02 a client can neither forget nor prune, and its recovery points stay', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  const source = join(client.folder, 'source');
  await makeFiles(source, [1000, 2000]);
  assert.equal((await client.restic(['init'])).meaning, 'ok');
  assert.equal((await client.restic(['backup', source])).meaning, 'ok');
  const [id] = domain.snapshotsTold();
  const retrying = new AbortController();
  const forget = await client.restic(['forget', id!], {
    signal: retrying.signal,
    onStderr: (line) => {
      if (line.includes('403')) retrying.abort(); // restic would go on trying for a minute
    },
  });
  assert.equal(forget.meaning, 'cancelled');
  assert.equal((await client.restic(['list', 'snapshots'])).lines[0], id);
  assert.equal((await client.restic(['unlock', '--remove-all'])).meaning, 'ok');
  assert.equal((await client.restic(['check'])).meaning, 'ok');
});
