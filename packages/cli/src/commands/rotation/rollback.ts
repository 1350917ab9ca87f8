import { rollBackRotation } from '@sekisho/core/wire/rotations.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { confirm } from '../../input/confirm.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation rollback [UPDATE]` (F-33): gated like the way there. */
export const rotationRollback = defineVerb({
  path: 'rotation rollback',
  args: { update: '[update]' },
  flags: { data: serverData },
  examples: { plain: 'sekisho rotation rollback' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const before = await resolveRotation(call, args.update);
      if (before.endedAtMs === null)
        await confirm(cli, rotationText(cli, before), cli.words.rotations.rollbackQuestion);
      const view = await call(rollBackRotation, { params: { id: before.id } });
      return { json: view, bare: view.phase, text: rotationText(cli, view) };
    }),
});
