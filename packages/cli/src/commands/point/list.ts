import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listPoints } from '@sekisho/core/wire/points.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost, resolvePlan } from '../../client/resolve.ts';
import { numberOr, text } from '../../flag.ts';
import { carrierText } from '../../output/job-text.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const ROWS_DEFAULT = 30;

/** `point list`. */
export const pointList = defineVerb({
  path: 'point list',
  args: {},
  flags: {
    data: serverData,
    host: text('--host <host>'),
    plan: text('--plan <plan>'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho point list', host: 'sekisho point list --host web-01' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const plan = flags.plan === undefined ? undefined : (await resolvePlan(call, flags.plan)).id;
      const reply = await call(listPoints, {
        query: {
          limit: flags.limit,
          ...(host === undefined ? {} : { host }),
          ...(plan === undefined ? {} : { plan }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { labels, notes, states } = cli.words;
      if (reply.points.length === 0) return { json: reply, text: [notes.noPoints] };
      return {
        json: reply,
        text: [
          ...renderTable(
            [
              { title: labels.point },
              { title: labels.host },
              { title: labels.plan },
              { title: labels.schedule },
              { title: labels.receivedAt },
              { title: labels.files, right: true },
              { title: labels.size, right: true },
              { title: labels.removalAsked },
            ],
            reply.points.map((point) => [
              point.id.slice(0, 8),
              carrierText(point),
              point.planName ?? '–',
              point.scheduleName ?? states.custom,
              cli.format.time(point.receivedAtMs),
              point.files === null ? '–' : cli.format.count(point.files),
              point.bytes === null ? '–' : cli.format.bytes(point.bytes),
              cli.format.time(point.removalAskedAtMs),
            ]),
          ),
          timesLine(cli),
          ...(reply.next === null ? [] : [fill(notes.more, { after: reply.next })]),
        ],
      };
    }),
});
