import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { number, numberOr } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const SEQ_MAX = 1_000_000_000_000;

/** `audit list`. */
export const auditList = defineVerb({
  path: 'audit list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    before: number('--before <n>', 1, SEQ_MAX),
  },
  examples: { plain: 'sekisho audit list --limit 20' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = await call(listAudit, {
        query: { limit: flags.limit, ...(flags.before === undefined ? {} : { before: flags.before }) },
      });
      const { labels, notes, states } = cli.words;
      if (reply.rows.length === 0) return { json: reply, text: [notes.nothing] };
      const last = reply.rows.at(-1);
      return {
        json: reply,
        text: [
          ...renderTable(
            [
              { title: labels.seq, right: true },
              { title: labels.at },
              { title: labels.category },
              { title: labels.act },
              { title: labels.outcome },
              { title: labels.reason },
              { title: labels.actor },
              { title: labels.origin },
              { title: labels.subject },
            ],
            reply.rows.map((row) => [
              String(row.seq),
              cli.format.time(row.atMs),
              row.category,
              row.act,
              states.outcome[row.outcome],
              reasonOf(row.detail),
              row.actor,
              row.origin,
              row.subject,
            ]),
          ),
          timesLine(cli),
          ...(reply.rows.length === flags.limit && last !== undefined
            ? [fill(notes.moreBefore, { before: last.seq })]
            : []),
        ],
      };
    }),
});

/** Why something was refused, for administrators alone: the code that the other side saw, and what only this row tells. */
function reasonOf({ code, reason }: Readonly<Record<string, unknown>>): string {
  const [seen, hidden] = [code, reason].map((part) =>
    typeof part === 'string' && part !== '' ? part : undefined,
  );
  if (seen !== undefined && hidden !== undefined) return `${seen} (${hidden})`;
  return seen ?? hidden ?? '–';
}
