import type { DatabaseBackup, DatabaseStatus } from '@sekisho/core/wire/database.ts';
import { sql } from 'kysely';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerConfig } from '../../config.ts';
import { databaseBytes } from '../../metrics/stored-figures.ts';
import { BACKUPS_FOLDER } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listBackups } from './backup-files.ts';

/** Where automatic backups go. */
export const backupsFolderOf = (config: ServerConfig, dataFolder: string): string =>
  config.backups.folder ?? join(dataFolder, BACKUPS_FOLDER);

/** The version of the schema that a database has. */
export async function readSchemaVersion(db: DbOrTx): Promise<number> {
  const { rows } = await sql<{ version: number | null }>`
    select max(version) as version from schema_migrations`.execute(db);
  return Number(rows[0]?.version ?? 0);
}

/** What an operator wants to know of the database. Counting rows takes a moment on a large one. */
export async function readDatabase(
  store: Store,
  config: ServerConfig,
  dataFolder: string,
): Promise<DatabaseStatus> {
  const path = config.database.startsWith('sqlite:') ? config.database.slice('sqlite:'.length) : undefined;
  const folder = backupsFolderOf(config, dataFolder);
  const [newest] = await listBackups(folder);
  return {
    dialect: store.dialect,
    place: store.label,
    schemaVersion: await readSchemaVersion(store.db),
    bytes: await databaseBytes(store, path),
    journalBytes: path === undefined ? null : await fileSize(`${path}-wal`),
    tables: await countTables(store),
    lastBackup: newest === undefined ? null : backupView(newest, folder),
    backupEveryHours: config.backups.everyHours,
  };
}

/** A manifest as it is shown. */
export const backupView = (
  { file, createdAtMs, bytes, schemaVersion, automatic }: Omit<DatabaseBackup, 'folder'>,
  folder: string,
): DatabaseBackup => ({ file, folder, createdAtMs, bytes, schemaVersion, automatic });

async function countTables(store: Store): Promise<DatabaseStatus['tables']> {
  const names =
    store.dialect === 'sqlite'
      ? sql<{ name: string }>`
          select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`
      : sql<{ name: string }>`
          select table_name as name from information_schema.tables
          where table_schema = current_schema() order by table_name::text collate "C"`;
  const tables: { name: string; rows: number }[] = [];
  for (const { name } of (await names.execute(store.db)).rows) {
    const counted = sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`;
    tables.push({ name, rows: Number((await counted.execute(store.db)).rows[0]?.n ?? 0) });
  }
  return tables;
}

const fileSize = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
