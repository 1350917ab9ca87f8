import { AppError, fill } from '@sekisho/core/errors.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { requiredChoice } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `agent set --allow-commands on|off` (P-10): the host's own consent; at once in a running agent, else at its start. */
export const agentSet = defineVerb({
  path: 'agent set',
  args: {},
  flags: {
    data: agentData,
    allowCommands: requiredChoice('--allow-commands <on|off>', ['on', 'off'] as const),
  },
  examples: { commands: 'sekisho agent set --allow-commands on' },
  run: async ({ cli, flags }) => {
    const allowCommands = flags.allowCommands === 'on';
    const { setAgentSettings } = await import('@sekisho/agent/control/agent-status.ts');
    const saved = await withAgent(cli, flags.data, (call) =>
      call(setAgentSettings, { body: { allowCommands } }),
    ).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'AGENT_NOT_RUNNING') throw error;
      return saveForNextStart(agentFolder(cli, flags.data), allowCommands);
    });
    return {
      json: saved,
      text: [fill(cli.words.notes.agentSettings, { state: cli.format.onOff(saved.allowCommands) })],
    };
  },
});

/** Nobody runs that could be told: written into the folder. Refusal: AGENT_NOT_SET_UP. */
async function saveForNextStart(
  dataFolder: string,
  allowCommands: boolean,
): Promise<{ allowCommands: boolean }> {
  const { dataFolderAt } = await import('@sekisho/agent/data-folder.ts');
  const { loadSettings, saveSettings } = await import('@sekisho/agent/settings.ts');
  const folder = dataFolderAt(dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: quoteWord(dataFolder) });
  await saveSettings(folder, { ...settings, allowCommands });
  return { allowCommands };
}
