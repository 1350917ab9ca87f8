import { acceptRotationLoss } from '@sekisho/core/wire/rotations.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHostIds } from '../../client/resolve.ts';
import { resolveRotation } from '../../client/resolve-rotation.ts';
import { text } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { rotationText } from '../../output/rotation-text.ts';
import { visible } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation accept-loss HOST…` (F-37): an administrator names and accepts the loss. */
export const rotationAcceptLoss = defineVerb({
  path: 'rotation accept-loss',
  args: { host: '<host...>' },
  flags: { data: serverData, update: text('--update <id>') },
  examples: { hosts: 'sekisho rotation accept-loss old-web-01 old-web-02' },
  run: ({ cli, rest, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const hosts = await resolveHostIds(call, rest);
      const { id } = await resolveRotation(call, flags.update);
      const preview = [cli.words.rotations.lossPreview, ...rest.map((name) => `  ${visible(name)}`)];
      await confirm(cli, preview, cli.words.rotations.lossQuestion);
      const view = await call(acceptRotationLoss, { params: { id }, body: { hosts } });
      return { json: view, bare: view.phase, text: rotationText(cli, view) };
    }),
});
