import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectRows } from './collect-rows.ts';
import { BATCH_ITEMS_MAX, QUIET_BATCHES_MAX, WAITING_ITEMS_MAX } from './group-commit.ts';
import { recordChange } from './record-change.ts';
import { isUniqueViolation, type Store } from './store.ts';
import type { Tx } from './tables.ts';
import { afterCommit } from './transaction-context.ts';

/** An act as this file makes them: a row and its change; `how` says what goes wrong after it has written both. */
type How = 'fine' | 'throws' | 'breaks-sql' | 'repeats-key';

async function act(tx: Tx, key: string, how: How, committed: string[] = []): Promise<string> {
  await tx.insertInto('settings').values({ key, value: how, changed_at_ms: 0 }).execute();
  await recordChange(tx, 'settings', key);
  afterCommit(tx, () => committed.push(key));
  if (how === 'throws') throw new AppError('HOST_NAME_TAKEN', { name: key });
  if (how === 'breaks-sql')
    await tx
      .insertInto('settings')
      .values({ key: null as unknown as string, value: '', changed_at_ms: 0 })
      .execute();
  if (how === 'repeats-key')
    await tx.insertInto('settings').values({ key, value: '', changed_at_ms: 0 }).execute();
  return key;
}

const keysOf = async (store: Store): Promise<string[]> =>
  (await store.db.selectFrom('settings').select('key').orderBy('key').execute()).map(({ key }) => key);

const changesOf = async (store: Store): Promise<{ seq: number; key: string }[]> =>
  store.db.selectFrom('change_feed').select(['seq', 'key']).orderBy('seq').execute();

const refusedWith =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof AppError && error.code === code;

/** Runs a call outside the present transaction's flow of control, as another process would. */
const outside = AsyncResource.bind((call: () => void) => {
  call();
});

