import { serverData } from '../../client/data-folder.ts';
import { on } from '../../flag.ts';
import { parseUnset } from '../../input/group-settings.ts';
import { defineVerb } from '../../verb.ts';
import { changeSettings } from './change-settings.ts';

/** `group unset GROUP SETTING …` (F-01): the value from above counts again. */
export const groupUnset = defineVerb({
  path: 'group unset',
  args: { group: '<group>', settings: '<settings...>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { plain: 'sekisho group unset Tokyo heartbeat' },
  run: async ({ cli, args, rest, flags }) =>
    changeSettings(cli, flags.data, {
      group: args.group ?? '',
      change: { unset: parseUnset(rest) },
      dryRun: flags.dryRun,
    }),
});
