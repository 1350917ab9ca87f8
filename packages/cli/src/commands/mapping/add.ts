import { addMapping } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { on, requiredText } from '../../flag.ts';
import { decidedText } from '../../output/name-texts.ts';
import { defineVerb } from '../../verb.ts';
import { conflictWay } from './conflict-way.ts';

/** `mapping add NAME --host HOST` (T-32). */
export const mappingAdd = defineVerb({
  path: 'mapping add',
  args: { name: '<name>' },
  flags: {
    data: serverData,
    host: requiredText('--host <host>'),
    move: on('--move'),
    share: on('--share'),
  },
  examples: {
    plain: 'sekisho mapping add files.example.com --host web-01',
    share: 'sekisho mapping add db.example.com --host db-02 --share',
  },
  run: ({ cli, args, flags }) => {
    const how = conflictWay(flags, 'sekisho mapping add NAME --host HOST --move');
    const name = args.name ?? '';
    return withServer(cli, flags.data, async ({ call }) => {
      const { id: hostId } = await resolveHost(call, flags.host);
      const after = await call(addMapping, { body: { name, hostId, how } });
      return { json: after, text: decidedText(cli, name, after.mappings) };
    });
  },
});
