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
  readonly #statements = new Map<string, PreparedStatement>();

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

  rows<Row>(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return Promise.resolve(this.#rows(this.#prepare(sql), parameters));
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  first<Row>(sql: string, parameters: readonly unknown[]): Promise<Row | undefined> {
    try {
      const { statement, columns } = this.#prepare(sql);
      const values = statement.get(...parameters.map(bind));
      return Promise.resolve(values === undefined ? undefined : rowOf(columns, values));
    } catch (error) {
      return Promise.reject(this.#translate(error));
    }
  }

  scan<Row>(sql: string, parameters: readonly unknown[], take: (row: Row) => void): Promise<void> {
    try {
      const { statement, columns } = this.#prepare(sql);
      for (const values of statement.iterate(...parameters.map(bind))) take(rowOf(columns, values));
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
    const prepared = this.#prepare(query.sql);
    if (prepared.columns.length > 0) return { rows: this.#rows(prepared, query.parameters) };
    const { changes, lastInsertRowid } = prepared.statement.run(...query.parameters.map(bind));
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #rows<Row>({ statement, columns }: PreparedStatement, parameters: readonly unknown[]): Row[] {
    return statement.all(...parameters.map(bind)).map((values) => rowOf<Row>(columns, values));
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    this.#statements.set(sql, prepared);
    if (this.#statements.size > STATEMENTS_MAX) {
      const oldest = this.#statements.keys().next();
      if (oldest.done !== true) this.#statements.delete(oldest.value);
    }
    return prepared;
  }
}

interface PreparedStatement {
  readonly statement: StatementSync;
  /** Names of what it gives; none: it gives no rows. */
  readonly columns: readonly string[];
}

/**
 * A row as PostgreSQL's come: a plain object. Those that node:sqlite makes have no prototype and are dictionaries, which are slow to
 * make and to read.
 */
function rowOf<Row>(columns: readonly string[], values: unknown): Row {
  const row: Record<string, unknown> = {};
  // the statement gives its columns in an array, which the types of node:sqlite do not say
  for (let n = 0; n < columns.length; n += 1) row[columns[n]!] = (values as readonly unknown[])[n];
  return row as Row; // the types of the query builder say what the columns are
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
