import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  absoluteDatabase,
  CONFIG_FILE,
  loadConfig,
  saveConfig,
  serverConfig,
  type ServerConfigFile,
} from '../../config.ts';
import { parseDatabaseAddress, type DatabaseAddress } from '../../store/database-address.ts';
import { readMigrations } from '../../store/migrations.ts';
import { BACKUPS_FOLDER } from '../../store/open-store.ts';
import { openPostgres } from '../../store/open-postgres.ts';
import { openSqlite } from '../../store/open-sqlite.ts';
import { connectPostgres } from '../../store/postgres-servers.ts';
import { translatePostgresError } from '../../store/postgres-errors.ts';
import { translateSqliteError } from '../../store/sqlite-errors.ts';
import { postgresSide, sqliteSide, type Cell, type CopySide, type TableShape } from './copy-side.ts';

/** A worker that was alive within this time may still serve. */
const ALIVE_WITHIN_MS = MINUTE_MS;
/** Rows that point into their own table come after those they point to. */
const PARENT_COLUMN: Readonly<Record<string, string>> = { groups: 'parent_id' };
/** Keys as they stand in the file: without the defaults of those that are not there. */
const storedConfig = z.custom<ServerConfigFile>((raw) => serverConfig.safeParse(raw).success);
/** Where the configuration stays that named the old database. */
export const CONFIG_BEFORE_MOVE = 'server.json.before-move';

export interface MoveOptions {
  readonly dataFolder: string;
  readonly from: 'sqlite' | 'postgres';
  /** `sqlite:FILE` or `postgres://…`, empty. */
  readonly to: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress?: (table: string, done: number, total: number) => void;
}

export interface MoveResult {
  readonly from: string;
  readonly to: string;
  readonly tables: number;
  readonly rows: number;
  /** An earlier run had copied everything already; only the configuration was left. */
  readonly copiedBefore: boolean;
}

/**
 * Moves a domain to another, empty database while its server is stopped (S-07): all rows in one transaction of the target,
 * compared before it is committed, then the configuration is switched. The source is only read. Cut short anywhere, the same
 * command does what is left. Refusals: DATABASE_MOVE_SOURCE, DATABASE_IN_USE, DATABASE_SERVED, DATABASE_NOT_EMPTY,
 * DATABASE_MOVE_DIFFERS, DATABASE_…, CONFIG_INVALID.
 */
