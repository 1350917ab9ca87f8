import { AppError } from '@sekisho/core/errors.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { nextValue } from './counters.ts';
import { isUniqueViolation, type Store } from './store.ts';
import { afterCommit } from './transaction-context.ts';
import { sql } from 'kysely';

const setting = (key: string, value = '1') => ({ key, value, changed_at_ms: 1 });
const valueOf = async (store: Store, key: string): Promise<string | undefined> =>
  (await store.db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;

eachStore((dialect, open) => {
  test('S-07 a transaction that fails leaves nothing', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(async (tx) => {
        await tx.insertInto('settings').values(setting('a')).execute();
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    assert.equal(await valueOf(store, 'a'), undefined);
  });

  test('S-07 a failed statement does not let the rest of its transaction be committed', async (t) => {
    const { store } = await open(t);
    await store.transaction((tx) => tx.insertInto('settings').values(setting('a')).execute());
    await assert.rejects(
      store.transaction(async (tx) => {
        await tx.insertInto('settings').values(setting('b')).execute();
        await tx.insertInto('settings').values(setting('a')).execute();
      }),
      isUniqueViolation,
    );
    assert.equal(await valueOf(store, 'b'), undefined);
  });

  test('S-07 what was read in a transaction is still true when it writes', async (t) => {
    const { store, another } = await open(t);
    const stores = dialect === 'postgres' ? [store, await another()] : [store, store];
    await store.db.insertInto('settings').values(setting('sum', '0')).execute();
    const addOne = (to: Store): Promise<void> =>
      to.transaction(async (tx) => {
        const row = await tx
          .selectFrom('settings')
          .select('value')
          .where('key', '=', 'sum')
          .executeTakeFirstOrThrow();
        await new Promise((resolve) => setImmediate(resolve));
        await tx
          .updateTable('settings')
          .set({ value: String(Number(row.value) + 1) })
          .where('key', '=', 'sum')
          .execute();
      });
    await Promise.all(Array.from({ length: 30 }, (_, index) => addOne(stores[index % 2]!)));
    assert.equal(await valueOf(store, 'sum'), '30');
  });

  test('S-07 a reader does not see half a transaction', async (t) => {
    const { store } = await open(t);
    const gate = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const writing = store.transaction(async (tx) => {
      await tx.insertInto('settings').values(setting('a')).execute();
      written.resolve();
      await gate.promise;
      await tx.insertInto('settings').values(setting('b')).execute();
    });
    await written.promise;
    const reading = store.db.selectFrom('settings').select('key').execute();
    if (dialect === 'postgres') assert.deepEqual(await reading, []);
    gate.resolve();
    await writing;
    if (dialect === 'sqlite') assert.equal((await reading).length, 2);
  });

  test('using store.db or a second transaction inside a transaction is a clear error, not a deadlock', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(() => store.db.selectFrom('settings').select('key').execute()),
      /use its tx/,
    );
    await assert.rejects(
      store.transaction(() => store.transaction((tx) => nextValue(tx, 'x'))),
      /use its tx/,
    );
    await store.transaction((tx) => nextValue(tx, 'x'));
  });

  test('what waits for the commit runs after it, and not at all after a rollback', async (t) => {
    const { store } = await open(t);
    const calls: string[] = [];
    await store.transaction((tx) => {
      afterCommit(tx, () => calls.push('committed'));
      calls.push('inside');
      return Promise.resolve();
    });
    await assert.rejects(
      store.transaction((tx) => {
        afterCommit(tx, () => calls.push('never'));
        return Promise.reject(new Error('no'));
      }),
    );
    assert.deepEqual(calls, ['inside', 'committed']);
  });

  test('integers come back as numbers up to 2^53, and what is not portable is refused', async (t) => {
    const { store } = await open(t);
    const max = Number.MAX_SAFE_INTEGER;
    await store.db.insertInto('counters').values({ name: 'big', value: max }).execute();
    const row = await store.db
      .selectFrom('counters')
      .select([
        'value',
        (eb) => eb.fn.sum<number>('value').as('sum'),
        (eb) => eb.fn.countAll<number>().as('count'),
      ])
      .groupBy('value')
      .executeTakeFirstOrThrow();
    assert.deepEqual(row, { value: max, sum: max, count: 1 });
    await assert.rejects(
      store.db
        .selectFrom('counters')
        .select(sql`value + 1`.as('over'))
        .execute(),
      RangeError,
    );
    await assert.rejects(store.db.insertInto('counters').values({ name: 'half', value: 0.5 }).execute());
  });

  test('the shared time comes from the database where there are several processes', async (t) => {
    const { store, clock } = await open(t);
    const nowMs = await store.databaseNowMs();
    if (dialect === 'sqlite') assert.equal(nowMs, clock.nowMs());
    else assert.ok(nowMs > clock.nowMs() + 300 * 86_400_000, 'not the injected clock');
  });

  test('after close every use is refused, and closing twice is nothing', async (t) => {
    const { store } = await open(t);
    await store.transaction((tx) => nextValue(tx, 'x'));
    await store.close();
    await store.close();
    await assert.rejects(store.transaction((tx) => nextValue(tx, 'x')));
  });

  if (dialect !== 'postgres') return;

  test('S-07 a transaction that loses its connection says so in words, and the next one works', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(async (tx) => {
        await nextValue(tx, 'x');
        await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx);
      }),
      (error) => error instanceof AppError && error.code === 'DATABASE_UNREACHABLE',
    );
    assert.equal(await store.transaction((tx) => nextValue(tx, 'x')), 1);
  });

  test('S-07 a process that stands still inside a transaction holds the others up for 10 s at most', async (t) => {
    const { store, another } = await open(t);
    const other = await another();
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const paused = store.transaction(async (tx) => {
      await tx.insertInto('settings').values(setting('paused')).execute();
      begun.resolve();
      await gate.promise;
      await tx.insertInto('settings').values(setting('too late')).execute();
    });
    await begun.promise;
    await other.transaction((tx) => tx.insertInto('settings').values(setting('other')).execute());
    gate.resolve();
    await assert.rejects(
      paused,
      (error) => error instanceof AppError && ['DATABASE_UNREACHABLE', 'DATABASE_BUSY'].includes(error.code),
    );
    const keys = (await store.db.selectFrom('settings').select('key').execute()).map(({ key }) => key);
    assert.deepEqual(keys, ['other']);
  });

  test('S-07 a conflict with a single statement outside makes the transaction run again', async (t) => {
    const { store, another } = await open(t);
    const other = await another();
    await store.db.insertInto('settings').values(setting('a', 'first')).execute();
    let tries = 0;
    await store.transaction(async (tx) => {
      tries += 1;
      await tx.selectFrom('settings').select('value').execute();
      if (tries === 1) {
        // the other instance's statement, as another process would do it: outside this flow of control
        await new Promise<void>((resolve, reject) => {
          outside(() => {
            other.db
              .updateTable('settings')
              .set({ value: 'second' })
              .execute()
              .then(() => resolve(), reject);
          });
        });
      }
      await tx.updateTable('settings').set({ value: 'third' }).execute();
    });
    assert.equal(tries, 2);
    assert.equal(await valueOf(store, 'a'), 'third');
  });
});

/** Runs a call outside the present transaction's flow of control. */
const outside = AsyncResource.bind((call: () => void) => {
  call();
});
