import { fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { listHosts } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { numberOr, text } from '../../flag.ts';
import { hostReasonText, hostStateText } from '../../output/host-text.ts';
import { terminalTable } from '../../output/terminal-table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `host list`: one page of hosts. */
export const hostList = defineVerb({
  path: 'host list',
  args: {},
  flags: {
    data: serverData,
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
    group: text('--group <group>'),
  },
  examples: {
    plain: 'sekisho host list',
    group: 'sekisho host list --group Tokyo',
    json: "sekisho host list --json | jq '.hosts[].name'",
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listHosts, {
        query: {
          limit: flags.limit,
          ...(flags.after === undefined ? {} : { after: flags.after }),
          ...(flags.group === undefined ? {} : { group: (await resolveGroup(call, flags.group)).id }),
        },
      });
      const { labels, notes } = cli.words;
      if (page.hosts.length === 0)
        return {
          json: page,
          text: [flags.group === undefined && flags.after === undefined ? notes.noHosts : notes.noHostsHere],
        };
      const rows = page.hosts.map((host) => [
        host.name,
        hostStateText(cli, host),
        cli.format.yesNo(host.media),
        cli.format.time(host.lastSeenAtMs),
        cli.format.time(host.certificate?.notAfterMs ?? null),
        host.id,
        hostReasonText(cli, host),
      ]);
      return {
        json: page,
        text: [
          ...terminalTable(
            cli,
            [
              { title: labels.name, shrinks: true },
              { title: labels.state, shrinks: true },
              { title: labels.media, goes: 2 },
              { title: labels.lastSeen },
              { title: labels.validUntil, goes: 3 },
              { title: labels.id, goes: 1 },
              { title: labels.error, shrinks: true },
            ],
            rows,
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    }),
});
