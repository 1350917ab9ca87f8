import { parseSnapshotId, type SnapshotId } from '@sekisho/core/ids.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReceptionJournal } from './reception-journal.ts';

const snapshot = (byte: string): SnapshotId => parseSnapshotId(byte.repeat(32))!;
const [A, B, C] = [snapshot('aa'), snapshot('bb'), snapshot('cc')];

test('P-02 the first reception counts, survives a restart, and only one after a removal is new', async (t) => {
  const folder = await tempFolder(t);
  let journal = await ReceptionJournal.open(folder, 0);
  assert.equal(await journal.receive(A, 100), true);
  assert.equal(await journal.receive(A, 200), false);
  await journal.receive(B, 150);
  await journal.markTold(A, 160);
  await journal.close();

  journal = await ReceptionJournal.open(folder, 0);
  assert.deepEqual(
    journal.received(),
    new Map([
      [A, 100],
      [B, 150],
    ]),
  );
  assert.deepEqual(journal.untold(), [{ snapshotId: B, receivedAtMs: 150 }]);
  await journal.markRemoved(A, 300);
  assert.ok(journal.wasRemoved(A));
  await journal.markRecovered(A, 310);
  assert.equal(journal.received().get(A), 100, 'back from the trash with its old time');
  await journal.markRemoved(A, 320);
  assert.equal(await journal.receive(A, 400), true);
  assert.equal(journal.received().get(A), 400, 'uploaded again, it counts from then');
  await journal.close();
});

test('P-02 a line that a crash cut off is dropped, and those before and after it count', async (t) => {
  const folder = await tempFolder(t);
  let journal = await ReceptionJournal.open(folder, 0);
  await journal.receive(A, 100);
  await journal.close();
  await appendFile(join(folder, 'receptions.jsonl'), '{"act":"received","id":"bbbb');
  journal = await ReceptionJournal.open(folder, 0);
  await journal.receive(C, 300);
  await journal.close();
  journal = await ReceptionJournal.open(folder, 0);
  assert.deepEqual([...journal.received().keys()], [A, C]);
  await journal.close();
});

test('P-02 entries of what left the trash long ago are compacted away', async (t) => {
  const folder = await tempFolder(t);
  let journal = await ReceptionJournal.open(folder, 0);
  await journal.receive(A, 1);
  for (let round = 0; round < 50; round += 1) {
    await journal.receive(B, round);
    await journal.markRemoved(B, round);
  }
  await journal.close();
  journal = await ReceptionJournal.open(folder, 1_000);
  assert.equal(journal.wasRemoved(B), false);
  assert.deepEqual([...journal.received().keys()], [A]);
  await journal.close();
  assert.equal((await readFile(join(folder, 'receptions.jsonl'), 'utf8')).trim().split('\n').length, 1);
});
