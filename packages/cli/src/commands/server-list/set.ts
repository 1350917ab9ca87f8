import { AppError } from '@sekisho/core/errors.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { placeOf, resolveList } from '../../client/resolve-list.ts';
import { number, on, texts } from '../../flag.ts';
import { parseAcceptedKeys, parseListedPlace } from '../../input/server-entry.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, changeServers, entriesOf } from './change-list.ts';

/** `server-list set LIST SERVER` (F-10): what is not named stays. */
export const serverListSet = defineVerb({
  path: 'server-list set',
  args: { list: '<list>', server: '<server>' },
  flags: {
    data: serverData,
    priority: number('--priority <n>', 1, 100),
    acceptKey: texts('--accept-key <sha256>'),
    withoutKeys: on('--without-keys'),
    ...changeFlags,
  },
  examples: { plain: 'sekisho server-list set Osaka tokyo.example.com --priority 2' },
  run: ({ cli, args, flags }) => {
    if (flags.withoutKeys && flags.acceptKey.length > 0)
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--without-keys, --accept-key' });
    if (flags.priority === undefined && !flags.withoutKeys && flags.acceptKey.length === 0)
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--priority, --accept-key, --without-keys',
        usage: 'sekisho server-list set LIST SERVER --priority 2',
      });
    return withServer(cli, flags.data, async ({ call }) => {
      const list = await resolveList(call, args.list ?? '');
      const at = placeOf(list, parseListedPlace(args.server ?? ''));
      const keys = parseAcceptedKeys(flags.acceptKey);
      const servers = entriesOf(list).map((server, index) =>
        index === at
          ? {
              ...server,
              priority: flags.priority ?? server.priority,
              acceptedKeys: flags.withoutKeys || keys.length > 0 ? keys : server.acceptedKeys,
            }
          : server,
      );
      return changeServers(cli, call, list, servers, flags);
    });
  },
});
