import { getApiKey } from '@sekisho/core/wire/api-keys.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { requireKeyId } from '../../input/key-id.ts';
import { keyText } from '../../output/key-text.ts';
import { defineVerb } from '../../verb.ts';

/** `key show KEY-ID`. */
export const keyShow = defineVerb({
  path: 'key show',
  args: { key: '<key>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho key show 99999999-aaaa-4aaa-8aaa-999999999999' },
  run: ({ cli, args, flags }) => {
    const id = requireKeyId(args.key ?? '');
    return withServer(cli, flags.data, async ({ call }) => {
      const key = await call(getApiKey, { params: { id } });
      return { json: key, text: keyText(cli, key) };
    });
  },
});
