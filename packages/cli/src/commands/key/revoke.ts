import { fill } from '@sekisho/core/errors.ts';
import { revokeApiKey } from '@sekisho/core/wire/api-keys.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { requireKeyId } from '../../input/key-id.ts';
import { defineVerb } from '../../verb.ts';

/** `key revoke KEY-ID`: at once and without a question, since it is done when a key has leaked. */
export const keyRevoke = defineVerb({
  path: 'key revoke',
  args: { key: '<key>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho key revoke 99999999-aaaa-4aaa-8aaa-999999999999' },
  run: ({ cli, args, flags }) => {
    const id = requireKeyId(args.key ?? '');
    return withServer(cli, flags.data, async ({ call }) => {
      const key = await call(revokeApiKey, { params: { id } });
      const { name, owner } = key;
      return { json: key, text: [fill(cli.words.access.notes.revoked, { name, owner: owner.name })] };
    });
  },
});
