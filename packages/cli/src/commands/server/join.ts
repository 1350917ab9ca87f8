import { fill } from '@sekisho/core/errors.ts';
import { resolve } from 'node:path';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { requiredText, texts } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `server join` (S-07, T-20): another server process for a domain on PostgreSQL, or another node of its cluster. */
export const serverJoin = defineVerb({
  path: 'server join',
  args: {},
  flags: {
    data: serverData,
    database: requiredText('--database <url>'),
    kekFile: requiredText('--kek-file <file>'),
    address: texts('--address <address>'),
  },
  examples: {
    node: 'sekisho server join --database postgres://sekisho@db.example.com/sekisho --kek-file kek',
    own: 'sekisho server join --database postgres://sekisho@db.example.com/sekisho --kek-file kek --address second.example.com',
  },
  run: async ({ cli, flags }) => {
    const folder = serverFolder(cli, flags.data);
    const { joinServer } = await import('@sekisho/server/main.ts');
    const { addresses } = await joinServer({
      dataFolder: folder,
      database: flags.database,
      kekFile: resolve(cli.io.cwd, flags.kekFile),
      ...(flags.address.length === 0 ? {} : { addresses: flags.address }),
      clock: cli.io.clock,
      random: cli.io.random,
    });
    const { certificates } = cli.words;
    return {
      json: { data: folder, addresses },
      bare: folder,
      text: [
        fill(certificates.serverJoined, { addresses: addresses.join(', ') }),
        fill(certificates.serverJoinedNext, { data: quoteWord(folder) }),
      ],
    };
  },
});
