import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listApplications } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `application list`. */
export const applicationList = defineVerb({
  path: 'application list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho application list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listApplications, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { applications: words, notes } = cli.words;
      if (page.applications.length === 0) return { json: page, text: [words.none] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: words.virtualName },
              { title: words.kind },
              { title: words.hosts },
              { title: words.plans, right: true },
            ],
            page.applications.map((mapping) => [
              mapping.name,
              mapping.kind,
              mapping.hosts.map((host) => host.name).join(', '),
              cli.format.count(mapping.plans),
            ]),
          ),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
