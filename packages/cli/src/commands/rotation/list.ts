import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listRotations } from '@sekisho/core/wire/rotations.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr, text } from '../../flag.ts';
import { phaseText } from '../../output/rotation-text.ts';
import type { Column } from '../../output/table.ts';
import { terminalTable } from '../../output/terminal-table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation list`: the newest first. */
export const rotationList = defineVerb({
  path: 'rotation list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: { plain: 'sekisho rotation list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const query = { limit: flags.limit, ...(flags.after === undefined ? {} : { after: flags.after }) };
      const page = await call(listRotations, { query });
      const { notes, rotations } = cli.words;
      if (page.rotations.length === 0) return { json: page, text: [rotations.none] };
      const columns: Column[] = [
        // the first digits of an ID name an update too
        { title: 'ID', shrinks: true },
        { title: rotations.kind, shrinks: true },
        { title: rotations.path, goes: 1 },
        { title: rotations.phase, shrinks: true },
        { title: rotations.by, shrinks: true, goes: 2 },
        { title: rotations.startedAt },
        { title: rotations.endedAt, goes: 3 },
      ];
      return {
        json: page,
        text: [
          ...terminalTable(
            cli,
            columns,
            page.rotations.map((one) => [
              one.id,
              rotations.kinds[one.kind],
              rotations.pathNames[one.path],
              phaseText(cli, one),
              one.startedBy,
              cli.format.time(one.startedAtMs),
              cli.format.time(one.endedAtMs),
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
