import { AGENT_SETTING_PREFIX, agentConfig } from '@sekisho/agent/settings.ts';
import { variableOf } from '@sekisho/core/settings/resolve-settings.ts';
import { describeSettings, type SettingFacts } from '@sekisho/core/settings/setting.ts';
import { CONFIG_FLAGS, serverConfig, SETTING_PREFIX } from '@sekisho/server/config.ts';
import { printedNote, table, type Page } from './page.ts';

const WORDS = {
  en: {
    title: '# Settings',
    intro:
      'Each key has one precedence: flag, then environment variable, then file, then default. Every key can also be given as `--set KEY=VALUE` to `server run` or `agent run`. Lists are written with commas in variables and flags. All faults are refused at once at the start, each with its key, its place, what was given and what is allowed. `sekisho config show` prints what is effective and where it comes from; `sekisho config check FILE` checks a file.',
    server: '## The management server',
    serverNote:
      'They stand in `server.json` in the data folder, which `sekisho server init` writes.\n\nThe key-encryption key is not a setting: it is read from the file that `SEKISHO_KEK_FILE` names, else from the systemd credential `sekisho-kek`, else from `kek` in the data folder; the file must hold 32 bytes and be readable by its owner alone.',
    agent: '## The agent and its media server',
    agentNote: 'They stand in `agent.json` in the data folder, which `sekisho agent setup` writes.',
    head: ['Key', 'Allowed', 'Default', 'Environment', 'Flag', 'Meaning'],
    fixed: 'written by the program',
    set: '`--set`',
  },
  ja: {
    title: '# 設定',
    intro:
      '各キーの優先順位は、フラグ、環境変数、ファイル、既定値の順です。すべてのキーは `server run` または `agent run` に `--set KEY=VALUE` としても指定できます。環境変数とフラグでは、リストをコンマで区切ります。誤りは起動時にすべてまとめて拒否され、それぞれのキー、場所、指定された値、許される値が示されます。`sekisho config show` は有効な値とその由来を、`sekisho config check FILE` はファイルの検査結果を表示します。',
    server: '## 管理サーバー',
    serverNote:
      'データフォルダーの `server.json` にあり、`sekisho server init` が書き込みます。\n\n鍵暗号化鍵は設定ではありません。`SEKISHO_KEK_FILE` が示すファイル、systemd の資格情報 `sekisho-kek`、データフォルダーの `kek` の順に読み込みます。ファイルは 32 バイトで、所有者だけが読み取れる必要があります。',
    agent: '## エージェントとメディアサーバー',
    agentNote: 'データフォルダーの `agent.json` にあり、`sekisho agent setup` が書き込みます。',
    head: ['キー', '許される値', '既定値', '環境変数', 'フラグ', '意味'],
    fixed: 'プログラムが書き込む',
    set: '`--set`',
  },
} as const;

/** The settings of all programs, out of the schemas that check them: one page per language. */
export const settingsPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => {
    const words = WORDS[language];
    return {
      path: `docs/reference/settings.${language}.md`,
      text:
        [
          words.title,
          printedNote(language),
          words.intro,
          words.server,
          words.serverNote,
          settingsTable(describeSettings(serverConfig), SETTING_PREFIX, CONFIG_FLAGS, language),
          words.agent,
          words.agentNote,
          settingsTable(
            describeSettings(agentConfig),
            AGENT_SETTING_PREFIX,
            { mediaListen: '--media-listen' },
            language,
          ),
        ].join('\n\n') + '\n',
    };
  });

function settingsTable(
  settings: readonly SettingFacts[],
  prefix: string,
  flags: Readonly<Record<string, string>>,
  language: 'en' | 'ja',
): string {
  const words = WORDS[language];
  return table(
    words.head,
    settings.map((facts) => {
      const isFixed = facts.words.fixed === true;
      return [
        `\`${facts.key}\``,
        `\`${facts.allowed}\``,
        facts.fallback === undefined ? '' : `\`${JSON.stringify(facts.fallback)}\``,
        isFixed ? words.fixed : `\`${variableOf(prefix, facts.key)}\``,
        isFixed ? '' : flags[facts.key] === undefined ? words.set : `\`${flags[facts.key]}\``,
        facts.words[language],
      ];
    }),
  );
}
