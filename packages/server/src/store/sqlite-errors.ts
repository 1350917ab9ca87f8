import { AppError } from '@sekisho/core/errors.ts';

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
const IOERR_SHMSIZE = 4874;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** SQLite's extended result code of an error, if it is one of SQLite's. @source https://sqlite.org/rescode.html */
export const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined;

/** True when the busy timeout ran out. */
export const isSqliteBusy = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code !== undefined && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED);
};

/** True when a row with that key exists already. */
export const isSqliteUniqueViolation = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code === CONSTRAINT_PRIMARYKEY || code === CONSTRAINT_UNIQUE;
};

/** Turns what SQLite says of the file and the disk into words; other errors pass as they are. */
export function translateSqliteError(error: unknown, database: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (code === IOERR_SHMSIZE) return new AppError('DISK_FULL', { path: database }, { cause: error });
  switch (code & 0xff) {
    case FULL:
      return new AppError('DISK_FULL', { path: database }, { cause: error });
    case CORRUPT:
    case NOTADB:
      return new AppError('DATABASE_CORRUPT', { database }, { cause: error });
    case READONLY:
    case CANTOPEN:
      return new AppError('DATABASE_UNWRITABLE', { database }, { cause: error });
    case IOERR:
      return new AppError('DATABASE_IO_FAILED', { database }, { cause: error });
    case BUSY:
    case LOCKED:
      return new AppError('DATABASE_BUSY', { database }, { cause: error });
    default:
      return error;
  }
}
