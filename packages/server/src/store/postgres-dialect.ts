import {
  CompiledQuery,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
} from 'kysely';
import type { PostgresPool } from './postgres-servers.ts';
import { refuseOutsideInside } from './transaction-context.ts';

/**
 * Kysely's PostgreSQL with one addition: a transaction begins by locking `schema_migrations` (reads pass), so writers of
 * all processes come one after the other as they do on SQLite. LOCK takes no snapshot, so what the work then reads is what
 * the writer before it left: no serialization failures, no lost updates, and feed numbers in commit order.
 * @source https://www.postgresql.org/docs/current/sql-lock.html
 */
export const postgresDialect = (pool: PostgresPool, translate: (error: unknown) => unknown): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  createDriver: () => new OneWriterDriver(pool, translate),
});

const BEGIN =
  'BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE; LOCK TABLE schema_migrations IN EXCLUSIVE MODE';

class OneWriterDriver extends PostgresDriver {
  readonly #translate: (error: unknown) => unknown;
  readonly #wrapped = new WeakSet<DatabaseConnection>();

  constructor(pool: PostgresPool, translate: (error: unknown) => unknown) {
    super({ pool });
    this.#translate = translate;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    refuseOutsideInside();
    try {
      const connection = await super.acquireConnection();
      this.#wrap(connection);
      return connection;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(BEGIN));
  }

  /** A rollback that fails means a lost connection, which is thrown away; why the transaction failed stays the error. */
  override async rollbackTransaction(
    connection: Parameters<PostgresDriver['rollbackTransaction']>[0],
  ): Promise<void> {
    await super.rollbackTransaction(connection).catch(() => undefined);
  }

  #wrap(connection: DatabaseConnection): void {
    if (this.#wrapped.has(connection)) return;
    this.#wrapped.add(connection);
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = async (...query) => {
      try {
        return await execute(...query);
      } catch (error) {
        throw this.#translate(error);
      }
    };
  }
}
