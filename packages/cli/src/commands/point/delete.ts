import { fill } from '@sekisho/core/errors.ts';
import { deletePoints, type PointView } from '@sekisho/core/wire/points.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolvePoint } from '../../client/resolve.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `point delete POINT…` (P-13): the preview names exactly the set that will be acted on. */
export const pointDelete = defineVerb({
  path: 'point delete',
  args: { points: '<points...>' },
  flags: { data: serverData, preview: on('--preview') },
  examples: { preview: 'sekisho point delete 9c2f41d0 --preview', plain: 'sekisho point delete 9c2f41d0' },
  run: ({ cli, rest, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const points = new Map<string, PointView>();
      for (const given of rest) {
        const point = await resolvePoint(call, given);
        points.set(point.id, point);
      }
      const ids = [...points.values()].map(({ id }) => id);
      const preview = await call(deletePoints, { body: { ids, preview: true } });
      const { labels, notes } = cli.words;
      const text = [
        notes.deletePreview,
        ...renderTable(
          [labels.point, labels.host, labels.plan, labels.receivedAt, labels.removableFrom, '!'].map(
            (title) => ({
              title,
            }),
          ),
          preview.points.map(({ id, removableFromMs, lastOfHost }) => {
            const point = points.get(id);
            return [
              id.slice(0, 8),
              point?.hostName ?? '–',
              point?.planName ?? '–',
              cli.format.time(point?.receivedAtMs ?? null),
              cli.format.time(removableFromMs),
              lastOfHost ? '!' : '',
            ];
          }),
        ),
        timesLine(cli),
        ...(preview.points.some(({ lastOfHost }) => lastOfHost) ? [notes.deleteLast] : []),
      ];
      if (flags.preview) return { json: { preview: true, ...preview }, text: [...text, notes.previewOnly] };
      await confirm(
        cli,
        text,
        fill(notes.deleteQuestion, { points: cli.format.counted('point', ids.length) }),
      );
      const reply = await call(deletePoints, { body: { ids, preview: false } });
      return {
        json: { preview: false, ...reply },
        text: [fill(notes.deleted, { points: cli.format.counted('point', reply.points.length) })],
      };
    }),
});
