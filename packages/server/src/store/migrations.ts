import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DialectName } from './transaction-context.ts';

/** One step of the schema: a file `NNNN_name.sql`, or a pair `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql`. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in hex. */
  readonly checksum: string;
}

const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');
const FILE_NAME = /^(\d{4})_([a-z0-9_]+)(?:\.(sqlite|postgres))?\.sql$/;

/** The migrations of one dialect in order. Throws when a number is missing or stands twice. */
export function readMigrations(dialect: DialectName, folder: string = MIGRATIONS_FOLDER): Migration[] {
  const migrations: Migration[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.sql')) continue;
    const [, version, name, only] = FILE_NAME.exec(file) ?? [];
    if (version === undefined || name === undefined) throw new Error(`not a name of a migration: ${file}`);
    if (only !== undefined && only !== dialect) continue;
    const sql = readFileSync(join(folder, file), 'utf8');
    migrations.push({ version: Number(version), name: `${version}_${name}`, sql, checksum: checksumOf(sql) });
  }
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new Error(`migration ${index + 1} is missing or stands twice`);
  });
  return migrations;
}

/** SHA-256 of a migration's text in hex. */
export const checksumOf = (sql: string): string => createHash('sha256').update(sql).digest('hex');
