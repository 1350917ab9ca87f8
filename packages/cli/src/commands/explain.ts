import { explainPeers } from '@sekisho/core/wire/names.ts';
import { serverData } from '../client/data-folder.ts';
import { withServer } from '../client/open-server.ts';
import { EXIT } from '../exit-codes.ts';
import { text } from '../flag.ts';
import { explainText } from '../output/explain-texts.ts';
import { defineVerb } from '../verb.ts';

/** `explain FROM TO [--as NAME]` (T-36). The exit code is 1 when they may not talk. */
export const explainVerb = defineVerb({
  path: 'explain',
  args: { from: '<from>', to: '<to>' },
  flags: { data: serverData, as: text('--as <name>') },
  examples: {
    plain: 'sekisho explain web-01 store-01',
    as: 'sekisho explain web-01 store-01 --as backup.example.com',
    json: 'sekisho explain web-01 store-01 --json',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = await call(explainPeers, {
        query: {
          from: args.from ?? '',
          to: args.to ?? '',
          ...(flags.as === undefined ? {} : { as: flags.as }),
        },
      });
      return {
        json: reply,
        text: explainText(cli, reply),
        bare: reply.allow ? 'yes' : 'no',
        exitCode: reply.allow ? EXIT.done : EXIT.failed,
      };
    }),
});
