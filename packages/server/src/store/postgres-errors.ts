import { AppError } from '@sekisho/core/errors.ts';

/** @source https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE_VIOLATION = '23505';

/** SQLSTATE, or the system's name of a network error. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** True when the whole transaction may simply run again. */
export const isPostgresConflict = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === SERIALIZATION_FAILURE || code === DEADLOCK;
};

/** True when a row with that key exists already. */
export const isPostgresUniqueViolation = (error: unknown): boolean => codeOf(error) === UNIQUE_VIOLATION;

/** Network errors, and what pg says without a code of its own. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOENT',
  'EACCES',
]);
const LOST_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Client was closed)/;

/** Turns what PostgreSQL or the network says into words; other errors pass as they are. */
export function translatePostgresError(error: unknown, database: string): unknown {
  const because = { cause: error };
  const code = codeOf(error);
  if (code === undefined) {
    // pg gives a lost connection no code: its words are all there is
    const lost =
      error instanceof AggregateError || (error instanceof Error && LOST_WORDS.test(error.message));
    return lost ? new AppError('DATABASE_UNREACHABLE', { database }, because) : error;
  }
  if (error instanceof AppError) return error;
  if (NETWORK.has(code)) return new AppError('DATABASE_UNREACHABLE', { database }, because);
  switch (code) {
    case '28P01':
    case '28000':
      return new AppError('DATABASE_LOGIN_REFUSED', { database }, because);
    case '3D000':
      return new AppError('DATABASE_MISSING', { database }, because);
    case '42501':
    case '3F000': // no schema to create tables in
      return new AppError('DATABASE_RIGHTS_MISSING', { database }, because);
    case '53100':
      return new AppError('DISK_FULL', { path: database }, because);
    case '53300': // too many connections
    case '55P03': // lock timeout
    case '57014': // statement timeout
    case '25P03': // idle in a transaction for too long
      return new AppError('DATABASE_BUSY', { database }, because);
    case 'XX001':
    case 'XX002':
      return new AppError('DATABASE_CORRUPT', { database }, because);
    case '25006': // a primary that has become a standby under an open connection
      return new AppError('DATABASE_STANDBY', { database }, because);
    case '57P01':
    case '57P02':
    case '57P03':
      return new AppError('DATABASE_UNREACHABLE', { database }, because);
    default:
      return code.startsWith('08') ? new AppError('DATABASE_UNREACHABLE', { database }, because) : error;
  }
}
