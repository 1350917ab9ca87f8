import { AppError } from '@sekisho/core/errors.ts';
import { originText, type EffectiveSetting } from '@sekisho/core/settings/resolve-settings.ts';
import { basename } from 'node:path';
import type { Cli } from '../../cli.ts';
import { agentFolder, serverData, serverFolder } from '../../client/data-folder.ts';
import { on, text } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `config show`: the effective value and origin of every key, as the next start would take them. Secrets are redacted. */
export const configShow = defineVerb({
  path: 'config show',
  args: {},
  flags: { data: serverData, agentData: text('--agent-data <dir>'), all: on('--all') },
  examples: {
    plain: 'sekisho config show',
    all: 'sekisho config show --all',
    agent: 'sekisho config show --agent-data /var/lib/sekisho/agent',
  },
  run: async ({ cli, flags }) => {
    const settings =
      flags.agentData === undefined
        ? await settingsOfServer(serverFolder(cli, flags.data), cli)
        : await settingsOfAgent(agentFolder(cli, flags.agentData), cli);
    const shown = settings.filter(({ origin }) => flags.all || cli.json || origin.from !== 'default');
    const { labels, notes } = cli.words;
    const titles = [labels.settingKey, labels.settingValue, labels.settingOrigin].map((title) => ({ title }));
    return {
      json: Object.fromEntries(
        shown.map(({ facts, origin, shown: value }) => [
          facts.key,
          { value: value ?? null, from: origin.from, origin: originText(origin) },
        ]),
      ),
      text:
        shown.length === 0
          ? [notes.settingsAllDefault]
          : renderTable(
              titles,
              shown.map(({ facts, origin, shown: value }) => [
                facts.key,
                value === undefined ? '-' : JSON.stringify(value),
                originOf(cli, origin),
              ]),
            ),
    };
  },
});

/** A place in few words; a file without its folder. */
export const originOf = (cli: Cli, origin: EffectiveSetting['origin']): string =>
  origin.from === 'default'
    ? cli.words.notes.settingDefault
    : origin.from === 'file'
      ? originText({ ...origin, path: basename(origin.path) })
      : originText(origin);

async function settingsOfServer(folder: string, cli: Cli): Promise<readonly EffectiveSetting[]> {
  const { loadConfigWithOrigins } = await import('@sekisho/server/config.ts');
  return (await loadConfigWithOrigins(folder, {}, cli.io.env)).settings;
}

async function settingsOfAgent(folder: string, cli: Cli): Promise<readonly EffectiveSetting[]> {
  const { loadAgentConfig } = await import('@sekisho/agent/settings.ts');
  const { dataFolderAt } = await import('@sekisho/agent/data-folder.ts');
  const loaded = await loadAgentConfig(dataFolderAt(folder), {}, cli.io.env);
  if (loaded === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: quoteWord(folder) });
  return loaded.settings;
}
