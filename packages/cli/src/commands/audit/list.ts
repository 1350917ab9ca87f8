import { AUDIT_CATEGORY_NAMES } from '@sekisho/core/audit-events.ts';
import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { choice, durationMs, number, numberOr, text } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

export const SEQ_MAX = 1_000_000_000_000;
const SINCE_MAX = '3650d';
/** A terminal of so many cells has room for where an act came from, and why it was refused. */
const WIDE_CELLS_MIN = 100;
const OUTCOMES = ['done', 'refused'] as const;

/** `audit list`. */
export const auditList = defineVerb({
  path: 'audit list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    before: number('--before <n>', 1, SEQ_MAX),
    category: choice('--category <category>', AUDIT_CATEGORY_NAMES),
    act: text('--act <act>'),
    actor: text('--actor <name>'),
    origin: text('--origin <address>'),
    subject: text('--subject <subject>'),
    outcome: choice('--outcome <outcome>', OUTCOMES),
    since: durationMs('--since <duration>', '1m', SINCE_MAX),
    until: durationMs('--until <duration>', '1m', SINCE_MAX),
  },
  examples: {
    plain: 'sekisho audit list --limit 20',
    refused: 'sekisho audit list --outcome refused --since 24h',
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = await call(listAudit, {
        query: {
          ...given({
            before: flags.before,
            category: flags.category,
            act: flags.act,
            actor: flags.actor,
            origin: flags.origin,
            subject: flags.subject,
            outcome: flags.outcome,
            since: ago(cli, flags.since),
            until: ago(cli, flags.until),
          }),
          limit: flags.limit,
        },
      });
      const { labels, notes, states } = cli.words;
      if (reply.rows.length === 0) return { json: reply, text: [notes.nothing] };
      const last = reply.rows.at(-1);
      // piped into another program nothing is cut
      const width = cli.io.stdout.isTTY === true ? cli.io.stdout.columns : undefined;
      const isWide = width === undefined || width >= WIDE_CELLS_MIN;
      const outcomeOf = ({ outcome, detail }: (typeof reply.rows)[number]): string => {
        const reason = isWide && outcome === 'refused' ? reasonOf(detail) : undefined;
        return reason === undefined ? states.outcome[outcome] : `${states.outcome[outcome]}: ${reason}`;
      };
      return {
        json: reply,
        text: [
          ...renderTable(
            [
              { title: labels.seq, right: true },
              { title: labels.at },
              { title: labels.act, shrinks: true },
              { title: labels.outcome, shrinks: true },
              { title: labels.actor, shrinks: true },
              ...(isWide ? [{ title: labels.origin, shrinks: true }] : []),
              { title: labels.subject, shrinks: true },
            ],
            reply.rows.map((row) => [
              String(row.seq),
              cli.format.time(row.atMs),
              row.act,
              outcomeOf(row),
              row.actor,
              ...(isWide ? [row.origin] : []),
              row.subject,
            ]),
            width,
          ),
          timesLine(cli),
          ...(width === undefined ? [] : [cli.style.dim(notes.auditWhole)]),
          ...(reply.next !== null && last !== undefined
            ? [fill(notes.moreBefore, { before: last.seq })]
            : []),
        ],
      };
    }),
});

/** The moment so long ago. */
const ago = (cli: Cli, durationMs: number | undefined): number | undefined =>
  durationMs === undefined ? undefined : cli.io.clock.nowMs() - durationMs;

/** The filters that were given. */
const given = <Filters extends object>(
  filters: Filters,
): { [Name in keyof Filters]?: NonNullable<Filters[Name]> } =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Filters]?: NonNullable<Filters[Name]>;
  };

/**
 * Why something was refused, for administrators alone: the code that the other side saw, what only this row tells, and how
 * often, where refusals were merged.
 */
function reasonOf({ code, reason, count }: Readonly<Record<string, unknown>>): string | undefined {
  const [seen, hidden] = [code, reason].map((part) =>
    typeof part === 'string' && part !== '' ? part : undefined,
  );
  const why = seen !== undefined && hidden !== undefined ? `${seen} (${hidden})` : (seen ?? hidden);
  return typeof count === 'number' ? `${why ?? ''} ×${count}`.trimStart() : why;
}
