import { fill } from '@sekisho/core/errors.ts';
import { registerHost } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { defineVerb } from '../../verb.ts';

/** `host register NAME`: T-12's "known beforehand". */
export const hostRegister = defineVerb({
  path: 'host register',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho host register web-02.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const known = await call(registerHost, { body: { name: args.name ?? '' } });
      return { json: known, text: [fill(cli.words.notes.hostRegistered, { name: known.name })] };
    }),
});