export async function moveDatabase(options: MoveOptions): Promise<MoveResult> {
  const { dataFolder } = options;
  const config = await loadConfig(dataFolder, {}, options.environment);
  const from = parseDatabaseAddress(config.database);
  if (from.dialect !== options.from)
    throw new AppError('DATABASE_MOVE_SOURCE', { actual: from.dialect, given: options.from });
  const to = parseDatabaseAddress(absoluteDatabase(options.to, dataFolder));
  if (to.label === from.label)
    throw new AppError('DATABASE_NOT_EMPTY', { database: to.label, table: 'domain' });
  const source = await openSide(from, options);
  try {
    const target = await openSide(to, options);
    try {
      const copied = await copyAll(source.side, target.side, to.label, options);
      crashPoint('database-move.committed');
      await switchConfig(dataFolder, options.to);
      return { from: from.label, to: to.label, ...copied };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

interface OpenSide {
  readonly side: CopySide;
  close(): Promise<void>;
}

/** Opens a database for this process alone, with today's schema. */
async function openSide(address: DatabaseAddress, options: MoveOptions): Promise<OpenSide> {
  const { clock, log } = options;
  const migrations = readMigrations(address.dialect);
  const parts = { backupsFolder: join(options.dataFolder, BACKUPS_FOLDER), migrations, clock, log };
  if (address.dialect === 'sqlite') {
    const { database, unlock } = await openSqlite({ ...parts, path: address.path });
    return {
      side: told(sqliteSide(database), (error) => translateSqliteError(error, address.label)),
      close: () => {
        database.close();
        unlock();
        return Promise.resolve();
      },
    };
  }
  await (await openPostgres({ ...parts, address })).end();
  const client = await connectPostgres(address).catch((error: unknown) => {
    throw translatePostgresError(error, address.label);
  });
  try {
    const { rows } = await client.query<{ workers: number }>(
      `SELECT count(*) AS workers FROM workers
       WHERE alive_at_ms > extract(epoch FROM clock_timestamp()) * 1000 - $1`,
      [ALIVE_WITHIN_MS],
    );
    const workers = rows[0]?.workers ?? 0;
    if (workers > 0) throw new AppError('DATABASE_SERVED', { database: address.label, workers });
  } catch (error) {
    await client.end().catch(() => undefined);
    throw translatePostgresError(error, address.label);
  }
  return {
    side: told(postgresSide(client), (error) => translatePostgresError(error, address.label)),
    close: () => client.end(),
  };
}

/** The same side; what the database says comes with our words. */
function told(side: CopySide, translate: (error: unknown) => unknown): CopySide {
  const during = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw translate(error);
    }
  };
  return {
    ...side,
    insert: (table, rows) => during(side.insert(table, rows)),
    begin: () => during(side.begin()),
    commit: () => during(side.commit()),
  };
}

async function copyAll(
  source: CopySide,
  target: CopySide,
  label: string,
  options: MoveOptions,
): Promise<Pick<MoveResult, 'tables' | 'rows' | 'copiedBefore'>> {
  const tables = await source.tables();
  const shapes = new Map((await target.tables()).map((table) => [table.name, table]));
  await target.begin();
  try {
    const filled = await firstFilled(target, [...shapes.values()]);
    let rows = 0;
    for (const [at, table] of tables.entries()) {
      const into = shapes.get(table.name);
      if (into === undefined) throw new AppError('DATABASE_MOVE_DIFFERS', { table: table.name });
      options.progress?.(table.name, at, tables.length);
      if (filled === undefined) await copyTable(source, target, table);
      const digest = await digestOf(source, table);
      rows += digest.rows;
      // what is there may be our own copy of an earlier run that ended before the configuration was switched
      if ((await digestOf(target, table)).text !== digest.text)
        throw filled === undefined
          ? new AppError('DATABASE_MOVE_DIFFERS', { table: table.name })
          : new AppError('DATABASE_NOT_EMPTY', { database: label, table: filled });
    }
    options.progress?.('', tables.length, tables.length);
    crashPoint('database-move.before-commit');
    await target.commit();
    return { tables: tables.length, rows, copiedBefore: filled !== undefined };
  } catch (error) {
    await target.rollback();
    throw error;
  }
}

async function firstFilled(side: CopySide, tables: readonly TableShape[]): Promise<string | undefined> {
  for (const table of tables) {
    for await (const rows of side.rows(table)) if (rows.length > 0) return table.name;
  }
  return undefined;
}

async function copyTable(source: CopySide, target: CopySide, table: TableShape): Promise<void> {
  const parent = PARENT_COLUMN[table.name];
  if (parent === undefined) {
    for await (const rows of source.rows(table)) await target.insert(table, rows);
    return;
  }
  const all: (readonly Cell[])[] = [];
  for await (const rows of source.rows(table)) all.push(...rows);
  for (const level of levelsOf(all, table, parent)) await target.insert(table, level);
}

/** Rows without a parent, then those below them, and so on; each level in batches of one. */
function levelsOf(
  rows: readonly (readonly Cell[])[],
  table: TableShape,
  parent: string,
): (readonly Cell[])[][] {
  const id = table.columns.indexOf(table.key[0] ?? '');
  const at = table.columns.indexOf(parent);
  const levels: (readonly Cell[])[][] = [];
  const placed = new Set<Cell>([null]);
  for (let left = [...rows]; left.length > 0;) {
    const ready = left.filter((row) => placed.has(row[at] ?? null));
    if (ready.length === 0) throw new AppError('DATABASE_MOVE_DIFFERS', { table: table.name });
    for (const row of ready) placed.add(row[id] ?? null);
    levels.push(...ready.map((row) => [row]));
    left = left.filter((row) => !ready.includes(row));
  }
  return levels;
}

/** Rows and a sum over the hashes of all rows: the same whatever order the database gives them in. */
async function digestOf(side: CopySide, table: TableShape): Promise<{ rows: number; text: string }> {
  const order = [...table.columns.keys()].sort((a, b) =>
    (table.columns[a] ?? '') < (table.columns[b] ?? '') ? -1 : 1,
  );
  let rows = 0;
  let sum = 0n;
  for await (const batch of side.rows(table)) {
    for (const row of batch) {
      const text = JSON.stringify(order.map((at) => row[at] ?? null));
      sum = (sum + BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)) & MASK;
    }
    rows += batch.length;
  }
  return { rows, text: `${rows} ${sum.toString(16)}` };
}

const MASK = (1n << 256n) - 1n;

/** The old configuration stays beside the new one; the new one takes its place in one rename. */
async function switchConfig(dataFolder: string, database: string): Promise<void> {
  const file = join(dataFolder, CONFIG_FILE);
  const text = await readFile(file, 'utf8');
  await writeDurably(join(dataFolder, CONFIG_BEFORE_MOVE), text, { mode: 0o600 });
  crashPoint('database-move.before-switch');
  await saveConfig(dataFolder, { ...storedConfig.parse(JSON.parse(text)), database });
  crashPoint('database-move.switched');
}
