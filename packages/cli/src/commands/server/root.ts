import { getRoot } from '@sekisho/core/wire/root.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { rootText } from '../../output/root-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server root`: is the root's key on the server? */
export const serverRoot = defineVerb({
  path: 'server root',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho server root' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const view = await call(getRoot);
      return { json: view, bare: view.state, text: rootText(cli, view) };
    }),
});
