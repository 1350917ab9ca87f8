import { fill } from '@sekisho/core/errors.ts';
import { importHosts } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { readTextFile } from '../../input/read-file.ts';
import { defineVerb } from '../../verb.ts';

/** What one import may carry (the wire's limit on `csv`). */
const CSV_BYTES_MAX = 900_000;

/** `host import FILE.csv`: registers many names, all or none. */
export const hostImport = defineVerb({
  path: 'host import',
  args: { file: '<file>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho host import hosts.csv' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const csv = await readTextFile(cli, args.file ?? '', CSV_BYTES_MAX);
      const reply = await call(importHosts, { body: { csv } });
      const registered = cli.format.counted('name', reply.registered);
      return {
        json: reply,
        text: [fill(cli.words.notes.hostsImported, { registered, already: reply.already })],
      };
    }),
});
