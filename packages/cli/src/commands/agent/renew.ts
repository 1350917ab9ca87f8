import { fill } from '@sekisho/core/errors.ts';
import { agentData } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { defineVerb } from '../../verb.ts';

/** `agent renew` (T-04): the running agent renews its certificate now, with a new key. */
export const agentRenew = defineVerb({
  path: 'agent renew',
  args: {},
  flags: { data: agentData },
  examples: { plain: 'sekisho agent renew' },
  run: async ({ cli, flags }) => {
    const { renewAgent } = await import('@sekisho/agent/control/agent-status.ts');
    const renewed = await withAgent(cli, flags.data, (call) => call(renewAgent));
    const until = cli.format.timeWithZone(renewed.notAfterMs);
    return {
      json: renewed,
      bare: renewed.fingerprint,
      text: [fill(cli.words.notes.renewed, { until, fingerprint: renewed.fingerprint })],
    };
  },
});
