import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  ValueNode,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type LimitNode,
  type OffsetNode,
  type OperationNode,
  type QueryResult,
} from 'kysely';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { Mutex } from './mutex.ts';
import { refuseOutsideInside, type DirectRunner } from './transaction-context.ts';

/** Prepared statements kept; the oldest goes first. */
const STATEMENTS_MAX = 500;

/** Kysely over node:sqlite: one connection, one user at a time, so a transaction is never mixed with other queries. */
export const sqliteDialect = (database: DatabaseSync, connection: SqliteConnection): Dialect => ({
  createAdapter: () => new OwnMutexAdapter(),
  createQueryCompiler: () => new LiteralLimitCompiler(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createDriver: () => new NodeSqliteDriver(database, connection),
});

/** SQLite compiles a statement anew each time a limit is bound to it (it plans by that number); a limit that is written out costs nothing. */
class LiteralLimitCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    if (!this.#appendCount('limit ', node.limit)) super.visitLimit(node);
  }

  protected override visitOffset(node: OffsetNode): void {
    if (!this.#appendCount('offset ', node.offset)) super.visitOffset(node);
  }

  #appendCount(word: string, node: OperationNode): boolean {
    if (!ValueNode.is(node) || !Number.isSafeInteger(node.value)) return false;
    this.append(`${word}${String(node.value)}`);
    return true;
  }
}

/** Kysely's own queue for a single connection is left out: it would wait before this driver can refuse a wrong use. */
class OwnMutexAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: SqliteConnection;
  readonly #mutex = new Mutex();
  #unlock: (() => void) | undefined;

  constructor(database: DatabaseSync, connection: SqliteConnection) {
    this.#database = database;
    this.#connection = connection;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    refuseOutsideInside();
    this.#unlock = await this.#mutex.lock();
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#unlock?.();
    return Promise.resolve();
  }

  /** IMMEDIATE takes the write lock at the start, so that no transaction fails half way for want of it. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // a full disk makes SQLite roll back by itself
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }

  async destroy(): Promise<void> {
    const unlock = await this.#mutex.lock();
    this.#connection.forget();
    this.#database.close();
    unlock();
  }
}

/** The one connection, with its prepared statements. */
export class SqliteConnection implements DatabaseConnection, DirectRunner {
  readonly #database: DatabaseSync;
  readonly #translate: (error: unknown) => unknown;
  readonly #statements = new Map<string, { statement: StatementSync; reads: boolean }>();

  constructor(database: DatabaseSync, translate: (error: unknown) => unknown) {
    this.#database = database;
    this.#translate = translate;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return Promise.resolve(this.#run<R>(query));
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    await Promise.reject(new Error('not supported: page instead'));
  }

  /** Rows as node:sqlite gives them, without a prototype: for those who take them apart. */
  rows<Row>(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    try {
      // the types of the query builder say what the columns are
      return Promise.resolve(this.#prepare(sql).statement.all(...parameters.map(bind)) as Row[]);
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  first<Row>(sql: string, parameters: readonly unknown[]): Promise<Row | undefined> {
    try {
      return Promise.resolve(this.#prepare(sql).statement.get(...parameters.map(bind)) as Row | undefined);
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  scan<Row>(sql: string, parameters: readonly unknown[], take: (row: Row) => void): Promise<void> {
    try {
      // the types of the query builder say what the columns are
      for (const row of this.#prepare(sql).statement.iterate(...parameters.map(bind))) take(row as Row);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  run(sql: string, parameters: readonly unknown[]): Promise<number> {
    try {
      return Promise.resolve(Number(this.#prepare(sql).statement.run(...parameters.map(bind)).changes));
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  forget(): void {
    this.#statements.clear();
  }

  #run<R>(query: CompiledQuery): QueryResult<R> {
    const { statement, reads } = this.#prepare(query.sql);
    const parameters = query.parameters.map(bind);
    if (reads) {
      // copied: node:sqlite's rows have no prototype, PostgreSQL's do; Kysely's types say what the columns are
      return { rows: statement.all(...parameters).map((row) => ({ ...row }) as R) };
    }
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): { statement: StatementSync; reads: boolean } {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, reads: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    if (this.#statements.size > STATEMENTS_MAX) {
      const oldest = this.#statements.keys().next();
      if (oldest.done !== true) this.#statements.delete(oldest.value);
    }
    return prepared;
  }
}

/** node:sqlite binds every number as REAL; integers go as INTEGER so that sums and limits stay integers. */
function bind(value: unknown): SQLInputValue {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not an integer within 2^53: ${value}`);
    return BigInt(value);
  }
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`${typeof value} is not of the portable set: TEXT, BIGINT, NULL`);
}
