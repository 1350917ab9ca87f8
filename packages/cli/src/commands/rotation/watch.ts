import { serverData } from '../../client/data-folder.ts';
import { followRotation } from '../../client/follow-rotation.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { EXIT } from '../../exit-codes.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation watch [UPDATE]` (F-33): until it ends; Ctrl-C stops watching, not the update. */
export const rotationWatch = defineVerb({
  path: 'rotation watch',
  args: { update: '[update]' },
  flags: { data: serverData },
  examples: { plain: 'sekisho rotation watch' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveRotation(call, args.update);
      const view = await followRotation(cli, call, id);
      return {
        json: view,
        bare: view.phase,
        text: rotationText(cli, view),
        exitCode: view.phase === 'rolled-back' ? EXIT.failed : EXIT.done,
      };
    }),
});
