import { resumeRotation } from '@sekisho/core/wire/rotations.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation resume [UPDATE]` (F-33). */
export const rotationResume = defineVerb({
  path: 'rotation resume',
  args: { update: '[update]' },
  flags: { data: serverData },
  examples: { plain: 'sekisho rotation resume' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveRotation(call, args.update);
      const view = await call(resumeRotation, { params: { id } });
      return { json: view, bare: view.phase, text: rotationText(cli, view) };
    }),
});
