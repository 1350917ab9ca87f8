import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listKnownHosts } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `host known`: the registered names and which were used. */
export const hostKnown = defineVerb({
  path: 'host known',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho host known' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listKnownHosts, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { labels, notes } = cli.words;
      if (page.hosts.length === 0) return { json: page, text: [notes.noKnown] };
      return {
        json: page,
        text: [
          ...renderTable(
            [labels.name, labels.registeredAt, labels.registeredBy, labels.usedAt].map((title) => ({
              title,
            })),
            page.hosts.map((one) => [
              one.name,
              cli.format.time(one.registeredAtMs),
              one.registeredBy,
              cli.format.time(one.usedAtMs),
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
