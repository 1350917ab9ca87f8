import { fill } from '@sekisho/core/errors.ts';
import type { SettingFault } from '@sekisho/core/settings/resolve-settings.ts';
import type { Cli } from '../../cli.ts';
import { EXIT } from '../../exit-codes.ts';
import { on } from '../../flag.ts';
import { readTextFile } from '../../input/read-file.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';
import { originOf } from './show.ts';

const FILE_BYTES_MAX = 1024 * 1024;

/** `config check`: all faults of a settings file, with words; exit code 1 when there are any. The environment is left out. */
export const configCheck = defineVerb({
  path: 'config check',
  args: { file: '<file>' },
  flags: { agent: on('--agent') },
  examples: { plain: 'sekisho config check server.json' },
  run: async ({ cli, args, flags }) => {
    const path = args.file ?? '';
    const file = { path, text: await readTextFile(cli, path, FILE_BYTES_MAX) };
    const faults = flags.agent ? await faultsOfAgent(file) : await faultsOfServer(file);
    const { labels, notes } = cli.words;
    const titles = [
      labels.settingKey,
      labels.settingOrigin,
      labels.settingFault,
      labels.settingGiven,
      labels.settingAllowed,
    ].map((title) => ({ title }));
    return {
      json: { file: path, valid: faults.length === 0, faults },
      text:
        faults.length === 0
          ? [fill(notes.settingsGood, { file: path })]
          : renderTable(
              titles,
              faults.map((fault) => [
                fault.key,
                originOf(cli, fault.origin),
                words(cli, fault),
                fault.given,
                fault.allowed,
              ]),
            ),
      exitCode: faults.length === 0 ? EXIT.done : EXIT.failed,
    };
  },
});

function words(cli: Cli, fault: SettingFault): string {
  const { notes } = cli.words;
  switch (fault.is) {
    case 'unknown':
      return fault.meant === undefined
        ? notes.settingUnknown
        : fill(notes.settingUnknownMeant, { meant: fault.meant });
    case 'wrong':
      return notes.settingWrong;
    case 'missing':
      return notes.settingMissing;
    case 'fixed':
      return notes.settingFixed;
  }
}

async function faultsOfServer(file: { path: string; text: string }): Promise<readonly SettingFault[]> {
  const { resolveConfig } = await import('@sekisho/server/config.ts');
  const resolved = resolveConfig(file, {}, {});
  return resolved.ok ? [] : resolved.faults;
}

async function faultsOfAgent(file: { path: string; text: string }): Promise<readonly SettingFault[]> {
  const { resolveAgentConfig } = await import('@sekisho/agent/settings.ts');
  const resolved = resolveAgentConfig(file, {}, {});
  return resolved.ok ? [] : resolved.faults;
}
