import { fill } from '@sekisho/core/errors.ts';
import { allowReissue } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { on } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `host allow-reissue HOST` (T-16). */
export const hostAllowReissue = defineVerb({
  path: 'host allow-reissue',
  args: { host: '<host>' },
  flags: { data: serverData, off: on('--off') },
  examples: {
    plain: 'sekisho host allow-reissue web-01',
    off: 'sekisho host allow-reissue web-01 --off',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveHost(call, args.host ?? '');
      const host = await call(allowReissue, { params: { id }, body: { allow: !flags.off } });
      const { notes } = cli.words;
      const until = host.reissueAllowedUntilMs;
      return {
        json: host,
        text: [
          until === null
            ? fill(notes.reissueOff, { name: host.name })
            : fill(notes.reissueOn, { name: host.name, until: cli.format.timeWithZone(until) }),
        ],
      };
    }),
});
