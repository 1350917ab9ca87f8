import { LISTING_ENTRIES_MAX } from '@sekisho/core/limits.ts';
import { browsePoint } from '@sekisho/core/wire/points.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolvePoint } from '../../client/resolve.ts';
import { watchJobs } from '../../client/watch-jobs.ts';
import { numberOr } from '../../flag.ts';
import { exitCodeOfJob, jobOutcomeText } from '../../output/job-text.ts';
import { renderTable, visible } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const ENTRIES_DEFAULT = 200;

/** `point browse POINT [PATH]`: the host lists one folder of its recovery point. */
export const pointBrowse = defineVerb({
  path: 'point browse',
  args: { point: '<point>', path: '[path]' },
  flags: { data: serverData, limit: numberOr('--limit <n>', 1, LISTING_ENTRIES_MAX, ENTRIES_DEFAULT) },
  examples: { plain: 'sekisho point browse latest /srv/www' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolvePoint(call, args.point ?? '');
      const asked = await call(browsePoint, {
        params: { id },
        body: { path: args.path ?? '/', limit: flags.limit },
      });
      const [job = asked] = await watchJobs(cli, call, [asked.id]);
      const listing = job.report?.listing ?? null;
      const exitCode = exitCodeOfJob(job.state);
      if (listing === null) return { json: job, text: jobOutcomeText(cli, job), exitCode };
      const { labels, notes, states } = cli.words;
      if (listing.length === 0) return { json: { entries: listing }, text: [notes.nothing], exitCode };
      return {
        json: { entries: listing },
        bare: listing.map(({ path }) => visible(path)).join('\n'),
        text: [
          ...renderTable(
            [
              { title: labels.kind },
              { title: labels.size, right: true },
              { title: labels.modifiedAt },
              { title: labels.path },
            ],
            listing.map((entry) => [
              states.entry[entry.kind],
              entry.kind === 'file' ? cli.format.bytes(entry.bytes) : '–',
              cli.format.time(entry.modifiedAtMs),
              entry.path,
            ]),
          ),
          timesLine(cli),
        ],
        exitCode,
      };
    }),
});
