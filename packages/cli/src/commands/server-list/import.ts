import { AppError, fill } from '@sekisho/core/errors.ts';
import { importServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { text } from '../../flag.ts';
import { readTextFile } from '../../input/read-file.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, lookThenDo } from './change-list.ts';

const FILE_BYTES_MAX = 256 * 1024;

/** `server-list import FILE` (F-11). */
export const serverListImport = defineVerb({
  path: 'server-list import',
  args: { file: '<file>' },
  flags: { data: serverData, name: text('--name <name>'), into: text('--into <list>'), ...changeFlags },
  examples: {
    plain: 'sekisho server-list import osaka.json --name Kansai',
    into: 'sekisho server-list import osaka.json --into Kansai',
  },
  run: async ({ cli, args, flags }) => {
    if (flags.name !== undefined && flags.into !== undefined)
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--name, --into' });
    const file = await readTextFile(cli, args.file ?? '', FILE_BYTES_MAX);
    return withServer(cli, flags.data, async ({ call }) => {
      const into = flags.into === undefined ? undefined : await resolveList(call, flags.into);
      const { serverLists: words } = cli.words;
      let name = flags.name ?? into?.name ?? '';
      return lookThenDo(
        cli,
        flags,
        words.changeQuestion,
        async (dryRun) => {
          const changed = await call(importServerList, {
            body: {
              file,
              ...(flags.name === undefined ? {} : { name: flags.name }),
              ...(into === undefined ? {} : { into: { id: into.id, revision: into.revision } }),
              dryRun,
              acceptUnreachable: flags.acceptUnreachable,
            },
          });
          name = changed.list.name;
          return changed;
        },
        ({ hosts }) =>
          into === undefined
            ? fill(words.created, { name })
            : fill(words.changed, { name, hosts: cli.format.counted('host', hosts) }),
      );
    });
  },
});
