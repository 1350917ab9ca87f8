/** サーバーを運用するコマンドの言葉: 設定、データベース、状態。 */
const data = '管理サーバーのデータフォルダー';

export const operateNouns = {
  config: '設定: 有効な値と、その由来',
  service: 'systemd で動かす',
  db: '管理サーバーのデータベース: 状態、バックアップ、移行',
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
  doctor: {
    summary: 'このマシンの問題とリスクを探し、それぞれの対処を示す (何も変更しない)',
    args: {},
    flags: {
      serverData: '管理サーバーのデータフォルダー。省略時は通常の場所にあればそれ',
      agentData: 'エージェントのデータフォルダー。省略時は通常の場所にあればそれ',
    },
    examples: {
      plain: 'このマシンにあるものを調べる',
      folder: '別のフォルダーのサーバーを、スクリプト用に調べる',
    },
  },
  'service print': {
    summary: 'サーバーまたはエージェントの、制限を強めた systemd ユニットを正しいパスで出力する',
    args: { role: 'server または agent' },
    flags: {
      data: 'データフォルダー。省略時は通常の場所',
      program: 'sekisho の場所',
      kekFile: '鍵暗号化鍵のファイル。systemd の資格情報として渡す (サーバー)',
    },
    examples: {
      server: '管理サーバーのユニット',
      agent: 'プログラムが別の場所にある場合の、エージェントのユニット',
      kek: '鍵暗号化鍵をデータフォルダーの外に置く',
    },
  },
  'server log-level': {
    summary: '稼働中のサーバーがログに書く内容を、停止するまで変更する',
    args: { level: 'trace、debug、info、warn、error、fatal のいずれか' },
    flags: { data },
    examples: { more: '詳しく調べる', usual: '通常に戻す' },
  },
  'db status': {
    summary: 'データの場所、大きさ、最後のバックアップを表示する',
    args: {},
    flags: { data },
    examples: { plain: '最近のバックアップがあるか確かめる' },
  },
  'db backup': {
    summary: 'データベースをバックアップし、コピーを読み戻して確かめる (サーバーの稼働中も可)',
    args: {},
    flags: { data, to: 'バックアップ先のフォルダー。省略時はデータフォルダーの `backups`' },
    examples: { plain: '今すぐバックアップする', elsewhere: '別のディスクのフォルダーへ' },
  },
  'db migrate': {
    summary: 'ドメインを別のデータベースに移す (先にサーバーを停止)',
    args: {},
    flags: {
      data,
      from: '現在のデータベースの種類',
      to: '空のデータベース: postgres://… または sqlite:FILE。パスワードは ~/.pgpass か PGPASSWORD に置く',
    },
    examples: { grow: 'SQLite から PostgreSQL へ', back: '元に戻す' },
  },
};

export const operateLabels = {
  settingKey: 'キー',
  settingValue: '値',
  settingOrigin: '由来',
  settingFault: '誤り',
  settingGiven: '指定された値',
  settingAllowed: '許される値',
  database: 'データベース',
  schema: 'スキーマ',
  journal: 'ジャーナル',
  rows: '行数',
  lastBackup: '最後のバックアップ',
  automaticBackups: '自動バックアップ',
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
  logLevel: 'ログレベルを {level} にしました (変更前: {before})。再起動すると設定 log.level に戻ります。',
  taskProgress: '{percent} %',
  unitNext:
    '/etc/systemd/system/sekisho-{role}.service に置き、次を実行してください: systemctl daemon-reload && systemctl enable --now sekisho-{role}',
  neverBackedUp: 'なし',
  noAutomaticBackups: 'オフ',
  everyHours: '{hours} 時間ごと',
  serverIsStopped: 'サーバーは停止しています。このコマンドがデータベースをバックアップします。',
  backedUp: '{path} にバックアップしました ({bytes})。コピーは読み戻して確かめました。',
  backupKekNote:
    '鍵暗号化鍵 (ファイル kek) は別の場所に保管してください。これがないとバックアップは誰にも使えず、両方を持つ人はドメインを手にします。',
  movingTable: '表 {done}/{total}: {table}',
  moved: '{tables} 個の表、{rows} 行を {from} から {to} へ移しました。両方を照合済みです。',
  movedBefore: '以前の実行ですべてコピー済みだったため、設定の切り替えだけを行いました。',
  movedOverridden:
    '警告: 環境変数 SEKISHO_DATABASE は設定ファイルより優先されます。{from} を指している間、サーバーは元のデータベースを使い続けます。変数を削除するか、{to} に変更してください。',
  movedNext:
    '元のデータベースは変更していません。サーバーを起動してください: sekisho server run --data {data}',
};
