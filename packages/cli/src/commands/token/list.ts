import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listTokens } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `token list`. */
export const tokenList = defineVerb({
  path: 'token list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho token list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listTokens, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { labels, notes, states } = cli.words;
      if (page.tokens.length === 0) return { json: page, text: [notes.noTokens] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: labels.name },
              { title: labels.state },
              { title: labels.purpose },
              { title: labels.uses, right: true },
              { title: labels.validUntil },
              { title: labels.forHost },
              { title: labels.id },
            ],
            page.tokens.map((token) => [
              token.name,
              states.token[token.state],
              states.purpose[token.purpose],
              `${token.uses} / ${token.usesMax}`,
              cli.format.time(token.expiresAtMs),
              token.hostName ?? '–',
              token.id,
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
