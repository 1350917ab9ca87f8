import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { findPostgresBin } from '@sekisho/testkit/postgres.ts';
import { eachStore, emptyDatabase } from '@sekisho/testkit/stores.ts';
import { sql } from 'kysely';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf, readMigrations, type Migration } from './migrations.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

const step = (version: number, sqlText: string): Migration => ({
  version,
  name: `000${version}_step`,
  sql: sqlText,
  checksum: checksumOf(sqlText),
});
const ONE = step(1, 'CREATE TABLE one (id TEXT NOT NULL PRIMARY KEY, note TEXT, size BIGINT);');
const TWO = step(2, "CREATE TABLE two (id TEXT NOT NULL PRIMARY KEY); INSERT INTO two (id) VALUES ('made');");
const HALF = step(2, 'CREATE TABLE two (id TEXT NOT NULL); DELETE FROM one; INSERT INTO nowhere VALUES (1);');
const NOTES = [
  'plain',
  'tab\tand\nnewline\r',
  'back\\slash \\N \\.',
  '',
  '日本語 🏯',
  'quote \' and " $1',
  null,
];

const refusedWith =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof AppError && error.code === code;

eachStore((dialect, _open) => {
  /** Opens an empty place again and again with other migrations. */
  async function place(t: Parameters<typeof emptyDatabase>[0]) {
    const { database, folder } = await emptyDatabase(t, dialect);
    const clock = new FakeClock();
    const open = (...migrations: Migration[]): Promise<Store> =>
      openStore({ database, dataFolder: folder, clock, log: silentLog(), migrations, listen: false });
    const using = async <T>(migrations: Migration[], work: (store: Store) => Promise<T>): Promise<T> => {
      const store = await open(...migrations);
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    };
    return { database, folder, clock, open, using };
  }
  const fill = async (store: Store): Promise<void> => {
    for (const [index, note] of NOTES.entries()) {
      await sql`insert into one (id, note, size) values (${`${index}`}, ${note}, ${2 ** 50 + index})`.execute(
        store.db,
      );
    }
  };
  const rowsOfOne = async (store: Store): Promise<unknown[]> =>
    (await sql`select id, note, size from one order by id`.execute(store.db)).rows;
  const versions = async (store: Store): Promise<number[]> =>
    (await store.db.selectFrom('schema_migrations').select('version').orderBy('version').execute()).map(
      ({ version }) => version,
    );
  const backups = (folder: string): string[] => {
    try {
      return readdirSync(join(folder, 'backups'));
    } catch {
      return [];
    }
  };

  test('S-07 a new database is migrated without a backup, and opening again changes nothing', async (t) => {
    const { folder, using } = await place(t);
    assert.deepEqual(await using([ONE], versions), [1]);
    assert.deepEqual(await using([ONE], versions), [1]);
    assert.deepEqual(backups(folder), []);
  });

  test('S-07 an upgrade is backed up first, and the backup brings the earlier state back', async (t) => {
    const { folder, using } = await place(t);
    await using([ONE], fill);
    const before = await using([ONE], rowsOfOne);
    assert.deepEqual(await using([ONE, TWO], versions), [1, 2]);
    const [backup, ...more] = backups(folder);
    assert.ok(backup !== undefined && more.length === 0);
    assert.match(backup, /^before-schema-2-from-1-\d+\.(db|sql)$/);

    const restored = await emptyDatabase(t, dialect);
    const path = join(folder, 'backups', backup);
    if (dialect === 'sqlite') copyFileSync(path, restored.database.slice('sqlite:'.length));
    else {
      const psql = spawnSync(
        join(findPostgresBin(), 'psql'),
        ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', path, restored.database],
        { encoding: 'utf8' },
      );
      assert.equal(psql.status, 0, psql.stderr);
    }
    const store = await openStore({
      database: restored.database,
      dataFolder: restored.folder,
      clock: new FakeClock(),
      log: silentLog(),
      migrations: [ONE],
    });
    t.after(() => store.close());
    assert.deepEqual(await rowsOfOne(store), before);
    assert.deepEqual(await versions(store), [1]);
    await store.close();
  });

  test('S-07 an upgrade whose backup cannot be written does not happen', async (t) => {
    const { folder, open, using } = await place(t);
    await using([ONE], fill);
    writeFileSync(join(folder, 'backups'), 'a file where the folder should be');
    await assert.rejects(open(ONE, TWO), refusedWith('DATABASE_BACKUP_FAILED'));
    assert.deepEqual(await using([ONE], versions), [1]);
  });

  test('S-07 a migration that fails leaves nothing half-applied', async (t) => {
    const { open, using } = await place(t);
    await using([ONE], fill);
    await assert.rejects(open(ONE, HALF), refusedWith('MIGRATION_FAILED'));
    await using([ONE], async (store) => {
      assert.deepEqual(await versions(store), [1]);
      assert.equal((await rowsOfOne(store)).length, NOTES.length);
      assert.deepEqual((await store.db.introspection.getTables()).map(({ name }) => name).sort(), [
        'one',
        'schema_migrations',
      ]);
    });
    assert.deepEqual(await using([ONE, TWO], versions), [1, 2]);
  });

  test('S-07 the schema of a newer program is refused, and nothing is touched', async (t) => {
    const { folder, open, using } = await place(t);
    await using([ONE, TWO], fill);
    await assert.rejects(open(ONE), (error: unknown) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, 'DATABASE_NEWER');
      assert.deepEqual([error.params['found'], error.params['known']], [2, 1]);
      return true;
    });
    assert.deepEqual(backups(folder), []);
    assert.deepEqual(await using([ONE, TWO], versions), [1, 2]);
  });

  test('S-07 a migration that was edited after it was applied is refused', async (t) => {
    const { open, using } = await place(t);
    await using([ONE], fill);
    await assert.rejects(open(step(1, `${ONE.sql} -- edited`)), refusedWith('MIGRATION_CHANGED'));
  });

  test("S-07 another program's database is refused", async (t) => {
    const { database, open, using } = await place(t);
    await using([ONE], async (store) => {
      await sql`drop table schema_migrations`.execute(store.db);
    });
    await assert.rejects(open(ONE), refusedWith('DATABASE_FOREIGN'), database);
  });

  if (dialect === 'sqlite') {
    test('S-07 a migration that leaves rows pointing to nothing is refused', async (t) => {
      const { open, using } = await place(t);
      await using([ONE], fill);
      const orphan = step(
        2,
        `CREATE TABLE child (id TEXT, one TEXT REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO child VALUES ('x', 'nobody');`,
      );
      await assert.rejects(open(ONE, orphan), refusedWith('MIGRATION_FAILED'));
      assert.deepEqual(await using([ONE], versions), [1]);
    });
    return;
  }

  test('S-07 processes that start at the same time on PostgreSQL migrate once', async (t) => {
    const { open } = await place(t);
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(ONE, TWO)));
    for (const store of stores) assert.deepEqual(await versions(store), [1, 2]);
    assert.equal((await sql`select id from two`.execute(stores[0]!.db)).rows.length, 1);
    for (const store of stores) await store.close();
  });
});

test('the migrations of both dialects are numbered without holes, and a stray file is an error', () => {
  for (const dialect of ['sqlite', 'postgres'] as const) assert.ok(readMigrations(dialect).length > 0);
  assert.throws(
    () => readMigrations('sqlite', join(import.meta.dirname, 'golden')),
    /not a name of a migration/,
  );
});
