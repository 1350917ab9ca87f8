import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listPendingNames } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { numberOr, on, text } from '../../flag.ts';
import { pendingText } from '../../output/name-texts.ts';
import { defineVerb } from '../../verb.ts';

/** `mapping pending` (T-31, T-32): what waits for an administrator. */
export const mappingPending = defineVerb({
  path: 'mapping pending',
  args: {},
  flags: {
    data: serverData,
    host: text('--host <host>'),
    rejected: on('--rejected'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho mapping pending', rejected: 'sekisho mapping pending --rejected' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const page = await call(listPendingNames, {
        query: {
          limit: flags.limit,
          ...(host === undefined ? {} : { host }),
          ...(flags.rejected ? { rejected: 'true' as const } : {}),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const more = page.next === null ? [] : [fill(cli.words.notes.more, { after: page.next })];
      return {
        json: page,
        text: [...pendingText(cli, page.pending), ...more],
        bare: String(page.pending.length),
      };
    }),
});
