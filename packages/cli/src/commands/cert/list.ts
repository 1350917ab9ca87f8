import { AppError, fill } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { getCluster } from '@sekisho/core/wire/clusters.ts';
import { listCertificates } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { numberOr, text } from '../../flag.ts';
import { nodesTable } from '../../output/cluster-text.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

/** `cert list`. */
export const certList = defineVerb({
  path: 'cert list',
  args: {},
  flags: {
    data: serverData,
    host: text('--host <host>'),
    cluster: text('--cluster <name>'),
    limit: numberOr('--limit <n>', 1, PAGE_ROWS_MAX, PAGE_ROWS_DEFAULT),
    after: text('--after <cursor>'),
  },
  examples: {
    plain: 'sekisho cert list',
    host: 'sekisho cert list --host web-01',
    cluster: 'sekisho cert list --cluster files.example.com',
  },
  run: ({ cli, flags }) => {
    if (flags.cluster !== undefined && flags.host !== undefined)
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--host, --cluster' });
    return withServer(cli, flags.data, async ({ call }) => {
      if (flags.cluster !== undefined) {
        const { nodes } = await call(getCluster, { params: { name: flags.cluster } });
        return { json: { nodes }, text: [...nodesTable(cli, nodes), timesLine(cli)] };
      }
      const host = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const page = await call(listCertificates, {
        query: {
          limit: flags.limit,
          ...(host === undefined ? {} : { host }),
          ...(flags.after === undefined ? {} : { after: flags.after }),
        },
      });
      const { labels, notes } = cli.words;
      if (page.certificates.length === 0) return { json: page, text: [notes.nothing] };
      return {
        json: page,
        text: [
          ...renderTable(
            [
              labels.host,
              labels.issuedAt,
              labels.validUntil,
              labels.revokedAt,
              labels.reason,
              labels.fingerprint,
            ].map((title) => ({ title })),
            page.certificates.map((one) => [
              one.hostName,
              cli.format.time(one.issuedAtMs),
              cli.format.time(one.notAfterMs),
              cli.format.time(one.revokedAtMs),
              one.reason ?? '–',
              `${one.fingerprint.slice(0, 16)}…`,
            ]),
          ),
          timesLine(cli),
          ...(page.next === null ? [] : [fill(notes.more, { after: page.next })]),
        ],
      };
    });
  },
});
