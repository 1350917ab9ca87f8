import { fill } from '@sekisho/core/errors.ts';
import { getDatabase, type DatabaseStatus } from '@sekisho/core/wire/database.ts';
import type { Cli } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `db status`: where the data is, how large, and when it was last backed up. */
export const dbStatus = defineVerb({
  path: 'db status',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho db status' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const status = await call(getDatabase);
      return { json: status, text: statusText(cli, status) };
    }),
});

function statusText(cli: Cli, status: DatabaseStatus): string[] {
  const { format } = cli;
  const { labels, notes } = cli.words;
  const { lastBackup } = status;
  const rows = status.tables.filter((table) => table.rows > 0);
  return renderPairs([
    [labels.database, `${status.dialect}: ${status.place}`],
    [labels.schema, String(status.schemaVersion)],
    [labels.size, format.bytes(status.bytes)],
    ...(status.journalBytes === null ? [] : [[labels.journal, format.bytes(status.journalBytes)] as const]),
    [labels.rows, rows.map(({ name, rows: count }) => `${format.count(count)} ${name}`)],
    [
      labels.lastBackup,
      lastBackup === null
        ? notes.neverBackedUp
        : [
            `${format.timeWithZone(lastBackup.createdAtMs)}, ${format.bytes(lastBackup.bytes)}`,
            `${lastBackup.folder}/${lastBackup.file}`,
          ],
    ],
    [
      labels.automaticBackups,
      status.backupEveryHours === 0
        ? notes.noAutomaticBackups
        : fill(notes.everyHours, { hours: status.backupEveryHours }),
    ],
  ]);
}
