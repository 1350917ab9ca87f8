import { serverData } from '../../client/data-folder.ts';
import { on } from '../../flag.ts';
import { parseSettingNames } from '../../input/group-settings.ts';
import { defineVerb } from '../../verb.ts';
import { changeSettings } from './change-settings.ts';

/** `group unlock GROUP SETTING …` (F-01): those below may set it again. */
export const groupUnlock = defineVerb({
  path: 'group unlock',
  args: { group: '<group>', settings: '<settings...>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { plain: 'sekisho group unlock Tokyo heartbeat' },
  run: async ({ cli, args, rest, flags }) =>
    changeSettings(cli, flags.data, {
      group: args.group ?? '',
      change: { unlock: parseSettingNames(rest) },
      dryRun: flags.dryRun,
    }),
});
