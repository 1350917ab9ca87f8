import { AppError, fill } from '@sekisho/core/errors.ts';
import { parseRepositoryName } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { grantLegacyRead } from '@sekisho/core/wire/legacy.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { durationMs, on, text } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `legacy grant HOST --for DURATION` (T-50). */
export const legacyGrant = defineVerb({
  path: 'legacy grant',
  args: { host: '<host>' },
  flags: {
    data: serverData,
    for: durationMs('--for <duration>', '60s', '7d'),
    off: on('--off'),
    repository: text('--repository <name>'),
  },
  examples: {
    plain: 'sekisho legacy grant old-01 --for 2h',
    off: 'sekisho legacy grant old-01 --off',
  },
  run: ({ cli, args, flags }) => {
    if ((flags.for === undefined) !== flags.off)
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--for, --off',
        usage: `sekisho legacy grant ${args.host ?? 'HOST'} --for 2h`,
      });
    const repository = flags.repository === undefined ? null : parseRepositoryName(flags.repository);
    if (repository === undefined)
      throw new AppError('NOT_FOUND', { what: 'repository', id: flags.repository ?? '' });
    return withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveHost(call, args.host ?? '');
      const seconds = Math.round((flags.for ?? 0) / SECOND_MS);
      const host = await call(grantLegacyRead, { params: { id }, body: { repository, seconds } });
      const { notes } = cli.words.legacy;
      const { name } = host;
      const text = host.grants.map((grant) =>
        fill(notes.granted, {
          name,
          repository: grant.repository,
          until: cli.format.timeWithZone(grant.expiresAtMs),
        }),
      );
      return { json: host, text: text.length === 0 ? [fill(notes.grantEnded, { name })] : text };
    });
  },
});
