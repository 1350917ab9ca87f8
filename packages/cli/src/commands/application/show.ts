import { getApplication } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `application show NAME`. */
export const applicationShow = defineVerb({
  path: 'application show',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho application show sql-vip.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const mapping = await call(getApplication, { params: { name: args.name ?? '' } });
      const { applications: words, labels } = cli.words;
      return {
        json: mapping,
        bare: mapping.name,
        text: renderPairs([
          [words.virtualName, mapping.name],
          [words.kind, mapping.kind],
          [words.hosts, mapping.hosts.map((host) => `${host.name} (${host.id})`)],
          [words.plans, cli.format.count(mapping.plans)],
          [labels.createdAt, cli.format.timeWithZone(mapping.createdAtMs)],
        ]),
      };
    }),
});
