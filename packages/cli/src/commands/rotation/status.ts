import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation status [UPDATE]` (F-33). */
export const rotationStatus = defineVerb({
  path: 'rotation status',
  args: { update: '[update]' },
  flags: { data: serverData },
  examples: { plain: 'sekisho rotation status' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const view = await resolveRotation(call, args.update);
      return { json: view, bare: view.phase, text: rotationText(cli, view) };
    }),
});
