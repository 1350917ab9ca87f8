import { fill } from '@sekisho/core/errors.ts';
import { removeLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `legacy remove HOST`. */
export const legacyRemove = defineVerb({
  path: 'legacy remove',
  args: { host: '<host>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho legacy remove old-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveHost(call, args.host ?? '');
      const { notes } = cli.words.legacy;
      await confirm(cli, [], fill(notes.confirmRemove, { name }));
      const removed = await call(removeLegacyHost, { params: { id } });
      return { json: removed, text: [fill(notes.removed, { name })] };
    }),
});
