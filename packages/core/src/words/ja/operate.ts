/** サーバーを運用するコマンドの言葉: 設定、データベース、状態。 */
const data = '管理サーバーのデータフォルダー';

export const operateNouns = {
  config: '設定: 有効な値と、その由来',
};

export const operateVerbs = {
  'config show': {
    summary: 'すべての設定の有効な値と、その由来を表示する',
    args: {},
    flags: {
      data,
      agentData: 'エージェントのデータフォルダー。サーバーではなくエージェントの設定を表示',
      all: '既定値のままの設定も表示',
    },
    examples: {
      plain: '既定値と異なるものを見る',
      all: 'すべての設定を表示する',
      agent: 'このホストのエージェントの設定を表示する',
    },
  },
  'config check': {
    summary: '設定ファイルを検査する (何も変更しない)',
    args: { file: 'server.json、または --agent を付けて agent.json' },
    flags: { agent: 'エージェントのファイルとして検査' },
    examples: { plain: '配置する前にファイルを検査する' },
  },
};

export const operateLabels = {
  settingKey: 'キー',
  settingValue: '値',
  settingOrigin: '由来',
  settingFault: '誤り',
  settingGiven: '指定された値',
  settingAllowed: '許される値',
};

export const operateNotes = {
  settingDefault: '既定値',
  settingsAllDefault: 'すべての設定は既定値のままです。表示するには: sekisho config show --all',
  settingsGood: '{file}: すべての設定は有効です。',
  settingUnknown: '不明なキー',
  settingUnknownMeant: '不明なキー。{meant} のことですか',
  settingWrong: '許されない値',
  settingMissing: '指定がない',
  settingFixed: 'プログラムだけが書き込むキー',
};
