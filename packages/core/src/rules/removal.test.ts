import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSnapshotId, type SnapshotId } from '../ids.ts';
import { FORGET_PER_RUN_MAX, RETENTION_MINIMUM_AGE_MS } from '../limits.ts';
import { decideRemoval } from './removal.ts';

const NOW_MS = 1_800_000_000_000;

function snapshot(number: number): SnapshotId {
  const id = parseSnapshotId(number.toString(16).padStart(64, '0'));
  assert.ok(id);
  return id;
}

test('P-02 a recovery point goes at the minimum age counted from reception, not a millisecond earlier', () => {
  const received = new Map([
    [snapshot(1), NOW_MS - RETENTION_MINIMUM_AGE_MS],
    [snapshot(2), NOW_MS - RETENTION_MINIMUM_AGE_MS + 1],
    [snapshot(3), NOW_MS + 1],
  ]);
  const decision = decideRemoval({ wanted: [...received.keys()], received, sealed: false }, NOW_MS);
  assert.deepEqual(decision.remove, [snapshot(1)]);
  assert.deepEqual(
    decision.heldBack.map((held) => [held.snapshotId, held.code]),
    [
      [snapshot(2), 'POINT_TOO_YOUNG'],
      [snapshot(3), 'POINT_TOO_YOUNG'],
    ],
  );
});

test('P-02 unknown IDs are held back, and a sealed repository gives nothing', () => {
  const received = new Map([[snapshot(1), 0]]);
  const unknown = decideRemoval({ wanted: [snapshot(9)], received, sealed: false }, NOW_MS);
  assert.deepEqual(unknown.remove, []);
  assert.equal(unknown.heldBack[0]?.code, 'POINT_NOT_STORED');
  const sealed = decideRemoval({ wanted: [snapshot(1)], received, sealed: true }, NOW_MS);
  assert.deepEqual(sealed.remove, []);
  assert.equal(sealed.heldBack[0]?.code, 'REPOSITORY_SEALED');
});

test('P-02 one run removes at most the cap, the oldest first', () => {
  const wanted = Array.from({ length: FORGET_PER_RUN_MAX + 3 }, (_, index) => snapshot(index));
  const received = new Map(wanted.map((id, index) => [id, 1_000_000 - index]));
  const decision = decideRemoval({ wanted, received, sealed: false }, NOW_MS);
  assert.equal(decision.remove.length, FORGET_PER_RUN_MAX);
  assert.equal(decision.remove[0], wanted.at(-1));
  assert.deepEqual(
    decision.heldBack.map((held) => held.code),
    ['REMOVALS_CAPPED', 'REMOVALS_CAPPED', 'REMOVALS_CAPPED'],
  );
});

test('P-02 what is held back says which, why and until when', () => {
  const [young, strange] = [snapshot(1), snapshot(2)];
  const received = new Map([[young, Date.parse('2027-01-10T00:00:00Z')]]);
  const facts = { wanted: [young, strange], received, sealed: false };
  assert.deepEqual(decideRemoval(facts, NOW_MS).heldBack, [
    {
      snapshotId: young,
      code: 'POINT_TOO_YOUNG',
      params: { id: young, removableFrom: '2027-01-24T00:00:00.000Z', minimumDays: 14 },
    },
    { snapshotId: strange, code: 'POINT_NOT_STORED', params: { id: strange } },
  ]);
  assert.deepEqual(decideRemoval({ ...facts, wanted: [young], sealed: true }, NOW_MS).heldBack, [
    { snapshotId: young, code: 'REPOSITORY_SEALED', params: {} },
  ]);
});

test('P-02 the youngest are held back by the cap; of two received together the lower ID goes first', () => {
  const wanted = Array.from({ length: FORGET_PER_RUN_MAX + 1 }, (_, index) => snapshot(index)).reverse();
  const received = new Map(wanted.map((id) => [id, 0]));
  const decision = decideRemoval({ wanted, received, sealed: false }, NOW_MS);
  assert.deepEqual(decision.remove, wanted.toReversed().slice(0, FORGET_PER_RUN_MAX));
  const last = snapshot(FORGET_PER_RUN_MAX);
  assert.deepEqual(decision.heldBack, [
    { snapshotId: last, code: 'REMOVALS_CAPPED', params: { id: last, limit: FORGET_PER_RUN_MAX } },
  ]);
});

test('P-02 in whatever order they are named, points received together go by their IDs', () => {
  const ids = [0, 1, 2, 3, 4].map(snapshot);
  const received = new Map(ids.map((id) => [id, 0]));
  for (const order of [
    [1, 2, 0, 4, 3],
    [4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4],
    [2, 0, 4, 1, 3],
  ]) {
    const decision = decideRemoval({ wanted: order.map(snapshot), received, sealed: false }, NOW_MS);
    assert.deepEqual(decision.remove, ids);
  }
});

test('P-02 whatever is ordered: each ID is removed or held back once, and nothing young or unknown goes', () => {
  const id = fc.integer({ min: 0, max: 400 }).map(snapshot);
  fc.assert(
    fc.property(
      fc.array(id, { maxLength: 500 }),
      fc.array(fc.tuple(id, fc.integer({ min: NOW_MS - 2 * RETENTION_MINIMUM_AGE_MS, max: NOW_MS + 10 })), {
        maxLength: 400,
      }),
      fc.boolean(),
      (wanted, entries, sealed) => {
        const received = new Map(entries);
        const decision = decideRemoval({ wanted, received, sealed }, NOW_MS);
        const answered = [...decision.remove, ...decision.heldBack.map((held) => held.snapshotId)];
        assert.deepEqual(answered.sort(), [...new Set(wanted)].sort());
        assert.ok(decision.remove.length <= FORGET_PER_RUN_MAX);
        for (const removed of decision.remove) {
          const receivedAtMs = received.get(removed);
          assert.ok(!sealed && receivedAtMs !== undefined);
          assert.ok(NOW_MS - receivedAtMs >= RETENTION_MINIMUM_AGE_MS);
        }
      },
    ),
  );
});
