import { listUnverified } from '@sekisho/core/wire/switch-verification.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { renderTable } from '../../output/table.ts';
import { unverifiedText } from '../../output/verification-risk.ts';
import { defineVerb } from '../../verb.ts';

/** `verification show` (F-20). */
export const verificationShow = defineVerb({
  path: 'verification show',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho verification show' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const found = await call(listUnverified);
      const { verification: words } = cli.words;
      if (found.groups.length === 0) return { json: found, text: [words.allOn] };
      const titles = [words.group, words.hosts, words.from, words.since, words.until];
      const rows = found.groups.map(({ group, hosts, from, sinceMs, untilMs }) => [
        group.name,
        cli.format.count(hosts),
        from.name,
        cli.format.timeWithZone(sinceMs),
        cli.format.timeWithZone(untilMs),
      ]);
      const table = renderTable(
        titles.map((title) => ({ title })),
        rows,
      );
      return { json: found, text: [...table, ...unverifiedText(cli, found)] };
    }),
});
