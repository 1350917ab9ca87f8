import { makePrivateFolder, syncFolder } from '@sekisho/platform/durable-file.ts';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';

const ROWS_PER_FETCH = 1_000;

/**
 * Writes all tables, as of one moment, to an SQL script of our own: `createdb NEW && psql -1 -f FILE NEW` brings them back.
 * So an upgrade needs no pg_dump of the right version. The file is on the disk when this resolves.
 */
export async function backUpPostgres(
  client: Client,
  options: { folder: string; name: string; schemaSql: readonly string[] },
): Promise<string> {
  await makePrivateFolder(options.folder);
  const path = join(options.folder, options.name);
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true }); // left by a crash, or somebody's link in a folder that is not ours alone
  const file = await open(temporary, 'wx', 0o600);
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      await writeScript(client, file, options.schemaSql);
    } finally {
      await client.query('ROLLBACK');
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(options.folder);
  return path;
}

async function writeScript(client: Client, file: FileHandle, schemaSql: readonly string[]): Promise<void> {
  await file.write(`SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n`);
  for (const sql of schemaSql) await file.write(`${sql.trimEnd().replace(/;?$/, ';')}\n`);
  // tables in the order of their making: what a row points to comes before it
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid`,
  );
  // a migration may have filled a table; the copy below is the whole truth
  await file.write(`TRUNCATE ${tables.map(({ name }) => quote(name)).join(', ')};\n`);
  for (const { name } of tables) await copyTable(client, file, name);
  await file.write('-- complete\n');
}

async function copyTable(client: Client, file: FileHandle, table: string): Promise<void> {
  await client.query(`DECLARE backup_rows NO SCROLL CURSOR FOR SELECT * FROM ${quote(table)}`);
  try {
    for (let first = true; ; first = false) {
      const { rows, fields } = await client.query<unknown[]>({
        text: `FETCH ${ROWS_PER_FETCH} FROM backup_rows`,
        rowMode: 'array',
      });
      if (first) {
        const columns = fields.map((field) => quote(field.name)).join(', ');
        await file.write(`COPY ${quote(table)} (${columns}) FROM stdin;\n`);
      }
      if (rows.length === 0) break;
      await file.write(rows.map((row) => `${row.map(copyText).join('\t')}\n`).join(''));
    }
    await file.write('\\.\n');
  } finally {
    await client.query('CLOSE backup_rows').catch(() => undefined);
  }
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** @source https://www.postgresql.org/docs/current/sql-copy.html "Text Format" */
function copyText(value: unknown): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? '');
  throw new TypeError(`${typeof value} is not of the portable set: TEXT, BIGINT, NULL`);
}
