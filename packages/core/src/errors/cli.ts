import type { ErrorTable } from './table.ts';

/** Refusals of the cli part: what was typed, what could not be reached, and what the demo could not prove. */
export const cliErrors = {
  USAGE_COMMAND_UNKNOWN: {
    status: 400,
    en: { words: 'There is no command "{given}".', hint: 'See what there is: {help}' },
    ja: {
      words: 'コマンド "{given}" はありません。',
      hint: '使用できるコマンドを確認してください: {help}',
    },
  },
  USAGE_COMMAND_MISSPELT: {
    status: 400,
    en: { words: 'There is no command "{given}".', hint: 'Did you mean: {corrected}' },
    ja: { words: 'コマンド "{given}" はありません。', hint: '次のコマンドのことですか: {corrected}' },
  },
  USAGE_VERB_MISSING: {
    status: 400,
    en: { words: '"{command}" needs one more word: {choices}.', hint: 'See what each does: {help}' },
    ja: {
      words: '"{command}" の後にもう 1 語必要です: {choices}。',
      hint: 'それぞれの説明を確認してください: {help}',
    },
  },
  USAGE_OPTION_UNKNOWN: {
    status: 400,
    en: { words: '"{command}" has no option {given}.', hint: 'See its options: {help}' },
    ja: {
      words: '"{command}" にオプション {given} はありません。',
      hint: '使用できるオプションを確認してください: {help}',
    },
  },
  USAGE_OPTION_MISSPELT: {
    status: 400,
    en: { words: '"{command}" has no option {given}.', hint: 'Did you mean: {corrected}' },
    ja: {
      words: '"{command}" にオプション {given} はありません。',
      hint: '次のコマンドのことですか: {corrected}',
    },
  },
  USAGE_ARGUMENT_MISSING: {
    status: 400,
    en: { words: '"{command}" needs {argument}.', hint: 'Write: {usage}' },
    ja: { words: '"{command}" には {argument} が必要です。', hint: '書式: {usage}' },
  },
  USAGE_ARGUMENTS_EXCESS: {
    status: 400,
    en: {
      words: '"{command}" does not take "{given}".',
      hint: 'Write: {usage} (a value with spaces goes in quotes)',
    },
    ja: {
      words: '"{command}" は "{given}" を受け付けません。',
      hint: '書式: {usage} (空白を含む値は引用符で囲んでください)',
    },
  },
  USAGE_OPTION_MISSING: {
    status: 400,
    en: { words: '"{command}" needs the option {option}.', hint: 'See its options: {help}' },
    ja: {
      words: '"{command}" にはオプション {option} が必要です。',
      hint: 'オプションの説明を確認してください: {help}',
    },
  },
  USAGE_OPTION_VALUE_MISSING: {
    status: 400,
    en: { words: 'The option {option} needs a value.', hint: 'See its options: {help}' },
    ja: {
      words: 'オプション {option} には値が必要です。',
      hint: 'オプションの説明を確認してください: {help}',
    },
  },
  USAGE_OPTIONS_CONFLICT: {
    status: 400,
    en: { words: '{options} cannot be used together.', hint: 'Keep one of them.' },
    ja: { words: '{options} は同時に指定できません。', hint: 'どれか 1 つだけを指定してください。' },
  },
  USAGE_ONE_OF_NEEDED: {
    status: 400,
    en: { words: 'One of {options} is needed.', hint: 'Write: {usage}' },
    ja: { words: '{options} のどれか 1 つが必要です。', hint: '書式: {usage}' },
  },
  USAGE_NUMBER_INVALID: {
    status: 400,
    en: {
      words: '{option}: "{value}" is not a whole number from {min} to {max}.',
      hint: 'For example: {option} {min}',
    },
    ja: {
      words: '{option}: "{value}" は {min} から {max} までの整数ではありません。',
      hint: '例: {option} {min}',
    },
  },
  USAGE_DURATION_INVALID: {
    status: 400,
    en: {
      words: '{option}: "{value}" is not a duration from {min} to {max}.',
      hint: 'Write a number and a unit: 90s, 15m, 24h, 7d (or a sum: 1d12h).',
    },
    ja: {
      words: '{option}: "{value}" は {min} から {max} までの期間ではありません。',
      hint: '数値と単位を続けて書いてください: 90s, 15m, 24h, 7d (合計も可: 1d12h)。',
    },
  },
  USAGE_CHOICE_INVALID: {
    status: 400,
    en: { words: '{option}: "{value}" is not one of {choices}.', hint: 'For example: {example}' },
    ja: {
      words: '{option}: "{value}" は {choices} のいずれでもありません。',
      hint: '例: {example}',
    },
  },
  USAGE_ENDPOINT_INVALID: {
    status: 400,
    en: {
      words: '{option}: "{value}" is not an address with a port.',
      hint: 'Write it like server.example:13000 or [2001:db8::1]:13000.',
    },
    ja: {
      words: '{option}: "{value}" は「アドレス:ポート」の形式ではありません。',
      hint: 'server.example:13000 または [2001:db8::1]:13000 のように書いてください。',
    },
  },
  USAGE_PATH_RELATIVE: {
    status: 400,
    en: {
      words: '{option}: "{value}" is not an absolute path.',
      hint: 'Write the whole path as it is on the host, beginning with /.',
    },
    ja: {
      words: '{option}: "{value}" は絶対パスではありません。',
      hint: 'ホスト上のパス全体を / から書いてください。',
    },
  },
  USAGE_SCHEDULE_INVALID: {
    status: 400,
    en: {
      words: '{option}: "{value}" is not a schedule.',
      hint: "Write a name and five cron fields: --schedule 'nightly=0 2 * * *'",
    },
    ja: {
      words: '{option}: "{value}" はスケジュールの形式ではありません。',
      hint: "名前と cron の 5 項目を書いてください: --schedule 'nightly=0 2 * * *'",
    },
  },
  USAGE_VALUE_INVALID: {
    status: 400,
    en: { words: '{option}: "{value}" cannot be used.', hint: 'See what it takes: {help}' },
    ja: {
      words: '{option}: "{value}" は指定できません。',
      hint: '指定できる値を確認してください: {help}',
    },
  },
  USAGE_SETTING_VALUE_MISSING: {
    status: 400,
    en: {
      words: 'The setting {setting} is given without a value.',
      hint: 'Write both with an equals sign, such as {example}. To have the value from above again: sekisho group unset',
    },
    ja: {
      words: '設定 {setting} の値が指定されていません。',
      hint: '{example} のように等号で続けて指定してください。上位の値に戻す場合: sekisho group unset',
    },
  },
  USAGE_SECRET_IN_ARGUMENTS: {
    status: 400,
    en: {
      words: 'A token does not belong on a command line: every user of this machine can read it there.',
      hint: 'Use --token-file FILE, --token-env VARIABLE, or --token-file - to read it from standard input; delete this token if others use this machine.',
    },
    ja: {
      words: '認証トークンをコマンドラインに書かないでください。このマシンのすべてのユーザーに読まれます。',
      hint: '--token-file FILE か --token-env VARIABLE、または標準入力から読む --token-file - を使ってください。他のユーザーもいるマシンでは、このトークンを削除してください。',
    },
  },
  CONFIRMATION_NEEDED: {
    status: 409,
    en: {
      words: 'This must be confirmed, and there is no terminal to ask on.',
      hint: 'Read the preview; to go ahead: {corrected}',
    },
    ja: {
      words: '確認が必要ですが、尋ねるための端末がありません。',
      hint: 'プレビューを確認し、実行する場合は次のようにします: {corrected}',
    },
  },
  CONFIRMATION_DECLINED: {
    status: 409,
    en: { words: 'Not confirmed: nothing was changed.', hint: 'Run it again when you are sure.' },
    ja: {
      words: '確認されなかったため、何も変更していません。',
      hint: '実行してよいことを確かめてから、もう一度実行してください。',
    },
  },
  SERVER_NOT_RUNNING: {
    status: 503,
    en: {
      words: 'The management server of {folder} is not running.',
      hint: 'Start it: sekisho server run --data {folder}',
    },
    ja: {
      words: '{folder} の管理サーバーは起動していません。',
      hint: '起動してください: sekisho server run --data {folder}',
    },
  },
  SERVER_SOCKET_FORBIDDEN: {
    status: 403,
    en: {
      words: '{folder} belongs to another user: you may not administer that management server.',
      hint: 'Run the command as the user who runs the server: sudo -u {owner} {command}',
    },
    ja: {
      words: '{folder} は別のユーザーのものです。この管理サーバーを管理する権限がありません。',
      hint: 'サーバーを動かしているユーザーとして実行してください: sudo -u {owner} {command}',
    },
  },
  SERVER_CONNECTION_LOST: {
    status: 503,
    en: {
      words: 'The connection to the management server broke before its answer came ({reason}).',
      hint: 'Check that it runs (sekisho server status) and look at what was done before you repeat the command.',
    },
    ja: {
      words: '応答が届く前に管理サーバーとの接続が切れました ({reason})。',
      hint: 'サーバーの状態 (sekisho server status) を確認し、何が行われたかを見てから、もう一度実行してください。',
    },
  },
  SERVER_REPLY_UNREADABLE: {
    status: 502,
    en: {
      words: 'The management server answered in a form that this program does not know ({detail}).',
      hint: 'Use the same version of Sekisho for both.',
    },
    ja: {
      words: '管理サーバーの応答を解釈できません ({detail})。',
      hint: '両方で同じバージョンの Sekisho を使ってください。',
    },
  },
  AGENT_SOCKET_FORBIDDEN: {
    status: 403,
    en: {
      words: '{folder} belongs to another user.',
      hint: 'Run the command as the user who runs the agent: sudo -u {owner} {command}',
    },
    ja: {
      words: '{folder} は別のユーザーのものです。',
      hint: 'エージェントを動かしているユーザーとして実行してください: sudo -u {owner} {command}',
    },
  },
  FOLDER_FORBIDDEN: {
    status: 403,
    en: {
      words: 'The folder {folder} may not be written or created ({reason}).',
      hint: 'Choose another with {option} DIR, or run the command as a user who may.',
    },
    ja: {
      words: 'フォルダー {folder} に書き込めないか、作成できません ({reason})。',
      hint: '{option} DIR で別のフォルダーを指定するか、書き込めるユーザーで実行してください。',
    },
  },
  FILE_NOT_READABLE: {
    status: 400,
    en: { words: 'The file {path} cannot be read ({reason}).', hint: 'Check its name and its rights.' },
    ja: {
      words: 'ファイル {path} を読み取れません ({reason})。',
      hint: 'ファイル名とアクセス権を確認してください。',
    },
  },
  FILE_EXISTS: {
    status: 409,
    en: {
      words: '{path} exists already.',
      hint: 'Name a file that does not exist: nothing is overwritten here.',
    },
    ja: {
      words: '{path} はすでに存在します。',
      hint: '存在しないファイル名を指定してください。上書きは行いません。',
    },
  },
  PASSPHRASE_NEEDED: {
    status: 400,
    en: {
      words: 'A passphrase is needed, and nobody is there to type it.',
      hint: 'Give it with --passphrase-file FILE or --passphrase-env VARIABLE.',
    },
    ja: {
      words: 'パスフレーズが必要ですが、入力できる端末がありません。',
      hint: '--passphrase-file FILE または --passphrase-env VARIABLE で指定してください。',
    },
  },
  PASSPHRASE_LENGTH: {
    status: 400,
    en: {
      words: 'A passphrase has {min} to {max} characters.',
      hint: 'Several words in a row are long, and easy to keep in mind.',
    },
    ja: {
      words: 'パスフレーズは {min} 文字以上 {max} 文字以下です。',
      hint: '複数の単語を並べると、長く、覚えやすくなります。',
    },
  },
  PASSPHRASES_DIFFER: {
    status: 400,
    en: {
      words: 'The two passphrases differ.',
      hint: 'Nothing was changed. Start again and type the same twice.',
    },
    ja: {
      words: '2 回の入力が一致しません。',
      hint: '何も変更していません。最初からやり直し、同じパスフレーズを 2 回入力してください。',
    },
  },
  FILE_NOT_WRITABLE: {
    status: 400,
    en: { words: 'The file {path} cannot be written ({reason}).', hint: 'Name another file.' },
    ja: { words: 'ファイル {path} に書き込めません ({reason})。', hint: '別のファイルを指定してください。' },
  },
  FILE_TOO_LARGE: {
    status: 413,
    en: {
      words: 'The file {path} is larger than {limitBytes} bytes.',
      hint: 'Split it, or name the right file.',
    },
    ja: {
      words: 'ファイル {path} は上限 ({limitBytes} バイト) を超えています。',
      hint: '分割するか、正しいファイルを指定してください。',
    },
  },
  TOKEN_SOURCE_EMPTY: {
    status: 400,
    en: {
      words: 'No token was found in {source}.',
      hint: 'Put there, alone on the first line, the token that an administrator made: sekisho token create --name NAME',
    },
    ja: {
      words: '{source} に認証トークンがありません。',
      hint: '管理者が作成したトークンを、最初の行にそれだけ書いてください: sekisho token create --name NAME',
    },
  },
  FINGERPRINT_URL_REFUSED: {
    status: 400,
    en: {
      words:
        'The fingerprint cannot be taken from {url}: it must be https, and not on the management server itself.',
      hint: 'Publish it on another web server, or pass it with --ca-fingerprint HEX.',
    },
    ja: {
      words: '{url} からは CA 指紋を取得できません。https であり、管理サーバー自身ではない必要があります。',
      hint: '別の Web サーバーで公開するか、--ca-fingerprint HEX で指定してください。',
    },
  },
  FINGERPRINT_URL_FAILED: {
    status: 502,
    en: {
      words: 'The fingerprint could not be fetched from {url} ({reason}).',
      hint: 'Open the address in a browser, or pass the fingerprint with --ca-fingerprint HEX.',
    },
    ja: {
      words: '{url} から CA 指紋を取得できませんでした ({reason})。',
      hint: 'ブラウザーで開いて確認するか、--ca-fingerprint HEX で指定してください。',
    },
  },
  FINGERPRINT_NEEDED: {
    status: 400,
    en: {
      words: 'The CA fingerprint must be confirmed, and there is no terminal to ask on.',
      hint: 'Pass what the administrator gave you: {command} --ca-fingerprint HEX',
    },
    ja: {
      words: 'CA 指紋の確認が必要ですが、尋ねるための端末がありません。',
      hint: '管理者から受け取った値を指定してください: {command} --ca-fingerprint HEX',
    },
  },
  HOST_UNKNOWN: {
    status: 404,
    en: { words: 'There is no host {given}.', hint: 'See the hosts: sekisho host list' },
    ja: { words: 'ホスト {given} は存在しません。', hint: 'ホストの一覧: sekisho host list' },
  },
  HOST_AMBIGUOUS: {
    status: 409,
    en: { words: 'More than one host is called {given}.', hint: 'Give the host ID instead: {ids}' },
    ja: {
      words: '{given} という名前のホストが複数あります。',
      hint: '代わりにホスト ID を指定してください: {ids}',
    },
  },
  PLAN_UNKNOWN: {
    status: 404,
    en: { words: 'There is no plan {given}.', hint: 'See the plans: sekisho plan list' },
    ja: { words: 'プラン {given} は存在しません。', hint: 'プランの一覧: sekisho plan list' },
  },
  PLAN_AMBIGUOUS: {
    status: 409,
    en: { words: 'More than one plan is called {given}.', hint: 'Give the plan ID instead: {ids}' },
    ja: {
      words: '{given} という名前のプランが複数あります。',
      hint: '代わりにプラン ID を指定してください: {ids}',
    },
  },
  JOB_UNKNOWN: {
    status: 404,
    en: { words: 'There is no job {given}.', hint: 'See the jobs: sekisho job list' },
    ja: { words: 'ジョブ {given} は存在しません。', hint: 'ジョブの一覧: sekisho job list' },
  },
  POINT_UNKNOWN: {
    status: 404,
    en: { words: 'There is no recovery point {given}.', hint: 'See the recovery points: sekisho point list' },
    ja: { words: '復旧ポイント {given} は存在しません。', hint: '復旧ポイントの一覧: sekisho point list' },
  },
  ID_AMBIGUOUS: {
    status: 409,
    en: { words: 'More than one ID begins with {given}.', hint: 'Give more digits of it.' },
    ja: { words: '{given} で始まる ID が複数あります。', hint: 'より多くの桁を指定してください。' },
  },
  MEDIA_SERVER_NEEDED: {
    status: 400,
    en: {
      words: 'The plan needs a media server, and there are {count} to choose from.',
      hint: 'Name one with --media HOST; a host becomes one with: sekisho host media HOST on',
    },
    ja: {
      words: 'プランにはメディアサーバーが必要です (候補は {count} 台です)。',
      hint: '--media HOST で指定してください。ホストをメディアサーバーにするには: sekisho host media HOST on',
    },
  },
  PLAN_UNCHANGED: {
    status: 400,
    en: {
      words: 'Nothing to change was given for the plan {name}.',
      hint: 'See the options: sekisho plan edit --help',
    },
    ja: {
      words: 'プラン {name} の変更内容が指定されていません。',
      hint: 'オプションの説明: sekisho plan edit --help',
    },
  },
  WAIT_INTERRUPTED: {
    status: 409,
    en: {
      words: 'Stopped watching; the work goes on.',
      hint: 'Watch it again: sekisho job watch {job} · end it: sekisho job cancel {job}',
    },
    ja: {
      words: '監視をやめました。処理は続いています。',
      hint: '再び監視するには: sekisho job watch {job} · 中止するには: sekisho job cancel {job}',
    },
  },
  DEMO_PATH_MISSING: {
    status: 400,
    en: {
      words: 'There is no file or folder {path}.',
      hint: 'Name one that exists, or none to use the files of this repository.',
    },
    ja: {
      words: '{path} というファイルやフォルダーはありません。',
      hint: '存在するものを指定するか、省略してこのリポジトリのファイルを使ってください。',
    },
  },
  DEMO_FOLDER_FOREIGN: {
    status: 409,
    en: {
      words: 'The folder {folder} holds files that no demo made: it is left alone.',
      hint: 'Name an empty or new folder: sekisho demo --folder DIR',
    },
    ja: {
      words: 'フォルダー {folder} にはデモが作成したものではないファイルがあるため、使用しません。',
      hint: '空のフォルダーか新しいフォルダーを指定してください: sekisho demo --folder DIR',
    },
  },
  DEMO_RUNNING: {
    status: 409,
    en: {
      words: 'A demo is already running in {folder} (process {pid}).',
      hint: 'Stop it there with Ctrl-C, or run this one beside it: sekisho demo --folder DIR',
    },
    ja: {
      words: '{folder} ではデモがすでに動いています (プロセス {pid})。',
      hint: 'その端末で Ctrl-C を押して止めるか、別のフォルダーで実行してください: sekisho demo --folder DIR',
    },
  },
  DEMO_PROCESS_ENDED: {
    status: 500,
    en: {
      words: 'The process "{process}" ended too early ({how}).',
      hint: 'Its last words are above; its whole log is in {log}',
    },
    ja: {
      words: 'プロセス "{process}" が途中で終了しました ({how})。',
      hint: '最後の出力は上に表示しました。ログ全体: {log}',
    },
  },
  DEMO_STEP_SLOW: {
    status: 504,
    en: {
      words: 'Waited {seconds} seconds in vain: {step}.',
      hint: 'Look into the logs in {folder}; a busy machine may need a second try.',
    },
    ja: {
      words: '{seconds} 秒待ちましたが完了しませんでした: {step}。',
      hint: '{folder} のログを確認してください。マシンが混んでいる場合は、もう一度実行してください。',
    },
  },
  DEMO_JOB_FAILED: {
    status: 500,
    en: {
      words: 'The job "{job}" ended as "{state}", so nothing is proved.',
      hint: 'Its reason is above; the logs are in {folder}',
    },
    ja: {
      words: 'ジョブ "{job}" が "{state}" で終了したため、証明できませんでした。',
      hint: '理由は上に表示しました。ログは {folder} にあります',
    },
  },
  DEMO_NOT_PROVED: {
    status: 500,
    en: {
      words: 'The restored files differ from the originals in {count} places; the first: {first}.',
      hint: 'Both are kept for a look: {source} and {restored}',
    },
    ja: {
      words: '復元したファイルが元と {count} か所で異なります。最初の相違: {first}。',
      hint: '両方とも残してあります: {source} と {restored}',
    },
  },
  DEMO_NOTHING_TO_PROVE: {
    status: 400,
    en: { words: 'There is nothing to back up in {path}.', hint: 'Name a folder that holds files.' },
    ja: {
      words: '{path} にはバックアップするものがありません。',
      hint: 'ファイルのあるフォルダーを指定してください。',
    },
  },
  DEMO_PROCESS_LEFT: {
    status: 500,
    en: { words: 'The process {pid} ("{process}") did not end.', hint: 'End it by hand: kill -9 {pid}' },
    ja: {
      words: 'プロセス {pid} ("{process}") が終了しませんでした。',
      hint: '手動で終了してください: kill -9 {pid}',
    },
  },
  INTERRUPTED: {
    status: 409,
    en: { words: 'Interrupted.', hint: 'Run the command again to start over.' },
    ja: { words: '中断されました。', hint: 'もう一度実行すると、最初からやり直せます。' },
  },
} as const satisfies ErrorTable;
