import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { MAPPING_KINDS } from '@sekisho/core/rules/naming.ts';
import { listMappings } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { choice, numberOr, text } from '../../flag.ts';
import { mappingsText } from '../../output/name-texts.ts';
import { defineVerb } from '../../verb.ts';

/** `mapping list` (T-32). */
export const mappingList = defineVerb({
  path: 'mapping list',
  args: {},
  flags: {
    data: serverData,
    host: text('--host <host>'),
    name: text('--name <name>'),
    kind: choice('--kind <kind>', MAPPING_KINDS),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: {
    plain: 'sekisho mapping list',
    host: 'sekisho mapping list --host web-01',
    automatic: 'sekisho mapping list --kind automatic',
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const page = await call(listMappings, {
        query: {
          limit: flags.limit,
          ...(host === undefined ? {} : { host }),
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.kind === undefined ? {} : { kind: flags.kind }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const more = page.next === null ? [] : [fill(cli.words.notes.more, { after: page.next })];
      return { json: page, text: [...mappingsText(cli, page.mappings), ...more] };
    }),
});
