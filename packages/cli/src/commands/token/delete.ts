import { AppError, fill } from '@sekisho/core/errors.ts';
import { parseTokenId } from '@sekisho/core/ids.ts';
import { deleteToken } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { defineVerb } from '../../verb.ts';

/** `token delete TOKEN-ID`. Nothing is lost that could not be made again, so nothing is asked. */
export const tokenDelete = defineVerb({
  path: 'token delete',
  args: { token: '<token>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho token delete 6f1d0a52-3c1b-4e57-9a1f-0d1c2b3a4e5f' },
  run: ({ cli, args, flags }) => {
    const given = args.token ?? '';
    const id = parseTokenId(given);
    if (id === undefined) {
      // a token's secret may have been pasted by mistake: it must not be repeated
      throw new AppError('USAGE_VALUE_INVALID', {
        option: '<token>',
        value: '…',
        help: 'sekisho token list',
      });
    }
    return withServer(cli, flags.data, async ({ call }) => {
      const token = await call(deleteToken, { params: { id } });
      return { json: token, text: [fill(cli.words.notes.tokenDeleted, { name: token.name })] };
    });
  },
});
