import { pauseRotation } from '@sekisho/core/wire/rotations.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation pause [UPDATE]` (F-33). */
export const rotationPause = defineVerb({
  path: 'rotation pause',
  args: { update: '[update]' },
  flags: { data: serverData },
  examples: { plain: 'sekisho rotation pause' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveRotation(call, args.update);
      const view = await call(pauseRotation, { params: { id } });
      return { json: view, bare: view.phase, text: rotationText(cli, view) };
    }),
});
