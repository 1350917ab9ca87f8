import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listRevocations } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { numberOr, text } from '../../flag.ts';
import { afterText, shareText } from '../../output/revocation-text.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `cert revocations` (T-44). */
export const certRevocations = defineVerb({
  path: 'cert revocations',
  args: {},
  flags: {
    data: serverData,
    host: text('--host <host>'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho cert revocations', host: 'sekisho cert revocations --host laptop-07' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const page = await call(listRevocations, {
        query: {
          limit: flags.limit,
          ...(host === undefined ? {} : { host }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { labels, notes, revocations } = cli.words;
      if (page.revocations.length === 0) return { json: page, text: [revocations.none] };
      const titles = [
        ...['#', labels.host, labels.revokedAt, labels.reason],
        ...[revocations.confirmed, revocations.half, revocations.all],
      ];
      return {
        json: page,
        text: [
          ...renderTable(
            titles.map((title) => ({ title })),
            page.revocations.map((one) => [
              String(one.id),
              one.hostName,
              cli.format.time(one.revokedAtMs),
              one.reason,
              shareText(cli, one),
              afterText(cli, one, one.halfAtMs),
              afterText(cli, one, one.allAtMs),
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
