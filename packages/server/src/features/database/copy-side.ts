import type pg from 'pg';
import type { DatabaseSync } from 'node:sqlite';

/** A value of the portable set. */
export type Cell = string | number | null;

/** One table of ours. */
export interface TableShape {
  readonly name: string;
  /** In the order of the schema. */
  readonly columns: readonly string[];
  /** Of its primary key. */
  readonly key: readonly string[];
}

/** One side of a move: tables, rows in batches, and one transaction. */
export interface CopySide {
  /** A table comes after those that its rows point to. */
  tables(): Promise<TableShape[]>;
  /** Rows in the order of the primary key, in batches; cells in the order of the columns. */
  rows(table: TableShape): AsyncIterable<readonly (readonly Cell[])[]>;
  insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void>;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export const ROWS_PER_BATCH = 500;
/** SQLite's own table of what was migrated is made anew by each side. */
const OWN_TABLES = ['schema_migrations'];

/** The side of an open SQLite database. */
export function sqliteSide(database: DatabaseSync): CopySide {
  return {
    tables: () => {
      const names = database
        .prepare(
          `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
        )
        .all()
        .map(({ name }) => String(name))
        .filter((name) => !OWN_TABLES.includes(name));
      return Promise.resolve(
        names.map((name) => {
          const columns = database.prepare('SELECT name, pk FROM pragma_table_info(?)').all(name);
          const key = columns
            .filter(({ pk }) => Number(pk) > 0)
            .sort((a, b) => Number(a['pk']) - Number(b['pk']));
          return {
            name,
            columns: columns.map(({ name: one }) => String(one)),
            key: key.map((one) => String(one['name'])),
          };
        }),
      );
    },
    async *rows(table) {
      const first = database.prepare(page(table, '?', false));
      const further = database.prepare(page(table, '?', true));
      for (let after: Cell[] | undefined; ;) {
        const found = after === undefined ? first.all() : further.all(...after);
        if (found.length === 0) return;
        const rows = found.map((row) => table.columns.map((column) => cell(row[column])));
        after = keyOf(table, rows);
        yield await Promise.resolve(rows);
      }
    },
    insert: (table, rows) => {
      const insert = database.prepare(
        `INSERT INTO ${quote(table.name)} (${table.columns.map(quote).join(', ')}) VALUES (${table.columns.map(() => '?').join(', ')})`,
      );
      for (const row of rows) insert.run(...row);
      return Promise.resolve();
    },
    begin: () => {
      database.exec('BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON');
      return Promise.resolve();
    },
    commit: () => {
      database.exec('COMMIT');
      return Promise.resolve();
    },
    rollback: () => {
      if (database.isTransaction) database.exec('ROLLBACK');
      return Promise.resolve();
    },
  };
}

/** The side of a connection to PostgreSQL; writers of other processes are held off while its transaction lasts. */
export function postgresSide(client: pg.Client): CopySide {
  return {
    tables: async () => {
      const { rows } = await client.query<{ name: string; columns: string[]; key: string[] | null }>(
        `SELECT c.relname AS name,
           (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
           (SELECT json_agg(a.attname ORDER BY k.at) FROM pg_index i
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, at)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid AND i.indisprimary) AS key
         FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
         ORDER BY c.oid`,
      );
      return rows
        .filter(({ name }) => !OWN_TABLES.includes(name))
        .map(({ name, columns, key }) => ({ name, columns, key: key ?? [] }));
    },
    async *rows(table) {
      for (let after: Cell[] | undefined; ;) {
        const { rows } = await client.query<unknown[]>({
          text: page(table, '$', after !== undefined),
          values: after ?? [],
          rowMode: 'array',
        });
        if (rows.length === 0) return;
        const batch = rows.map((row) => row.map(cell));
        after = keyOf(table, batch);
        yield batch;
      }
    },
    insert: async (table, rows) => {
      const values = rows.map(
        (row, n) => `(${row.map((_, at) => `$${n * row.length + at + 1}`).join(', ')})`,
      );
      const columns = table.columns.map(quote).join(', ');
      await client.query(
        `INSERT INTO ${quote(table.name)} (${columns}) VALUES ${values.join(', ')}`,
        rows.flat(),
      );
    },
    begin: async () => {
      await client.query('BEGIN; LOCK TABLE schema_migrations IN EXCLUSIVE MODE');
    },
    commit: async () => {
      await client.query('COMMIT');
    },
    rollback: async () => {
      await client.query('ROLLBACK').catch(() => undefined);
    },
  };
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The next rows by primary key, after one that was read last. */
function page(table: TableShape, mark: '?' | '$', hasAfter: boolean): string {
  const key = table.key.map(quote).join(', ');
  const marks = table.key.map((_, at) => (mark === '?' ? '?' : `$${at + 1}`)).join(', ');
  const where = hasAfter ? `WHERE (${key}) > (${marks})` : '';
  const columns = table.columns.map(quote).join(', ');
  return `SELECT ${columns} FROM ${quote(table.name)} ${where} ORDER BY ${key} LIMIT ${ROWS_PER_BATCH}`;
}

function keyOf(table: TableShape, rows: readonly (readonly Cell[])[]): Cell[] {
  const last = rows.at(-1) ?? [];
  return table.key.map((column) => last[table.columns.indexOf(column)] ?? null);
}

function cell(value: unknown): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError(`${typeof value} is not of the portable set: TEXT, BIGINT, NULL`);
}
