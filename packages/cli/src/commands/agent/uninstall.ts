import { AppError, fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `agent uninstall` (T-19): confirmed, since the key goes for good. */
export const agentUninstall = defineVerb({
  path: 'agent uninstall',
  args: {},
  flags: { data: agentData, keepData: on('--keep-data') },
  examples: { plain: 'sekisho agent uninstall', keep: 'sekisho agent uninstall --keep-data --yes' },
  run: async ({ cli, flags }) => {
    const { planUninstall, uninstallAgent } = await import('@sekisho/agent/setup/uninstall-agent.ts');
    const dataFolder = agentFolder(cli, flags.data);
    const plan = await planUninstall(dataFolder);
    const { certificates } = cli.words;
    const { name } = plan.settings;
    const { count } = cli.format;
    const lost = (words: string, n: number): string[] =>
      n === 0 || flags.keepData ? [] : [fill(words, { count: count(n) })];
    await confirm(
      cli,
      [
        fill(certificates.uninstallPreview, { name, folder: quoteWord(dataFolder) }),
        ...(flags.keepData ? [certificates.uninstallKeeps] : []),
        ...lost(certificates.uninstallReports, plan.spooled),
        ...lost(certificates.uninstallRepositories, plan.repositories),
        ...(plan.isRunning ? [certificates.uninstallRuns] : []),
        ...(plan.fingerprint === undefined ? [] : [certificates.uninstallExport]),
      ],
      certificates.uninstallQuestion,
    );
    const { told } = await uninstallAgent({
      dataFolder,
      keepData: flags.keepData,
      pid: plan.isRunning ? await pidOfAgent(cli, flags.data) : null,
      clock: cli.io.clock,
      random: cli.io.random,
      log: createLog({ name: 'agent', level: 'error' }),
    });
    return {
      json: { uninstalled: true, name, told, fingerprint: plan.fingerprint ?? null },
      text: [
        fill(certificates.uninstalled, { name }),
        told ? certificates.uninstallTold : certificates.uninstallUntold,
        ...(plan.fingerprint === undefined ? [] : [fill(certificates.uninstallRevoke, { name })]),
      ],
    };
  },
});

/** Of the agent that answers on the socket of this very folder; null when it has just gone. */
async function pidOfAgent(cli: Parameters<typeof withAgent>[0], data: string | undefined) {
  const { getAgentStatus } = await import('@sekisho/agent/control/agent-status.ts');
  try {
    return (await withAgent(cli, data, (call) => call(getAgentStatus))).pid;
  } catch (error) {
    if (error instanceof AppError && error.code === 'AGENT_NOT_RUNNING') return null;
    throw error;
  }
}
