import { agentData } from '../../client/data-folder.ts';
import { defineVerb } from '../../verb.ts';
export const agentStatus = defineVerb({
  path: 'agent status',
  args: {},
  flags: { data: agentData },
  examples: { plain: 'sekisho agent status' },
  run: async () => ({ json: {}, text: [] }),
});
