import { z } from 'zod';
import { route } from './route.ts';
import { absolutePath, count, epochMs, taskId } from './scalars.ts';

/** A backup of the database that is complete and was verified. */
export const databaseBackup = z.object({
  file: z.string().max(200),
  folder: z.string().max(4096),
  createdAtMs: epochMs,
  bytes: count,
  schemaVersion: count,
  automatic: z.boolean(),
});
export type DatabaseBackup = z.infer<typeof databaseBackup>;

/** The database of a domain, as an operator sees it. */
export const databaseStatus = z.object({
  dialect: z.enum(['sqlite', 'postgres']),
  /** Where it is, without secrets. */
  place: z.string().max(4096),
  schemaVersion: count,
  /** Its size; on SQLite with the journal, which is also given alone. */
  bytes: count,
  journalBytes: count.nullable(),
  tables: z.array(z.object({ name: z.string().max(64), rows: count })).max(200),
  lastBackup: databaseBackup.nullable(),
  /** Hours between automatic backups; 0: none are made. */
  backupEveryHours: count,
});
export type DatabaseStatus = z.infer<typeof databaseStatus>;

export const getDatabase = route({
  method: 'GET',
  path: '/v1/database',
  right: 'server.read',
  reply: databaseStatus,
});

/**
 * Begins a backup as a task; its result names the file. Another folder than the server's own may be named only on the server's
 * machine.
 */
export const startDatabaseBackup = route({
  method: 'POST',
  path: '/v1/database/backups',
  right: 'server.operate',
  body: z.object({ folder: absolutePath.optional() }),
  reply: z.object({ taskId }),
});

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Changes what this process logs, until it stops. */
export const setLogLevel = route({
  method: 'PUT',
  path: '/v1/server/log-level',
  right: 'server.operate',
  body: z.object({ level: logLevel }),
  reply: z.object({ level: logLevel, before: z.string().max(20) }),
});
