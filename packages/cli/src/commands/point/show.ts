import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolvePoint } from '../../client/resolve.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `point show POINT`. */
export const pointShow = defineVerb({
  path: 'point show',
  args: { point: '<point>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho point show latest' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const point = await resolvePoint(call, args.point ?? '');
      const { labels, states } = cli.words;
      const { format } = cli;
      return {
        json: point,
        bare: point.id,
        text: renderPairs([
          [labels.point, point.id],
          [labels.host, `${point.hostName} (${point.hostId})`],
          ...(point.virtualName === null
            ? []
            : ([[cli.words.applications.virtualName, point.virtualName]] as const)),
          [labels.plan, point.planName ?? labels.none],
          [labels.schedule, point.scheduleName ?? states.custom],
          [labels.receivedAt, format.timeWithZone(point.receivedAtMs)],
          [labels.files, point.files === null ? labels.unknown : format.count(point.files)],
          [labels.size, point.bytes === null ? labels.unknown : format.bytes(point.bytes)],
          [labels.repository, point.repository],
          [labels.job, point.jobId ?? labels.none],
          ...(point.removalAskedAtMs === null
            ? []
            : ([[labels.removalAsked, format.timeWithZone(point.removalAskedAtMs)]] as const)),
        ]),
      };
    }),
});
