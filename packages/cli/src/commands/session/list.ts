import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listSessions } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `session list`. */
export const sessionList = defineVerb({
  path: 'session list',
  args: {},
  flags: {
    data: serverData,
    admin: text('--admin <name>'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <place>'),
  },
  examples: { plain: 'sekisho session list', one: 'sekisho session list --admin head.office' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const one = flags.admin === undefined ? undefined : await resolveAdministrator(call, flags.admin);
      const page = await call(listSessions, {
        query: {
          of: 'all',
          limit: flags.limit,
          ...(one === undefined ? {} : { administrator: one.id }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { accounts, labels, notes } = cli.words;
      if (page.sessions.length === 0) return { json: page, text: [accounts.notes.noSessions] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              { title: accounts.labels.administrator },
              { title: accounts.labels.method },
              { title: accounts.labels.from },
              { title: accounts.labels.signedInAt },
              { title: accounts.labels.lastUsed },
              { title: labels.validUntil },
              { title: labels.id },
            ],
            page.sessions.map((session) => [
              session.administrator.name,
              accounts.methods[session.method],
              session.origin,
              cli.format.time(session.createdAtMs),
              cli.format.time(session.usedAtMs),
              cli.format.time(session.expiresAtMs),
              session.id,
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
