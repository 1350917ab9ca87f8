import { fill } from '@sekisho/core/errors.ts';
import { unregisterHost } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { defineVerb } from '../../verb.ts';

/** `host unregister NAME`. */
export const hostUnregister = defineVerb({
  path: 'host unregister',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho host unregister web-02.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = await call(unregisterHost, { params: { name: args.name ?? '' } });
      return { json: reply, text: [fill(cli.words.notes.hostUnregistered, { name: reply.removed })] };
    }),
});
