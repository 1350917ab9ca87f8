import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { note } from '../../cli.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { requiredChoice, requiredText } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `db migrate` (S-07): moves a domain to another database while its server is stopped. */
export const dbMigrate = defineVerb({
  path: 'db migrate',
  args: {},
  flags: {
    data: serverData,
    from: requiredChoice('--from <dialect>', ['sqlite', 'postgres'] as const),
    to: requiredText('--to <url>'),
  },
  examples: {
    grow: 'sekisho db migrate --from sqlite --to postgres://sekisho@db.example.com/sekisho',
    back: 'sekisho db migrate --from postgres --to sqlite:sekisho.db',
  },
  run: async ({ cli, flags }) => {
    const { moveDatabase } = await import('@sekisho/server/features/database/move-database.ts');
    const folder = serverFolder(cli, flags.data);
    const { notes } = cli.words;
    const moved = await moveDatabase({
      dataFolder: folder,
      from: flags.from,
      to: flags.to,
      clock: cli.io.clock,
      log: createLog({ name: 'server', level: 'warn' }),
      environment: cli.io.env,
      progress: (table, done, total) => {
        if (table !== '') note(cli, fill(notes.movingTable, { table, done: done + 1, total }));
      },
    });
    const overridden = Boolean(cli.io.env['SEKISHO_DATABASE']);
    return {
      json: { ...moved, overridden },
      text: [
        ...(moved.copiedBefore ? [notes.movedBefore] : []),
        fill(notes.moved, {
          tables: moved.tables,
          rows: cli.format.count(moved.rows),
          from: moved.from,
          to: moved.to,
        }),
        ...(overridden ? [fill(notes.movedOverridden, { from: moved.from, to: moved.to })] : []),
        fill(notes.movedNext, { data: quoteWord(folder) }),
      ],
    };
  },
});
