import { openStore } from '@sekisho/server/store/open-store.ts';
import type { Migration } from '@sekisho/server/store/migrations.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { join } from 'node:path';
import { describe } from 'node:test';
import { FakeClock } from './fake-clock.ts';
import { tempFolder, type HasAfter } from './temp-folder.ts';

/** A real, migrated store of one test. */
export interface TestStore {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly folder: string;
  /** What `openStore` was given: for other processes and second instances. */
  readonly database: string;
  /** Another instance on the same database, as another server process has it (PostgreSQL; SQLite refuses). */
  another(options?: { listen?: boolean; clock?: Clock }): Promise<Store>;
}

/** Opens a fresh store; it is closed, and its data removed, when the test has ended. */
export type OpenTestStore = (
  t: HasAfter,
  options?: { clock?: FakeClock; migrations?: readonly Migration[] },
) => Promise<TestStore>;

/** Runs the tests of a file over both dialects. */
export function eachStore(tests: (dialect: DialectName, open: OpenTestStore) => void): void {
  describe('on sqlite', () => {
    tests('sqlite', openSqliteTestStore);
  });
}

const openSqliteTestStore: OpenTestStore = async (t, options = {}) => {
  const folder = await tempFolder(t);
  const clock = options.clock ?? new FakeClock();
  const database = `sqlite:${join(folder, 'sekisho.db')}`;
  const open = (): Promise<Store> =>
    openStore({
      database,
      dataFolder: folder,
      clock,
      log: silentLog(),
      ...(options.migrations && { migrations: options.migrations }),
    });
  const store = await open();
  t.after(() => store.close());
  return { store, clock, folder, database, another: open };
};
