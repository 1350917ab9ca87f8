import { AppError, fill } from '@sekisho/core/errors.ts';
import { parseSignInId } from '@sekisho/core/ids.ts';
import { endSession } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { defineVerb } from '../../verb.ts';

/** `session revoke SESSION-ID`. Its owner signs in again, so nothing is asked. */
export const sessionRevoke = defineVerb({
  path: 'session revoke',
  args: { session: '<session>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho session revoke 6f1d0a52-3c1b-4e57-9a1f-0d1c2b3a4e5f' },
  run: ({ cli, args, flags }) => {
    const id = parseSignInId(args.session ?? '');
    if (id === undefined) {
      // a cookie may have been pasted by mistake: it must not be repeated
      const help = 'sekisho session list';
      throw new AppError('USAGE_VALUE_INVALID', { option: '<session>', value: '…', help });
    }
    return withServer(cli, flags.data, async ({ call }) => {
      const ended = await call(endSession, { params: { id } });
      const { origin } = ended;
      const name = ended.administrator.name;
      return { json: ended, text: [fill(cli.words.accounts.notes.sessionEnded, { name, origin })] };
    });
  },
});