eachStore((dialect, open) => {
  test('S-07 acts that come together share transactions, in the order in which they came, and no batch is above its limit', async (t) => {
    const { store } = await open(t);
    const batches = new Map<Tx, number>();
    const order: string[] = [];
    const names = Array.from({ length: 3 * BATCH_ITEMS_MAX }, (_, n) => String(n).padStart(4, '0'));
    const results = await Promise.all(
      names.map((name) =>
        store.submit(async (tx) => {
          batches.set(tx, (batches.get(tx) ?? 0) + 1);
          order.push(name);
          return act(tx, name, 'fine');
        }),
      ),
    );
    assert.deepEqual(results, names);
    assert.deepEqual(order, names);
    assert.deepEqual([...batches.values()], [BATCH_ITEMS_MAX, BATCH_ITEMS_MAX, BATCH_ITEMS_MAX]);
    assert.deepEqual(await keysOf(store), names);
    assert.deepEqual(
      await changesOf(store),
      names.map((key, n) => ({ seq: n + 1, key })),
    );
  });

  test('S-07 whatever fails in a batch is taken back alone, and its caller alone hears of it', async (t) => {
    const { store } = await open(t);
    const how = fc.constantFrom<How[]>('fine', 'fine', 'fine', 'throws', 'breaks-sql', 'repeats-key');
    let run = 0;
    const kept: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(how, { minLength: 1, maxLength: 12 }), async (hows) => {
        run += 1;
        const committed: string[] = [];
        const keyOf = (n: number): string => `${String(run).padStart(3, '0')}.${String(n).padStart(2, '0')}`;
        const ends = await Promise.allSettled(
          hows.map((one, n) => store.submit((tx) => act(tx, keyOf(n), one, committed))),
        );
        const fine = hows.flatMap((one, n) => (one === 'fine' ? [keyOf(n)] : []));
        kept.push(...fine);
        for (const [n, end] of ends.entries()) {
          assert.equal(end.status === 'fulfilled', hows[n] === 'fine');
          if (end.status === 'fulfilled') assert.equal(end.value, keyOf(n));
          else if (hows[n] === 'throws') assert.ok(refusedWith('HOST_NAME_TAKEN')(end.reason));
          else if (hows[n] === 'repeats-key') assert.ok(isUniqueViolation(end.reason));
        }
        assert.deepEqual(committed, fine, 'what waits for a commit runs for those that were committed');
      }),
      { numRuns: 25, seed: 7 },
    );
    assert.deepEqual(await keysOf(store), kept);
    assert.deepEqual(
      await changesOf(store),
      kept.map((key, n) => ({ seq: n + 1, key })),
      'numbers have no holes, and follow the order of the acts',
    );
  });

  test('S-07 a batch in which an act fails runs again with savepoints, and so do those after it from the start', async (t) => {
    const { store } = await open(t);
    const hows: How[] = ['fine', 'throws', 'fine', 'repeats-key', 'fine'];
    const runTogether = async (name: string): Promise<{ transactions: number; committed: string[] }> => {
      const transactions = new Set<Tx>();
      const committed: string[] = [];
      const ends = await Promise.allSettled(
        hows.map((how, n) =>
          store.submit((tx) => {
            transactions.add(tx);
            return act(tx, `${name}.${n}`, how, committed);
          }),
        ),
      );
      assert.deepEqual(
        ends.map(({ status }) => status === 'fulfilled'),
        hows.map((how) => how === 'fine'),
      );
      return { transactions: transactions.size, committed };
    };
    assert.deepEqual(await runTogether('a'), { transactions: 2, committed: ['a.0', 'a.2', 'a.4'] });
    assert.deepEqual(await runTogether('b'), { transactions: 1, committed: ['b.0', 'b.2', 'b.4'] });
    const kept = ['a.0', 'a.2', 'a.4', 'b.0', 'b.2', 'b.4'];
    assert.deepEqual(await keysOf(store), kept);
    assert.deepEqual(
      await changesOf(store),
      kept.map((key, n) => ({ seq: n + 1, key })),
    );
  });

  test('S-07 rows that the whole batch writes together and the database refuses cost nobody else their act', async (t) => {
    const { store } = await open(t);
    const collect = collectRows<string>(async (tx, keys) => {
      for (const key of keys)
        await tx.insertInto('settings').values({ key, value: 'collected', changed_at_ms: 0 }).execute();
    });
    const ends = await Promise.allSettled(
      ['a', 'b', 'same', 'same', 'c'].map((key) =>
        store.submit(async (tx) => {
          collect(tx, key);
          await recordChange(tx, 'settings', key);
        }),
      ),
    );
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await keysOf(store), ['a', 'b', 'c', 'same']);
    assert.equal((await changesOf(store)).length, 4);
  });

  test('the second half of what was begun goes first and is never refused; who begins too much is told when to come back', async (t) => {
    const { store } = await open(t);
    const order: string[] = [];
    const waiting = Array.from({ length: WAITING_ITEMS_MAX }, () =>
      store.submit(() => Promise.resolve(void order.push('begin'))),
    );
    await assert.rejects(
      store.submit(() => Promise.resolve()),
      (error: unknown) =>
        refusedWith('SERVER_BUSY')(error) &&
        error instanceof AppError &&
        Number(error.params['retrySeconds']) > 0,
    );
    const finish = store.submit(() => Promise.resolve(void order.push('finish')), 'finish');
    await Promise.all([...waiting, finish]);
    assert.equal(order[0], 'finish');
    assert.equal(order.length, WAITING_ITEMS_MAX + 1);
    await store.submit(() => Promise.resolve());
  });

  test('S-07 a store that closes commits the batch under way and refuses what waits, with nothing of it written', async (t) => {
    const { store, another } = await open(t);
    let started = (): void => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const first = store.submit(async (tx) => {
      started();
      await held;
      return act(tx, 'under way', 'fine');
    });
    await running;
    const late = [
      store.submit((tx) => act(tx, 'waits', 'fine')),
      store.submit((tx) => act(tx, 'waits, too', 'fine'), 'finish'),
    ];
    const closed = store.close();
    const ends = await Promise.allSettled(late);
    for (const end of ends)
      assert.ok(end.status === 'rejected' && refusedWith('SERVER_STOPPING')(end.reason));
    goOn();
    assert.equal(await first, 'under way');
    await closed;
    await assert.rejects(
      store.submit(() => Promise.resolve()),
      refusedWith('SERVER_STOPPING'),
    );
    assert.deepEqual(await keysOf(await another()), ['under way']);
  });

  test('submitting inside a transaction is a clear error, not a deadlock', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(() => store.submit(() => Promise.resolve())),
      /use its tx/,
    );
    await assert.rejects(
      store.submit(() => store.submit(() => Promise.resolve())),
      /use its tx/,
    );
  });

  test('who waits for a quiet moment gets one, also when there is none', async (t) => {
    const { store } = await open(t);
    await store.quiet();
    let isQuiet = false;
    let batches = 0;
    const again = async (): Promise<void> => {
      while (!isQuiet) {
        await store.submit(() => Promise.resolve());
        batches += 1;
      }
    };
    const busy = again();
    await store.quiet();
    isQuiet = true;
    await busy;
    assert.ok(batches >= QUIET_BATCHES_MAX - 1 && batches <= QUIET_BATCHES_MAX + 2, String(batches));
  });

  test('S-07 a process killed in the middle of batches has all or nothing of each act, and all that was acknowledged', async (t) => {
    const opened = await open(t);
    await opened.store.close();
    const random = new SeededRandom('group-commit');
    for (let round = 0; round < 3; round += 1) {
      const said = await submitAndKill(opened.database, opened.folder, round, 30 + random.fraction() * 200);
      const store = await opened.another();
      const keys = (await keysOf(store)).filter((key) => key.startsWith(`${round}.`));
      const acts = new Map<string, string>();
      for (const key of keys) acts.set(key.slice(0, -2), (acts.get(key.slice(0, -2)) ?? '') + key.slice(-1));
      for (const [name, parts] of acts) assert.equal(parts, 'abc', name);
      for (const name of said) assert.ok(acts.has(name), `${name} was acknowledged`);
      const changes = await changesOf(store);
      assert.deepEqual(
        changes.map(({ seq }) => seq),
        changes.map((_, n) => n + 1),
      );
      assert.equal(changes.filter(({ key }) => key.startsWith(`${round}.`)).length, acts.size);
      await store.close();
    }
  });

  if (dialect === 'postgres')
    test('S-07 a conflict with a single statement outside makes the whole batch run again, each act once in the end', async (t) => {
      const { store, another } = await open(t);
      const other = await another();
      await store.db.insertInto('settings').values({ key: 'x', value: '0', changed_at_ms: 0 }).execute();
      let tries = 0;
      const committed: string[] = [];
      const ends = await Promise.allSettled([
        store.submit((tx) => act(tx, 'before', 'fine', committed)),
        store.submit((tx) => act(tx, 'fails', 'throws', committed)),
        store.submit(async (tx) => {
          tries += 1;
          await tx.selectFrom('settings').select('value').where('key', '=', 'x').execute();
          if (tries === 1)
            await new Promise<void>((resolve, reject) => {
              outside(() => {
                other.db
                  .updateTable('settings')
                  .set({ value: '1' })
                  .where('key', '=', 'x')
                  .execute()
                  .then(() => resolve(), reject);
              });
            });
          await tx.updateTable('settings').set({ value: '2' }).where('key', '=', 'x').execute();
        }),
        store.submit((tx) => act(tx, 'later', 'fine', committed)),
      ]);
      assert.equal(tries, 2);
      assert.deepEqual(
        ends.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      );
      assert.deepEqual(await keysOf(store), ['before', 'later', 'x']);
      assert.deepEqual(committed, ['before', 'later']);
      assert.equal((await changesOf(store)).length, 2);
    });
});

/** Lets a process submit until it has acknowledged so many acts, kills it, and returns what it acknowledged. */
async function submitAndKill(
  database: string,
  folder: string,
  round: number,
  acts: number,
): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'group-commit-child.ts'), database, folder, String(round)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.setEncoding('utf8');
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.split('\n').length > acts) child.kill('SIGKILL');
  }
  return said.split('\n').slice(0, -1);
}
