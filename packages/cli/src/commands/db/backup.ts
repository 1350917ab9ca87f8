import { AppError, fill } from '@sekisho/core/errors.ts';
import { databaseBackup, startDatabaseBackup, type DatabaseBackup } from '@sekisho/core/wire/database.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { resolve } from 'node:path';
import { note, type Cli } from '../../cli.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { followTask } from '../../client/follow-task.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `db backup` (S-07): by the running server; by this process when the server is stopped. */
export const dbBackup = defineVerb({
  path: 'db backup',
  args: {},
  flags: { data: serverData, to: text('--to <folder>') },
  examples: { plain: 'sekisho db backup', elsewhere: 'sekisho db backup --to /mnt/backup/sekisho' },
  run: async ({ cli, flags }) => {
    const folder = flags.to === undefined ? undefined : resolve(cli.io.cwd, flags.to);
    const made = await withServer(cli, flags.data, async ({ call }) => {
      const body = folder === undefined ? {} : { folder };
      const { taskId } = await call(startDatabaseBackup, { body });
      return databaseBackup.parse((await followTask(cli, call, taskId)).result);
    }).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'SERVER_NOT_RUNNING') throw error;
      return backUpStopped(cli, serverFolder(cli, flags.data), folder);
    });
    const path = `${made.folder}/${made.file}`;
    const { notes } = cli.words;
    return {
      json: made,
      bare: path,
      text: [
        fill(notes.backedUp, { path: quoteWord(path), bytes: cli.format.bytes(made.bytes) }),
        notes.backupKekNote,
      ],
    };
  },
});

/** Nobody serves the database: this process holds it while it is copied. */
async function backUpStopped(cli: Cli, dataFolder: string, to: string | undefined): Promise<DatabaseBackup> {
  note(cli, cli.words.notes.serverIsStopped);
  const { backUpStoppedDatabase } = await import('@sekisho/server/features/database/back-up-stopped.ts');
  const { clock, env } = cli.io;
  return backUpStoppedDatabase({ dataFolder, to, clock, environment: env, log: silentLog() });
}
