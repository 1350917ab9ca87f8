import { serverData } from '../../client/data-folder.ts';
import { chosen, on } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';
import { changeSettings } from './change-settings.ts';

/** `group inherit GROUP on|off` (F-01). */
export const groupInherit = defineVerb({
  path: 'group inherit',
  args: { group: '<group>', state: '<on|off>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { off: 'sekisho group inherit Tokyo off', on: 'sekisho group inherit Tokyo on' },
  run: async ({ cli, args, flags }) => {
    const inherits = chosen(args.state ?? '', '<on|off>', ['on', 'off'] as const) === 'on';
    return changeSettings(cli, flags.data, {
      group: args.group ?? '',
      change: { inherits },
      dryRun: flags.dryRun,
    });
  },
});
