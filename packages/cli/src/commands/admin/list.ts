import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listAdministrators } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { rolesText } from '../../output/administrator-text.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `admin list`. */
export const adminList = defineVerb({
  path: 'admin list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <place>'),
  },
  examples: { plain: 'sekisho admin list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listAdministrators, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { accounts, labels, notes } = cli.words;
      if (page.administrators.length === 0) return { json: page, text: [accounts.notes.noAdministrators] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: labels.name },
              { title: accounts.labels.displayName },
              { title: labels.state },
              { title: accounts.labels.roles },
              { title: accounts.labels.lastUsed },
              { title: labels.id },
            ],
            page.administrators.map((one) => [
              one.name,
              one.displayName,
              accounts.states[one.state],
              rolesText(cli, one.grants),
              one.usedAtMs === null ? '–' : cli.format.time(one.usedAtMs),
              one.id,
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
