import { fill } from '@sekisho/core/errors.ts';
import { REVOCATION_REASONS, revokeHost } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { choiceOr } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `cert revoke HOST` (T-40): confirmed, since only a reissue token brings the host back. */
export const certRevoke = defineVerb({
  path: 'cert revoke',
  args: { host: '<host>' },
  flags: { data: serverData, reason: choiceOr('--reason <reason>', REVOCATION_REASONS, 'unspecified') },
  examples: {
    stolen: 'sekisho cert revoke laptop-07 --reason keyCompromise',
    script: 'sekisho cert revoke laptop-07 --reason cessationOfOperation --yes',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveHost(call, args.host ?? '');
      const { notes } = cli.words;
      const preview = [
        fill(notes.revokePreview, { name, id }),
        ...(flags.reason === 'keyCompromise' ? [notes.revokeSeal] : []),
      ];
      await confirm(cli, preview, notes.revokeQuestion);
      const reply = await call(revokeHost, { params: { id }, body: { reason: flags.reason } });
      return {
        json: reply,
        text: [
          fill(notes.revoked, {
            name: reply.host.name,
            certificates: cli.format.counted('certificate', reply.revoked.length),
            connections: cli.format.counted('connection', reply.cutConnections),
          }),
        ],
      };
    }),
});
