import { fill } from '@sekisho/core/errors.ts';
import { resetHost } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { defineVerb } from '../../verb.ts';

/** `host reset HOST` (T-35). */
export const hostReset = defineVerb({
  path: 'host reset',
  args: { host: '<host>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho host reset web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveHost(call, args.host ?? '');
      const done = await call(resetHost, { params: { id } });
      const { names } = cli.words;
      const { name } = done.host;
      return {
        json: done,
        text: [
          done.removedNames.length === 0
            ? fill(names.resetNone, { name })
            : fill(names.reset, { name, names: done.removedNames.join(', ') }),
        ],
      };
    }),
});
