import type { MediaEvent } from '@sekisho/media/media-event.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

test('P-02 a reception that could not be told is told later with its true time, also after a restart', async (t) => {
  const told: MediaEvent[] = [];
  let broken = true;
  const domain = await MediaDomain.start(t, {
    onEvent: (event) => {
      if (broken) return Promise.reject(new Error('the spool is full'));
      told.push(event);
      return Promise.resolve();
    },
  });
  const client = await domain.client();
  t.after(() => client.disconnect());
  const { repository } = client;
  await client.raw('POST', `/${repository}/?create=true`);
  const receivedAtMs = domain.clock.nowMs();
  const first = await client.put('snapshots', randomBytes(100));
  assert.equal(
    first.reply.status,
    200,
    'the snapshot is safe: that the spool fails is not the client’s problem',
  );
  await domain.clock.advance(MINUTE_MS);
  assert.deepEqual(told, []);
  broken = false;
  for (let turn = 0; turn < 100 && told.length === 0; turn += 1) await domain.clock.advance(MINUTE_MS);
  assert.deepEqual(told, [{ kind: 'snapshot', repository, snapshotId: first.id, receivedAtMs }]);

  broken = true;
  const secondAtMs = domain.clock.nowMs();
  const second = await client.put('snapshots', randomBytes(100));
  await domain.stop();
  client.disconnect();
  broken = false;
  await domain.open();
  assert.deepEqual(told.slice(1), [
    { kind: 'snapshot', repository, snapshotId: second.id, receivedAtMs: secondAtMs },
  ]);
  await domain.stop();
  await domain.open();
  assert.equal(told.length, 2, 'what was told is not told at every start');
});

test('P-02 a snapshot without an entry in the journal counts as received now, never earlier', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  await client.raw('POST', `/${client.repository}/?create=true`);
  const { id } = await client.put('snapshots', randomBytes(100));
  await domain.stop();
  client.disconnect();
  const base = join(domain.storeFolder, client.repository);
  await rm(join(base, 'meta/receptions.jsonl'));
  await writeFile(join(base, 'incoming/left.tmp'), 'half a file');
  await domain.clock.advance(5 * MINUTE_MS);
  await domain.open();
  const event = domain.events.at(-1);
  assert.deepEqual(event, {
    kind: 'snapshot',
    repository: client.repository,
    snapshotId: id,
    receivedAtMs: domain.clock.nowMs(),
  });
  await assert.rejects(readFile(join(base, 'incoming/left.tmp')), { code: 'ENOENT' });
});

test('P-03 an object that the disk cut short is healed by the client that has it whole', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  await client.raw('POST', `/${client.repository}/?create=true`);
  const body = randomBytes(9000);
  const { id } = await client.put('data', body);
  const path = join(domain.storeFolder, client.repository, 'repository/data', id.slice(0, 2), id);
  await writeFile(`${path}.short`, body.subarray(0, 4000));
  await copyFile(`${path}.short`, path);
  await rm(`${path}.short`);
  assert.equal((await client.put('data', body)).reply.status, 200);
  assert.deepEqual(await readFile(path), body);
});

test('P-03 a repository that cannot be opened keeps none of the others from being served, and is tried again', async (t) => {
  const domain = await MediaDomain.start(t);
  const [whole, broken] = [await domain.client(), await domain.client()];
  const create = async (client: typeof whole) =>
    (await client.raw('POST', `/${client.repository}/?create=true`)).status;
  for (const client of [whole, broken]) {
    t.after(() => client.disconnect());
    assert.equal(await create(client), 200);
    client.disconnect();
  }
  await domain.stop();
  const marker = join(domain.storeFolder, broken.repository, 'meta/maintenance.json');
  await writeFile(marker, '{"startedAt');
  await domain.open();
  assert.equal((await whole.put('data', randomBytes(100))).reply.status, 200);
  assert.equal((await broken.put('data', randomBytes(100))).reply.status, 500);
  await rm(marker);
  assert.equal((await broken.put('data', randomBytes(100))).reply.status, 200);
});
