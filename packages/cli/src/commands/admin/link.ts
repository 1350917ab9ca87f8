import { makeFirstLink } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { linkText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin link`: for the first administrator, while there is none. */
export const adminLink = defineVerb({
  path: 'admin link',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho admin link' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const link = await call(makeFirstLink);
      return { json: link, bare: link.link, text: linkText(cli, link) };
    }),
});
