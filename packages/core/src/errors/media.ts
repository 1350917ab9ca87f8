import type { ErrorTable } from './table.ts';

/** Refusals of the media part. */
export const mediaErrors = {
  REPOSITORY_NAME_INVALID: {
    status: 400,
    en: {
      words: 'This is not a repository name.',
      hint: 'A repository is named <host ID>.<generation>.',
    },
    ja: {
      words: 'リポジトリ名の形式が正しくありません。',
      hint: 'リポジトリ名は <ホスト ID>.<世代番号> です。',
    },
  },
  REPOSITORY_OTHER_HOST: {
    status: 403,
    en: {
      words: 'Repository {repository} belongs to another host.',
      hint: 'A host reaches only repositories that begin with its own host ID.',
    },
    ja: {
      words: 'リポジトリ {repository} は別のホストのものです。',
      hint: 'ホストが利用できるのは、自身のホスト ID で始まるリポジトリだけです。',
    },
  },
  REPOSITORY_UNKNOWN: {
    status: 404,
    en: {
      words: 'There is no repository {repository} on this media server.',
      hint: 'It is made by the first backup.',
    },
    ja: {
      words: 'リポジトリ {repository} はこのメディアサーバーにありません。',
      hint: '最初のバックアップで作成されます。',
    },
  },
  REPOSITORIES_TOO_MANY: {
    status: 403,
    en: {
      words: 'This host already has {limit} repositories here.',
      hint: 'Ask an administrator to remove sealed repositories that are no longer needed.',
    },
    ja: {
      words: 'このホストのリポジトリ数は、すでに上限 ({limit}) に達しています。',
      hint: '不要になった封印済みリポジトリの削除を管理者に依頼してください。',
    },
  },
  REPOSITORY_CREATE_INVALID: {
    status: 400,
    en: {
      words: 'A repository is created with ?create=true and nothing else.',
      hint: 'Use an unmodified restic: restic init.',
    },
    ja: {
      words: 'リポジトリの作成要求は ?create=true だけを受け付けます。',
      hint: '変更を加えていない restic を使ってください: restic init',
    },
  },
  REPOSITORY_SEALED: {
    status: 403,
    en: {
      words: 'The repository is sealed: it can be read and no longer changed.',
      hint: 'Its host certificate was revoked as compromised; new backups go to the next repository. Read with --no-lock.',
    },
    ja: {
      words: 'リポジトリは封印されています。読み取りはできますが、変更はできません。',
      hint: 'ホストの証明書が鍵の危殆化により失効したためです。新しいバックアップは次のリポジトリに保存されます。読み取りには --no-lock を付けてください。',
    },
  },
  REPOSITORY_IN_MAINTENANCE: {
    status: 503,
    en: {
      words: 'The repository is in maintenance: nothing can be written now.',
      hint: 'Wait until the maintenance job has ended: sekisho job list. restic retries by itself.',
    },
    ja: {
      words: 'リポジトリは保守中のため、現在は書き込めません。',
      hint: '保守ジョブの終了を待ってください: sekisho job list。restic は自動的に再試行します。',
    },
  },
  REPOSITORY_BUSY: {
    status: 409,
    en: {
      words: 'The repository {repository} is in use: {reason}.',
      hint: 'Maintenance runs when no backup or restore does; it is tried again later.',
    },
    ja: {
      words: 'リポジトリ {repository} は使用中です: {reason}',
      hint: '保守はバックアップや復元が動いていないときに実行されます。後で再試行されます。',
    },
  },
  REPOSITORY_QUOTA: {
    status: 507,
    en: {
      words: 'The quota of this host is used up: {usedBytes} of {quotaBytes} bytes.',
      hint: 'Raise the quota of the media server, or shorten the retention; nothing stored was lost.',
    },
    ja: {
      words: 'このホストの割り当て容量を使い切りました: {quotaBytes} バイト中 {usedBytes} バイト',
      hint: 'メディアサーバーの割り当て容量を増やすか、保持期間を短くしてください。保存済みのデータは失われていません。',
    },
  },
  REPOSITORY_PATH_INVALID: {
    status: 400,
    en: {
      words: 'This is not an address of the repository protocol.',
      hint: 'Use an unmodified restic, 0.14 or newer.',
    },
    ja: {
      words: 'リポジトリプロトコルの宛先ではありません。',
      hint: '変更を加えていない restic 0.14 以降を使ってください。',
    },
  },
  OBJECT_UNKNOWN: {
    status: 404,
    en: { words: 'There is no such object.', hint: 'List the objects of this type.' },
    ja: {
      words: 'そのオブジェクトは存在しません。',
      hint: 'この種類のオブジェクトの一覧を確認してください。',
    },
  },
  OBJECT_HASH_WRONG: {
    status: 400,
    en: {
      words: 'The bytes received are not those that the name says (SHA-256).',
      hint: 'The data changed on its way: check memory and network; nothing was stored.',
    },
    ja: {
      words: '受信した内容が名前 (SHA-256) と一致しません。',
      hint: '転送中にデータが変わりました。メモリーとネットワークを確認してください。何も保存していません。',
    },
  },
  OBJECT_LENGTH_REQUIRED: {
    status: 411,
    en: { words: 'The request does not say its length.', hint: 'Send Content-Length.' },
    ja: { words: '要求に長さの指定がありません。', hint: 'Content-Length を付けてください。' },
  },
  OBJECT_CUT_OFF: {
    status: 400,
    en: {
      words: 'The connection ended before all bytes had come.',
      hint: 'Try again; nothing was stored.',
    },
    ja: {
      words: 'すべてのデータを受信する前に接続が切れました。',
      hint: 'もう一度実行してください。何も保存していません。',
    },
  },
  OBJECTS_TOO_MANY: {
    status: 403,
    en: {
      words: 'The repository already holds {limit} objects of the type {type}.',
      hint: 'Let maintenance remove what is no longer needed; look for a client that makes far too many.',
    },
    ja: {
      words: '{type} のオブジェクト数が上限 ({limit}) に達しています。',
      hint: '保守で不要なものを削除してください。異常に多く作成しているクライアントがないか確認してください。',
    },
  },
  RANGE_UNSATISFIABLE: {
    status: 416,
    en: {
      words: 'The range asked for is not inside the object ({sizeBytes} bytes).',
      hint: 'Ask for bytes that exist.',
    },
    ja: {
      words: '要求された範囲はオブジェクト ({sizeBytes} バイト) の外です。',
      hint: '存在する範囲を指定してください。',
    },
  },
  CONFIG_EXISTS: {
    status: 403,
    en: {
      words: 'The repository has its configuration already; it is never overwritten.',
      hint: 'Use the repository as it is.',
    },
    ja: {
      words: 'リポジトリの構成はすでに存在し、上書きできません。',
      hint: '既存のリポジトリをそのまま使用してください。',
    },
  },
  APPEND_ONLY: {
    status: 403,
    en: {
      words: 'A client can add to its repository and remove nothing from it.',
      hint: 'Ask an administrator: sekisho point delete. Removal runs on the media server.',
    },
    ja: {
      words: 'クライアントはリポジトリに追加できますが、削除はできません。',
      hint: '管理者に依頼してください: sekisho point delete。削除はメディアサーバーで実行されます。',
    },
  },
  LOCK_NOT_YOURS: {
    status: 403,
    en: {
      words: 'This lock was made by maintenance; a client removes only its own.',
      hint: 'Wait until the maintenance job has ended: sekisho job list.',
    },
    ja: {
      words: 'このロックは保守が作成したものです。クライアントが削除できるのは自身のロックだけです。',
      hint: '保守ジョブの終了を待ってください: sekisho job list',
    },
  },
  POINT_NOT_STORED: {
    status: 404,
    en: {
      words: 'The repository holds no recovery point {id}.',
      hint: 'It was removed already, or never arrived.',
    },
    ja: {
      words: '復旧ポイント {id} はリポジトリにありません。',
      hint: 'すでに削除されたか、受信されていません。',
    },
  },
  POINT_TOO_YOUNG: {
    status: 409,
    en: {
      words: 'The recovery point {id} is younger than {minimumDays} days and stays until {removableFrom}.',
      hint: 'Nothing younger is removed, by whatever order; order it again later.',
    },
    ja: {
      words: '復旧ポイント {id} は受信から {minimumDays} 日未満のため、{removableFrom} まで保持されます。',
      hint: 'どのような命令でもこの期間内は削除されません。後でもう一度実行してください。',
    },
  },
  REMOVALS_CAPPED: {
    status: 409,
    en: {
      words: 'The recovery point {id} stays for now: one run removes at most {limit}.',
      hint: 'The next run goes on.',
    },
    ja: {
      words: '復旧ポイント {id} は今回は保持されます。一度に削除できるのは {limit} 個までです。',
      hint: '次回の実行で続きを削除します。',
    },
  },
  MAINTENANCE_CHECK_FAILED: {
    status: 500,
    en: {
      words: 'The repository {repository} has errors, so nothing was removed: {detail}',
      hint: 'Read the job log; earlier recovery points may still be restored. A damaged disk is the usual cause.',
    },
    ja: {
      words: 'リポジトリ {repository} にエラーがあるため、何も削除しませんでした: {detail}',
      hint: 'ジョブのログを確認してください。以前の復旧ポイントは復元できる場合があります。多くはディスクの障害が原因です。',
    },
  },
  MAINTENANCE_CANCELLED: {
    status: 409,
    en: {
      words: 'The maintenance of {repository} was stopped before its end.',
      hint: 'The repository is whole; order it again.',
    },
    ja: {
      words: '{repository} の保守は途中で停止されました。',
      hint: 'リポジトリは正常です。もう一度実行してください。',
    },
  },
  RESTIC_MISSING: {
    status: 500,
    en: {
      words: 'The backup program restic was not found ({looked}).',
      hint: 'Install restic 0.14 or newer (apt-get install restic), or name it: SEKISHO_RESTIC=/path/to/restic.',
    },
    ja: {
      words: 'バックアッププログラム restic が見つかりません ({looked})。',
      hint: 'restic 0.14 以降をインストールするか (apt-get install restic)、場所を指定してください: SEKISHO_RESTIC=/path/to/restic',
    },
  },
  RESTIC_TOO_OLD: {
    status: 500,
    en: {
      words: 'restic at {path} is version {version}; 0.14 or newer is needed.',
      hint: 'Install a newer restic, or name another: SEKISHO_RESTIC=/path/to/restic.',
    },
    ja: {
      words: '{path} の restic はバージョン {version} です。0.14 以降が必要です。',
      hint: '新しい restic をインストールするか、別の場所を指定してください: SEKISHO_RESTIC=/path/to/restic',
    },
  },
  RESTIC_FAILED: {
    status: 500,
    en: {
      words: 'restic {command} failed (exit code {exitCode}): {detail}',
      hint: 'Read the job log.',
    },
    ja: {
      words: 'restic {command} が失敗しました (終了コード {exitCode}): {detail}',
      hint: 'ジョブのログを確認してください。',
    },
  },
  TRASH_EMPTY: {
    status: 404,
    en: {
      words: 'Nothing that was removed from {repository} since then is left in its trash.',
      hint: 'Removed objects are kept for {keepDays} days.',
    },
    ja: {
      words: '{repository} から指定時刻以降に削除されたものは、ごみ箱に残っていません。',
      hint: '削除されたオブジェクトは {keepDays} 日間保持されます。',
    },
  },
} as const satisfies ErrorTable;
