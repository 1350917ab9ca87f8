import { fill } from '@sekisho/core/errors.ts';
import { REVOCATION_REASONS, revokeHost } from '@sekisho/core/wire/trust.ts';
import { note } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { EXIT } from '../../exit-codes.ts';
import { choiceOr, on } from '../../flag.ts';
import { waitForSpread } from '../../client/wait-for-spread.ts';
import { confirm } from '../../input/confirm.ts';
import { spreadText } from '../../output/revocation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `cert revoke HOST` (T-40): confirmed, since only a reissue token brings the host back. */
export const certRevoke = defineVerb({
  path: 'cert revoke',
  args: { host: '<host>' },
  flags: {
    data: serverData,
    reason: choiceOr('--reason <reason>', REVOCATION_REASONS, 'unspecified'),
    wait: on('--wait'),
  },
  examples: {
    stolen: 'sekisho cert revoke laptop-07 --reason keyCompromise',
    script: 'sekisho cert revoke laptop-07 --reason cessationOfOperation --yes',
    wait: 'sekisho cert revoke laptop-07 --reason keyCompromise --wait',
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
      const done = fill(notes.revoked, {
        name: reply.host.name,
        certificates: cli.format.counted('certificate', reply.revoked.length),
        connections: cli.format.counted('connection', reply.cutConnections),
      });
      if (!flags.wait || reply.revocation === null) return { json: reply, text: [done] };
      note(cli, done);
      const spread = await waitForSpread(cli, call, reply.revocation);
      return {
        json: { ...reply, spread },
        text: spreadText(cli, spread),
        exitCode: spread.allAtMs === null ? EXIT.partly : EXIT.done,
      };
    }),
});
