import { agentData } from '../../client/data-folder.ts';
import { defineVerb } from '../../verb.ts';
export const agentRenew = defineVerb({
  path: 'agent renew',
  args: {},
  flags: { data: agentData },
  examples: { plain: 'sekisho agent renew' },
  run: async () => ({ json: {}, text: [] }),
});
