import { AppError } from '@sekisho/core/errors.ts';
import { createToken } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { durationMs, number, on, requiredText, text } from '../../flag.ts';
import { tokenDetailText } from '../../output/token-text.ts';
import { defineVerb } from '../../verb.ts';

const USES_MAX = 100_000;

/** `token create` (T-13, T-14): the secret is printed here and never again. */
export const tokenCreate = defineVerb({
  path: 'token create',
  args: {},
  flags: {
    data: serverData,
    name: requiredText('--name <name>'),
    uses: { ...number('--uses <n>', 1, USES_MAX), defaultText: '1' },
    valid: { ...durationMs('--valid <duration>', '60s', '366d'), defaultText: '24h' },
    host: text('--host <name>'),
    media: on('--media'),
    reissue: text('--reissue <host>'),
  },
  examples: {
    one: 'sekisho token create --name "web-01" --host web-01.example.com',
    many: 'sekisho token create --name "branch office" --uses 50 --valid 7d',
    reissue: 'sekisho token create --name "web-01, new disk" --reissue web-01.example.com',
  },
  run: ({ cli, flags }) => {
    if (flags.reissue !== undefined && flags.host !== undefined) {
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--reissue, --host' });
    }
    return withServer(cli, flags.data, async ({ call }) => {
      const created = await call(createToken, {
        body: {
          name: flags.name,
          ...(flags.uses === undefined ? {} : { usesMax: flags.uses }),
          ...(flags.valid === undefined ? {} : { validSeconds: Math.round(flags.valid / 1_000) }),
          hostName: flags.host ?? null,
          media: flags.media,
          reissueFor: flags.reissue ?? null,
        },
      });
      return {
        json: created,
        bare: created.token,
        text: [...tokenDetailText(cli, created), '', created.token, '', cli.words.notes.tokenShownOnce],
      };
    });
  },
});
