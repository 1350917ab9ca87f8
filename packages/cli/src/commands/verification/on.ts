import { fill } from '@sekisho/core/errors.ts';
import { switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { on } from '../../flag.ts';
import { effectText, pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** `verification on GROUP` (F-20): at once, and without a question. */
export const verificationOn = defineVerb({
  path: 'verification on',
  args: { group: '<group>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { plain: 'sekisho verification on Tokyo' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, path } = await resolveGroup(call, args.group ?? '');
      const body = { state: 'on', dryRun: flags.dryRun } as const;
      const done = await call(switchVerification, { params: { id }, body });
      const { verification: words, groups } = cli.words;
      return {
        json: done,
        text: flags.dryRun
          ? [...effectText(cli, done.effect), groups.dryRun]
          : [fill(words.on, { group: pathText(path) })],
      };
    }),
});
