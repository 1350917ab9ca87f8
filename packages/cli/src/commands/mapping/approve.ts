import { approveName } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { on, requiredText } from '../../flag.ts';
import { decidedText } from '../../output/name-texts.ts';
import { defineVerb } from '../../verb.ts';
import { conflictWay } from './conflict-way.ts';

/** `mapping approve NAME --host HOST` (T-32). */
export const mappingApprove = defineVerb({
  path: 'mapping approve',
  args: { name: '<name>' },
  flags: {
    data: serverData,
    host: requiredText('--host <host>'),
    move: on('--move'),
    share: on('--share'),
  },
  examples: {
    plain: 'sekisho mapping approve files.example.com --host web-01',
    move: 'sekisho mapping approve 192.0.2.7 --host web-02 --move',
  },
  run: ({ cli, args, flags }) => {
    const how = conflictWay(flags, 'sekisho mapping approve NAME --host HOST --move');
    const name = args.name ?? '';
    return withServer(cli, flags.data, async ({ call }) => {
      const { id: hostId } = await resolveHost(call, flags.host);
      const after = await call(approveName, { body: { name, hostId, how } });
      return { json: after, text: decidedText(cli, name, after.mappings) };
    });
  },
});
