import { MERGE_WINDOW_MS, MERGES_OPEN_MAX } from '@sekisho/core/rules/merging.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../store/store.ts';
import { listAudit } from './list-audit.ts';
import { takeOverMerges } from './merge-refusals.ts';
import { recordAudit, recordRepeatedRefusal, type RepeatedRefusal } from './record-audit.ts';

const refusal: RepeatedRefusal = {
  act: 'refuse-token',
  actor: 'anonymous',
  origin: '192.0.2.7',
  subject: 'web-01',
  outcome: 'refused',
  detail: { code: 'TOKEN_REFUSED', reason: 'unknown', csr: 'ab' },
};
const refuse = (store: Store, nowMs: number, changed: Partial<RepeatedRefusal> = {}): Promise<void> =>
  store.transaction((tx) => recordRepeatedRefusal(tx, { ...refusal, ...changed }, nowMs));
const close = (store: Store, nowMs: number, which: 'over' | 'all' = 'over'): Promise<boolean> =>
  store.transaction(async (tx) => {
    const { entries, more } = await takeOverMerges(tx, nowMs, which);
    for (const entry of entries) await recordAudit(tx, entry, nowMs);
    return more;
  });

eachStore((_dialect, open) => {
  test('S-06 repeated identical failures are merged with begin, end and count; the first is there at once', async (t) => {
    const { store } = await open(t);
    for (let at = 0; at < 5; at += 1) await refuse(store, 1_000 + at);
    assert.deepEqual(
      (await listAudit(store.db)).map(({ detail }) => detail),
      [refusal.detail],
    );
    await close(store, 1_000 + MERGE_WINDOW_MS - 1);
    assert.equal((await listAudit(store.db)).length, 1);
    await close(store, 1_000 + MERGE_WINDOW_MS);
    const [merged, first] = await listAudit(store.db);
    assert.deepEqual(merged?.detail, {
      code: 'TOKEN_REFUSED',
      reason: 'unknown',
      count: 5,
      firstAtMs: 1_000,
      lastAtMs: 1_004,
    });
    assert.deepEqual([merged?.subject, merged?.origin, merged?.outcome], ['web-01', '192.0.2.7', 'refused']);
    assert.equal(first?.atMs, 1_000);
    await close(store, 9_000 + MERGE_WINDOW_MS);
    assert.equal((await listAudit(store.db)).length, 2, 'a window is written once');
  });

  test('S-06 failures that differ in act, actor, address, subject, code or reason are not merged', async (t) => {
    const { store } = await open(t);
    const others: Partial<RepeatedRefusal>[] = [
      {},
      { act: 'refuse-certificate' },
      { actor: 'someone' },
      { origin: '192.0.2.8' },
      { subject: 'web-02' },
      { detail: { code: 'OTHER', reason: 'unknown' } },
      { detail: { code: 'TOKEN_REFUSED', reason: 'expired' } },
    ];
    for (const other of others) await refuse(store, 1, other);
    assert.equal((await listAudit(store.db)).length, others.length);
  });

  test('S-06 a window that nobody closed in time is written before the next one begins', async (t) => {
    const { store } = await open(t);
    for (const at of [1, 2, 1 + MERGE_WINDOW_MS, 2 + MERGE_WINDOW_MS]) await refuse(store, at);
    const rows = await listAudit(store.db);
    assert.deepEqual(
      rows.map(({ detail }) => detail['count'] ?? 'one'),
      ['one', 2, 'one'],
    );
  });

  test('S-06 a failure that stays alone has its one row, also at the stop', async (t) => {
    const { store } = await open(t);
    await refuse(store, 1);
    await refuse(store, 1, { subject: 'other' });
    await refuse(store, 2, { subject: 'other' });
    assert.equal(await close(store, 3, 'all'), false);
    const rows = await listAudit(store.db);
    assert.deepEqual(
      rows.map(({ subject, detail }) => [subject, detail['count'] ?? 'one']),
      [
        ['other', 2],
        ['other', 'one'],
        ['web-01', 'one'],
      ],
    );
  });

  test('S-06 tries from ever new addresses fill neither the log nor the table of windows, and none goes uncounted', async (t) => {
    const { store } = await open(t);
    const tries = 700;
    await store.transaction(async (tx) => {
      for (let index = 0; index < tries; index += 1) {
        const origin = `10.${index % 100}.0.${index % 250}`;
        await recordRepeatedRefusal(tx, { ...refusal, origin, subject: `name-${index}` }, 1);
      }
    });
    const bound = MERGES_OPEN_MAX.exact + MERGES_OPEN_MAX.network + 1;
    const { rows: open_ } = await store.db
      .selectFrom('audit_merges')
      .select((select) => select.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    assert.ok(Number(open_) <= bound, `${open_}`);
    while (await close(store, 2 + MERGE_WINDOW_MS));
    const rows = await store.db.selectFrom('audit').select(['detail', 'actor']).execute();
    assert.ok(rows.length <= 2 * bound, `${rows.length}`);
    const counted = rows.flatMap(({ detail }) => {
      const { count } = JSON.parse(detail) as { count?: number };
      return count === undefined ? [] : [count - 1];
    });
    const written = rows.length - counted.length;
    assert.equal(written + counted.reduce((sum, more) => sum + more, 0), tries);
    assert.ok(rows.some(({ actor }) => actor === 'many'));
  });

  test('S-06 several processes count in the same window', async (t) => {
    const { store, another } = await open(t);
    const other = store.dialect === 'postgres' ? await another() : store;
    await Promise.all(Array.from({ length: 12 }, (_, index) => refuse(index % 2 === 0 ? store : other, 5)));
    await close(store, 5, 'all');
    const rows = await listAudit(store.db);
    assert.deepEqual(
      rows.map(({ detail }) => detail['count'] ?? 'one'),
      [12, 'one'],
    );
  });
});
