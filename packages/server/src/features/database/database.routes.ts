import { AppError } from '@sekisho/core/errors.ts';
import { startDatabaseBackup, getDatabase, setLogLevel } from '@sekisho/core/wire/database.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { startTask } from '../tasks/run-task.ts';
import { backUpDatabase } from './back-up-database.ts';
import { backupsFolderOf, backupView, readDatabase, readSchemaVersion } from './read-database.ts';

/** S-07, S-08 The database and the log of a running server. */
export function databaseRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, config, dataFolder, domain, log, store } = context;
  mount(app, getDatabase, () => readDatabase(store, config, dataFolder));
  mount(app, startDatabaseBackup, async ({ body, principal }) => {
    // a key from elsewhere must not choose where files come into being on this machine
    if (body.folder !== undefined && principal.kind !== 'local') throw new AppError('BACKUP_FOLDER_LOCAL');
    const folder = body.folder ?? backupsFolderOf(config, dataFolder);
    await store.transaction((tx) =>
      recordAudit(
        tx,
        {
          act: 'back-up-database',
          actor: principal.name,
          origin: principal.origin,
          subject: domain.id,
          outcome: 'done',
          detail: { folder },
        },
        clock.nowMs(),
      ),
    );
    const taskId = await startTask(context, principal, {
      kind: 'back-up-database',
      input: { folder },
      run: async ({ progress, signal }) => {
        const manifest = await backUpDatabase({
          database: config.database,
          folder,
          domainId: domain.id,
          schemaVersion: await readSchemaVersion(store.db),
          automatic: false,
          clock,
          progress,
          signal,
        });
        log.info({ folder, file: manifest.file, bytes: manifest.bytes }, 'database backed up');
        return { ...backupView(manifest, folder), sha256: manifest.sha256 };
      },
    });
    return { taskId };
  });
  mount(app, setLogLevel, async ({ body, principal }) => {
    const before = log.level;
    const { name: actor, origin } = principal;
    const entry = { act: 'change-log-level', actor, origin, subject: body.level, outcome: 'done' } as const;
    await store.transaction((tx) =>
      recordAudit(tx, { ...entry, detail: { before, after: body.level } }, clock.nowMs()),
    );
    log.level = body.level;
    log.warn({ before, level: body.level }, 'log level changed');
    return { level: body.level, before };
  });
}
