import { serverData } from '../../client/data-folder.ts';
import { on } from '../../flag.ts';
import { parseSettingNames } from '../../input/group-settings.ts';
import { defineVerb } from '../../verb.ts';
import { changeSettings } from './change-settings.ts';

/** `group lock GROUP SETTING …` (F-01): those below cannot set it. */
export const groupLock = defineVerb({
  path: 'group lock',
  args: { group: '<group>', settings: '<settings...>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { plain: 'sekisho group lock Tokyo heartbeat' },
  run: async ({ cli, args, rest, flags }) =>
    changeSettings(cli, flags.data, {
      group: args.group ?? '',
      change: { lock: parseSettingNames(rest) },
      dryRun: flags.dryRun,
    }),
});
