import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listLegacyHosts } from '@sekisho/core/wire/legacy.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `legacy list`. */
export const legacyList = defineVerb({
  path: 'legacy list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho legacy list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listLegacyHosts, {
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { labels, notes, legacy } = cli.words;
      if (page.hosts.length === 0) return { json: page, text: [legacy.notes.none] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: labels.name },
              { title: legacy.labels.kind },
              { title: legacy.labels.now },
              { title: labels.lastSeen },
              { title: legacy.labels.readable },
            ],
            page.hosts.map((host) => [
              host.name,
              legacy.kinds[host.kind],
              host.refusedBy ?? cli.format.yesNo(true),
              host.lastSeenAtMs === null ? labels.never : cli.format.time(host.lastSeenAtMs),
              host.grants.map(({ expiresAtMs }) => cli.format.time(expiresAtMs)).join(', ') || '–',
            ]),
          ),
          timesLine(cli),
          ...(page.insecureCommunication ? [] : [legacy.notes.isOff]),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
