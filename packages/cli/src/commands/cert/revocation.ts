import { AppError, fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { getRevocation, listUnconfirmed } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { afterText, shareText } from '../../output/revocation-text.ts';
import { renderPairs, renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `cert revocation NUMBER` (T-44): how far it has spread, and who is missing. */
export const certRevocation = defineVerb({
  path: 'cert revocation',
  args: { number: '<number>' },
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho cert revocation 7' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const given = args.number ?? '';
      const id = /^[1-9]\d{0,14}$/.test(given) ? Number(given) : undefined;
      if (id === undefined) throw new AppError('NOT_FOUND', { what: 'revocation', id: given });
      const one = await call(getRevocation, { params: { id } });
      const page = await call(listUnconfirmed, {
        params: { id },
        query: { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) },
      });
      const { labels, notes, revocations } = cli.words;
      const missing =
        page.hosts.length === 0
          ? [revocations.allConfirmed]
          : [
              revocations.missing,
              ...renderTable(
                [labels.host, labels.lastSeen].map((title) => ({ title })),
                page.hosts.map((host) => [host.name, cli.format.time(host.lastSeenAtMs)]),
              ),
            ];
      return {
        json: { revocation: one, unconfirmed: page.hosts, next: page.next },
        text: [
          fill(revocations.title, { id: one.id, name: one.hostName }),
          ...renderPairs([
            [labels.revokedAt, cli.format.time(one.revokedAtMs)],
            [labels.reason, one.reason],
            [labels.by, one.revokedBy],
            [revocations.listed, afterText(cli, one, one.listedAtMs)],
            [revocations.confirmed, shareText(cli, one)],
            [revocations.half, afterText(cli, one, one.halfAtMs)],
            [revocations.all, afterText(cli, one, one.allAtMs)],
          ]),
          ...(one.crlNumber === null ? [revocations.notListed] : missing),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
