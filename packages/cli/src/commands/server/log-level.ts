import { fill } from '@sekisho/core/errors.ts';
import { setLogLevel } from '@sekisho/core/wire/database.ts';
import { LOG_LEVELS } from '@sekisho/platform/log.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { chosen } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `server log-level`: what the running server writes to its log, until it stops. */
export const serverLogLevel = defineVerb({
  path: 'server log-level',
  args: { level: '<level>' },
  flags: { data: serverData },
  examples: { more: 'sekisho server log-level debug', usual: 'sekisho server log-level info' },
  run: ({ cli, args, flags }) => {
    const level = chosen(args.level ?? '', '<level>', LOG_LEVELS);
    return withServer(cli, flags.data, async ({ call }) => {
      const changed = await call(setLogLevel, { body: { level } });
      return { json: changed, text: [fill(cli.words.notes.logLevel, { level, before: changed.before })] };
    });
  },
});
