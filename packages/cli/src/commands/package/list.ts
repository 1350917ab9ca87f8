import { listPackages } from '@sekisho/core/wire/packages.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `package list` (F-04). */
export const packageList = defineVerb({
  path: 'package list',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho package list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listPackages);
      const { packages: words, labels } = cli.words;
      if (page.packages.length === 0) return { json: page, text: [words.none] };
      return {
        json: page,
        text: renderTable(
          [
            { title: words.version },
            { title: words.platform },
            { title: words.file },
            { title: words.published },
            { title: words.signedAt },
            { title: words.sha256 },
          ],
          page.packages.map((one) => [
            one.version,
            one.platform,
            one.fileName,
            one.published ? labels.yes : labels.no,
            cli.format.time(one.signedAtMs),
            one.sha256,
          ]),
        ),
      };
    }),
});
