import type { ErrorTable } from './table.ts';

/** Refusals of the store part. Addresses in parameters never carry a password. */
export const storeErrors = {
  DATABASE_BACKUP_DAMAGED: {
    status: 500,
    en: {
      words: 'The backup {file} was written but cannot be read back ({detail}).',
      hint: 'Do not rely on it. Check the disk (sekisho doctor), then back up again into another folder.',
    },
    ja: {
      words: 'バックアップ {file} は書き込まれましたが、正しく読み戻せません ({detail})。',
      hint: 'このバックアップは使わないでください。ディスクを確認し (sekisho doctor)、別のフォルダーへもう一度バックアップしてください。',
    },
  },
  DATABASE_COPY_FAILED: {
    status: 500,
    en: {
      words: 'The backup could not be written to {folder}; nothing of it is left there.',
      hint: 'Check space and rights of that folder, or name another one: sekisho db backup --to FOLDER',
    },
    ja: {
      words: 'バックアップを {folder} に書き込めませんでした。書きかけのものは残っていません。',
      hint: 'フォルダーの空き容量と権限を確認するか、別のフォルダーを指定してください: sekisho db backup --to フォルダー',
    },
  },
  BACKUP_FOLDER_LOCAL: {
    status: 403,
    en: {
      words: "A folder for the backup may be named only on the server's own machine.",
      hint: 'Leave the folder out, or run the command on the machine of the management server.',
    },
    ja: {
      words: 'バックアップ先のフォルダーは、サーバー自身のマシンでだけ指定できます。',
      hint: 'フォルダーを省略するか、管理サーバーのマシンでコマンドを実行してください。',
    },
  },
  DATABASE_NOT_EMPTY: {
    status: 409,
    en: {
      words: 'The database {database} is not empty: {table} has rows.',
      hint: 'Name an empty database. Nothing was changed in either of them.',
    },
    ja: {
      words: 'データベース {database} は空ではありません ({table} に行があります)。',
      hint: '空のデータベースを指定してください。どちらのデータベースも変更されていません。',
    },
  },
  DATABASE_SERVED: {
    status: 409,
    en: {
      words: 'The database {database} is being served: {workers} server processes are alive.',
      hint: 'Stop every management server of the domain, wait a minute, and run the command again.',
    },
    ja: {
      words: 'データベース {database} は使用中です (動作中のサーバープロセス: {workers})。',
      hint: 'ドメインの管理サーバーをすべて停止し、1 分待ってから、もう一度実行してください。',
    },
  },
  DATABASE_MOVE_SOURCE: {
    status: 400,
    en: {
      words: 'The domain is on {actual}, not on {given}.',
      hint: 'Say where it is now: --from {actual}. To see the database: sekisho db status',
    },
    ja: {
      words: 'ドメインは {given} ではなく {actual} にあります。',
      hint: '現在の種類を指定してください: --from {actual}。データベースの確認: sekisho db status',
    },
  },
  DATABASE_MOVE_DIFFERS: {
    status: 500,
    en: {
      words: 'After copying, the table {table} is not the same in both databases. The copy was taken back.',
      hint: 'The domain is where it was. Check both databases, then run the command again.',
    },
    ja: {
      words: 'コピー後の表 {table} が二つのデータベースで一致しないため、コピーを取り消しました。',
      hint: 'ドメインは元の場所のままです。両方のデータベースを確認し、もう一度実行してください。',
    },
  },
  DATABASE_URL_INVALID: {
    status: 400,
    en: {
      words: 'The database address is not valid: {detail}',
      hint: 'Use sqlite:/absolute/file or postgres://user@host:port/name.',
    },
    ja: {
      words: 'データベースの指定が正しくありません: {detail}',
      hint: 'sqlite:/絶対パス または postgres://ユーザー@ホスト:ポート/名前 の形式で指定してください。',
    },
  },
  DATABASE_IN_USE: {
    status: 409,
    en: {
      words: 'Another management server process uses the database {database}.',
      hint: 'SQLite serves one process: stop the other one first, or move to PostgreSQL.',
    },
    ja: {
      words: 'データベース {database} は、別の管理サーバープロセスが使用中です。',
      hint: 'SQLite を使用できるプロセスは 1 つだけです。先にもう一方を停止するか、PostgreSQL に移行してください。',
    },
  },
  DATABASE_NEWER: {
    status: 409,
    en: {
      words: 'The database {database} has schema {found}; this program knows schemas up to {known}.',
      hint: 'Run the newer program, or restore the backup that was made before the upgrade (folder {backups}).',
    },
    ja: {
      words:
        'データベース {database} のスキーマは {found} ですが、このプログラムが扱えるのは {known} までです。',
      hint: '新しいバージョンのプログラムを使うか、アップグレード前のバックアップ (フォルダー {backups}) から復元してください。',
    },
  },
  DATABASE_FOREIGN: {
    status: 409,
    en: {
      words: 'The database {database} holds tables of another program.',
      hint: 'Give Sekisho an empty database of its own.',
    },
    ja: {
      words: 'データベース {database} には、別のプログラムのテーブルがあります。',
      hint: 'Sekisho 専用の空のデータベースを用意してください。',
    },
  },
  DATABASE_CORRUPT: {
    status: 500,
    en: {
      words: 'The database {database} is damaged or is not a database.',
      hint: 'Stop the server, keep the file aside, and restore the latest backup of the catalog.',
    },
    ja: {
      words: 'データベース {database} は破損しているか、データベースではありません。',
      hint: 'サーバーを停止してファイルを退避し、カタログの最新のバックアップから復元してください。',
    },
  },
  DATABASE_UNWRITABLE: {
    status: 500,
    en: {
      words: 'The database {database} cannot be opened for writing.',
      hint: 'Check that its folder exists and that the account of the server may write there.',
    },
    ja: {
      words: 'データベース {database} を書き込み用に開けません。',
      hint: 'フォルダーが存在し、サーバーの実行アカウントに書き込み権限があることを確認してください。',
    },
  },
  DATABASE_IO_FAILED: {
    status: 500,
    en: {
      words: 'Reading or writing the database {database} failed.',
      hint: 'Check the disk and the system log; what was acknowledged before is kept.',
    },
    ja: {
      words: 'データベース {database} の読み書きに失敗しました。',
      hint: 'ディスクとシステムログを確認してください。受け付け済みのデータは保持されています。',
    },
  },
  DATABASE_UNREACHABLE: {
    status: 503,
    en: {
      words: 'The database {database} does not answer.',
      hint: 'Check that PostgreSQL runs there, and the name, the port and the firewall.',
    },
    ja: {
      words: 'データベース {database} が応答しません。',
      hint: 'PostgreSQL が動作していること、名前、ポート、ファイアウォールを確認してください。',
    },
  },
  DATABASE_STANDBY: {
    status: 503,
    en: {
      words: 'The database {database} accepts no writes: it is a standby.',
      hint: 'Promote it, or name the primary too; of several servers the one that accepts writes is used: postgres://user@one,two/name',
    },
    ja: {
      words: 'データベース {database} はスタンバイのため、書き込みを受け付けません。',
      hint: '昇格させるか、プライマリも指定してください。複数のサーバーを指定すると、書き込み可能なものが使われます: postgres://ユーザー@one,two/名前',
    },
  },
  DATABASE_LOGIN_REFUSED: {
    status: 500,
    en: {
      words: 'The database {database} refused the user name or the password.',
      hint: "Check both in the database address, and the server's pg_hba.conf.",
    },
    ja: {
      words: 'データベース {database} が、ユーザー名またはパスワードを拒否しました。',
      hint: 'データベースの指定にあるユーザー名とパスワード、およびサーバーの pg_hba.conf を確認してください。',
    },
  },
  DATABASE_MISSING: {
    status: 500,
    en: {
      words: 'PostgreSQL answers, but the database {database} does not exist.',
      hint: 'Create it first: createdb --owner=USER NAME',
    },
    ja: {
      words: 'PostgreSQL は応答していますが、データベース {database} は存在しません。',
      hint: '先に作成してください: createdb --owner=ユーザー 名前',
    },
  },
  DATABASE_RIGHTS_MISSING: {
    status: 500,
    en: {
      words: 'The database user of {database} lacks a right it needs.',
      hint: 'Make that user the owner of the database and of its schema.',
    },
    ja: {
      words: '{database} のデータベースユーザーに必要な権限がありません。',
      hint: 'そのユーザーをデータベースとスキーマの所有者にしてください。',
    },
  },
  DATABASE_BUSY: {
    status: 503,
    en: {
      words: 'The database {database} was too busy; nothing was changed.',
      hint: 'Try again in a moment; if it stays so, look for a stalled server process.',
    },
    ja: {
      words: 'データベース {database} が混み合っています。変更は行われていません。',
      hint: 'しばらくしてからもう一度実行してください。続く場合は、停止したままのサーバープロセスがないか確認してください。',
    },
  },
  DATABASE_BACKUP_FAILED: {
    status: 500,
    en: {
      words: 'The backup before the upgrade could not be written to {folder}; the database was not changed.',
      hint: 'Check space and rights of that folder, then start again.',
    },
    ja: {
      words:
        'アップグレード前のバックアップを {folder} に書き込めませんでした。データベースは変更されていません。',
      hint: 'フォルダーの空き容量と権限を確認して、もう一度起動してください。',
    },
  },
  MIGRATION_CHANGED: {
    status: 500,
    en: {
      words: 'Schema step {name} differs from the one that made the database {database}.',
      hint: 'Use the program as it was released; do not edit its migrations.',
    },
    ja: {
      words: 'スキーマの手順 {name} が、データベース {database} を作成したときのものと異なります。',
      hint: 'リリースされたままのプログラムを使い、マイグレーションを編集しないでください。',
    },
  },
  MIGRATION_FAILED: {
    status: 500,
    en: {
      words: 'Schema step {name} failed; the database {database} was left as it was before that step.',
      hint: 'Keep the log and the backup in {backups}, and run the earlier program until this is solved.',
    },
    ja: {
      words: 'スキーマの手順 {name} が失敗しました。データベース {database} はその手順の前の状態のままです。',
      hint: 'ログと {backups} のバックアップを保管し、解決するまで以前のプログラムを使ってください。',
    },
  },
  LEASE_LOST: {
    status: 409,
    en: {
      words: 'Another server process has taken over the duty {name}; nothing was changed.',
      hint: 'Nothing to do: the other process goes on.',
    },
    ja: {
      words: '担当 {name} は別のサーバープロセスに引き継がれました。変更は行われていません。',
      hint: '対処は不要です。もう一方のプロセスが処理を続けます。',
    },
  },
} as const satisfies ErrorTable;
