import { fill } from '@sekisho/core/errors.ts';
import { rejectName } from '@sekisho/core/wire/names.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { requiredText } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `mapping reject NAME --host HOST` (T-32). */
export const mappingReject = defineVerb({
  path: 'mapping reject',
  args: { name: '<name>' },
  flags: { data: serverData, host: requiredText('--host <host>') },
  examples: { plain: 'sekisho mapping reject files.example.com --host web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = await resolveHost(call, flags.host);
      const name = args.name ?? '';
      const after = await call(rejectName, { body: { name, hostId: host.id } });
      return { json: after, text: [fill(cli.words.names.rejected, { name, host: host.name })] };
    }),
});
