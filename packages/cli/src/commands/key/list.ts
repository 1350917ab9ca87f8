import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listApiKeys } from '@sekisho/core/wire/api-keys.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `key list`: one's own keys, or all of them. */
export const keyList = defineVerb({
  path: 'key list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <place>'),
  },
  examples: { plain: 'sekisho key list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listApiKeys, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { access, labels, notes } = cli.words;
      if (page.keys.length === 0) return { json: page, text: [access.notes.noKeys] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: labels.name },
              { title: access.labels.owner },
              { title: labels.state },
              { title: labels.validUntil },
              { title: access.labels.lastUsed },
              { title: labels.id },
            ],
            page.keys.map((key) => [
              key.name,
              key.owner.name,
              access.states[key.state],
              cli.format.time(key.expiresAtMs),
              key.usedAtMs === null ? labels.never : cli.format.time(key.usedAtMs),
              key.id,
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
