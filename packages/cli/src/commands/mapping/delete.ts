import { deleteMapping } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { requiredText } from '../../flag.ts';
import { decidedText } from '../../output/name-texts.ts';
import { defineVerb } from '../../verb.ts';

/** `mapping delete NAME --host HOST` (T-32). */
export const mappingDelete = defineVerb({
  path: 'mapping delete',
  args: { name: '<name>' },
  flags: { data: serverData, host: requiredText('--host <host>') },
  examples: { plain: 'sekisho mapping delete files.example.com --host web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id: hostId } = await resolveHost(call, flags.host);
      const name = args.name ?? '';
      const after = await call(deleteMapping, { params: { name, hostId } });
      return { json: after, text: decidedText(cli, name, after.mappings) };
    }),
});
