import { serverData } from '../../client/data-folder.ts';
import { on } from '../../flag.ts';
import { parseSettings } from '../../input/group-settings.ts';
import { defineVerb } from '../../verb.ts';
import { changeSettings } from './change-settings.ts';

/** `group set GROUP SETTING=VALUE …` (F-01, F-02, F-03). */
export const groupSet = defineVerb({
  path: 'group set',
  args: { group: '<group>', settings: '<settings...>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: {
    heartbeat: 'sekisho group set Tokyo heartbeat=1m',
    pull: 'sekisho group set Tokyo mode=pull heartbeat=1h',
    staleCrl: 'sekisho group set Tokyo stale-crl=closed crl-refresh=1h',
    dryRun: 'sekisho group set Tokyo plans=own --dry-run',
  },
  run: async ({ cli, args, rest, flags }) =>
    changeSettings(cli, flags.data, {
      group: args.group ?? '',
      change: { set: parseSettings(rest) },
      dryRun: flags.dryRun,
    }),
});
