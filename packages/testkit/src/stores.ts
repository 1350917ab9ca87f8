import type { Clock } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { readMigrations, type Migration } from '@sekisho/server/store/migrations.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { createClient } from '@sekisho/server/store/postgres-client.ts';
import { FakeClock } from './fake-clock.ts';
import { databaseUrl, POSTGRES_URL_VARIABLE, startPostgres, type TestPostgres } from './postgres.ts';
import { makeTempFolder, type HasAfter } from './temp-folder.ts';

export interface AnotherStoreOptions {
  readonly clock?: Clock;
  readonly migrations?: readonly Migration[];
  /** False: no wakes from the database, only polling. */
  readonly listen?: boolean;
}

/** A real, migrated store of one test. */
export interface TestStore {
  readonly store: Store;
  readonly clock: FakeClock;
  /** The data folder. */
  readonly folder: string;
  /** What `openStore` was given: for other processes and second instances. */
  readonly database: string;
  /** Another instance on the same database, as another server process has it; on SQLite close the first one before. */
  another(options?: AnotherStoreOptions): Promise<Store>;
}

/** Opens a fresh store; all its instances are closed, and its data removed, when the test has ended. */
export type OpenTestStore = (
  t: HasAfter,
  options?: { clock?: FakeClock; migrations?: readonly Migration[] },
) => Promise<TestStore>;

/**
 * Runs the tests of a file over both dialects, against the real databases. PostgreSQL is the server of the test run
 * (`SEKISHO_TEST_POSTGRES_URL`), or one that this file starts and stops.
 */
export function eachStore(tests: (dialect: DialectName, open: OpenTestStore) => void): void {
  describe('on sqlite', () => {
    tests('sqlite', (t, options) => openTestStore(t, 'sqlite', options));
  });
  describe('on postgres', () => {
    after(releasePostgres);
    tests('postgres', (t, options) => openTestStore(t, 'postgres', options));
  });
}

/** An empty database of its own, for tests of opening itself. Returns what `openStore` takes. */
export async function emptyDatabase(t: HasAfter, dialect: DialectName): Promise<EmptyDatabase> {
  const { path: folder, remove } = await makeTempFolder();
  if (dialect === 'sqlite') {
    t.after(remove);
    return { database: `sqlite:${join(folder, 'sekisho.db')}`, folder };
  }
  const url = await postgresUrl();
  const name = newDatabaseName();
  await administer(url, [`CREATE DATABASE ${name}`]);
  t.after(async () => {
    await administer(url, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
    await remove();
  });
  return { database: databaseUrl(url, name), folder };
}

export interface EmptyDatabase {
  readonly database: string;
  /** The data folder. */
  readonly folder: string;
}

async function openTestStore(
  t: HasAfter,
  dialect: DialectName,
  options: { clock?: FakeClock; migrations?: readonly Migration[] } = {},
): Promise<TestStore> {
  const clock = options.clock ?? new FakeClock();
  const opened: Store[] = [];
  // registered before the database's own removal runs: node:test calls after-hooks in the order of registration
  t.after(async () => {
    for (const store of opened) await store.close();
  });
  const place =
    dialect === 'postgres' && options.migrations === undefined
      ? await migratedDatabase(t)
      : await emptyDatabase(t, dialect);
  const another = async (changed: AnotherStoreOptions = {}): Promise<Store> => {
    const migrations = changed.migrations ?? options.migrations;
    const store = await openStore({
      database: place.database,
      dataFolder: place.folder,
      clock: changed.clock ?? clock,
      log: silentLog(),
      listen: changed.listen ?? true,
      ...(migrations !== undefined && { migrations }),
    });
    opened.push(store);
    return store;
  };
  return { store: await another(), clock, folder: place.folder, database: place.database, another };
}

let own: Promise<TestPostgres> | undefined;

/** The server's URL; starts one when the test run gave none. */
export async function postgresUrl(): Promise<string> {
  const given = process.env[POSTGRES_URL_VARIABLE];
  if (given !== undefined && given !== '') return given;
  own ??= startPostgres();
  return (await own).url;
}

async function releasePostgres(): Promise<void> {
  const running = own;
  own = undefined;
  template = undefined;
  await (await running)?.stop();
}

let template: Promise<string> | undefined;

/** A migrated database without a row of ours: a copy is made in a fraction of the time that the migrations take. */
export async function migratedDatabase(t: HasAfter): Promise<EmptyDatabase> {
  const url = await postgresUrl();
  template ??= makeTemplate(url);
  const from = await template;
  const name = newDatabaseName();
  await administer(url, [`CREATE DATABASE ${name} TEMPLATE ${from}`]);
  const { path: folder, remove } = await makeTempFolder();
  t.after(async () => {
    await administer(url, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
    await remove();
  });
  return { database: databaseUrl(url, name), folder };
}

/** One template for each state of the migrations, made by whichever test file comes first. */
async function makeTemplate(url: string): Promise<string> {
  const migrations = readMigrations('postgres');
  const state = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
  const name = `sekisho_template_${state}`;
  const client = createClient(url);
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('sekisho template'))`);
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length > 0) return name;
    await client.query(`DROP DATABASE IF EXISTS ${name}_new`);
    await client.query(`CREATE DATABASE ${name}_new`);
    const folder = await makeTempFolder();
    const store = await openStore({
      database: databaseUrl(url, `${name}_new`),
      dataFolder: folder.path,
      clock: new FakeClock(),
      log: silentLog(),
      migrations,
    });
    await store.close();
    await folder.remove();
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
    return name;
  } finally {
    await client.end(); // gives the lock back
  }
}

const newDatabaseName = (): string => `sekisho_${systemRandom.uuid().replaceAll('-', '')}`;

async function administer(url: string, statements: readonly string[]): Promise<void> {
  const client = createClient(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
