import { AppError } from '@sekisho/core/errors.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { EXIT } from '../../exit-codes.ts';
import { agentStatusText } from '../../output/agent-text.ts';
import { defineVerb } from '../../verb.ts';

/** `agent status` (T-11): asked of the running agent, else read from its data folder. Exit code 1: it can't communicate. */
export const agentStatus = defineVerb({
  path: 'agent status',
  args: {},
  flags: { data: agentData },
  examples: { plain: 'sekisho agent status' },
  run: async ({ cli, flags }) => {
    const { getAgentStatus } = await import('@sekisho/agent/control/agent-status.ts');
    const status = await withAgent(cli, flags.data, (call) => call(getAgentStatus)).catch(
      async (error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'AGENT_NOT_RUNNING') throw error;
        const { readAgentStatus } = await import('@sekisho/agent/control/read-status.ts');
        return readAgentStatus(agentFolder(cli, flags.data), cli.io.clock);
      },
    );
    return {
      json: status,
      text: agentStatusText(cli, status, agentFolder(cli, flags.data)),
      exitCode:
        status.running && status.notDeployed === null && status.lastError === null ? EXIT.done : EXIT.failed,
    };
  },
});
