import { agentData } from '../../client/data-folder.ts';
import { requiredChoice } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';
export const agentSet = defineVerb({
  path: 'agent set',
  args: {},
  flags: {
    data: agentData,
    allowCommands: requiredChoice('--allow-commands <on|off>', ['on', 'off'] as const),
  },
  examples: { commands: 'sekisho agent set' },
  run: async () => ({ json: {}, text: [] }),
});
