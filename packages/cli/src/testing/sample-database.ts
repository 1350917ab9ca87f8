import { AppError } from '@sekisho/core/errors.ts';
import { getDatabase, setLogLevel, startDatabaseBackup } from '@sekisho/core/wire/database.ts';
import { fakeRoute, type FakeRoute } from './fake-server.ts';

const BACKUP = {
  file: 'sekisho-20260301T020000Z.sqlite',
  folder: '/var/lib/sekisho/server/backups',
  createdAtMs: Date.UTC(2026, 2, 1, 2, 0, 0),
  bytes: 4_812_800,
  schemaVersion: 1,
  automatic: false,
};
const TASK = '77777777-7777-4777-8777-777777777777';

/** The task that made the backup. */
export const BACKUP_TASK = {
  id: TASK,
  kind: 'back-up-database',
  state: 'done' as const,
  input: {},
  progress: null,
  result: BACKUP,
  code: null,
  params: {},
  createdAtMs: BACKUP.createdAtMs,
  createdBy: 'local',
  endedAtMs: BACKUP.createdAtMs,
};

/** A database that was backed up in the night; `/mnt/full` has no room. */
export const sampleDatabase = (): FakeRoute[] => [
  fakeRoute(getDatabase, () => ({
    dialect: 'sqlite' as const,
    place: '/var/lib/sekisho/server/sekisho.db',
    schemaVersion: 1,
    bytes: 5_242_880,
    journalBytes: 65_536,
    tables: [
      { name: 'certificates', rows: 1_204 },
      { name: 'hosts', rows: 1_000 },
      { name: 'plans', rows: 0 },
    ],
    lastBackup: BACKUP,
    backupEveryHours: 24,
  })),
  fakeRoute(startDatabaseBackup, ({ body }) => {
    if (body.folder === '/mnt/full') throw new AppError('DATABASE_COPY_FAILED', { folder: body.folder });
    return { taskId: TASK };
  }),
  fakeRoute(setLogLevel, ({ body }) => ({ level: body.level, before: 'info' })),
];
