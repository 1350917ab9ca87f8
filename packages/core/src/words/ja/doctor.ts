import type { Words } from '../en.ts';

/** `sekisho doctor` の所見: 説明と対処。問題がないものに対処はない。 */
export const doctor: Words['doctor'] = {
  checks: {
    node: 'Node',
    clock: '時計',
    folder: 'データフォルダー',
    disk: 'ディスク',
    settings: '設定',
    key: '鍵暗号化鍵',
    database: 'データベース',
    backup: 'データベースのバックアップ',
    ports: 'ポート',
    dns: 'DNS',
    certificates: '証明書',
    server: '管理サーバー',
    restic: 'restic',
    mail: 'メール',
    lists: '失効リスト',
    risk: 'リスク',
  },
  states: { ok: '正常', notice: '参考', warning: '警告', fault: '障害' },
  title: { server: '管理サーバー: {folder}', agent: 'エージェント: {folder}', machine: 'このマシン' },
  mend: '対処',
  summary: '障害 {faults} 件、警告 {warnings} 件、参考 {notices} 件、正常 {oks} 件。',
  findings: {
    nodeOk: { words: 'Node {version} です。', mend: '' },
    nodeOld: {
      words: 'Node {version} は古すぎます。',
      mend: 'Node {needed} 以降で sekisho を実行してください。',
    },
    clockOk: { words: '時計は {with} と一致しています。', mend: '' },
    clockSteady: { words: '時計は安定して進んでいます。', mend: '' },
    clockJumped: {
      words: '確認している間に時計が {seconds} 秒変更されました。',
      mend: '時刻合わせは 1 つのサービスだけに任せてください: timedatectl status',
    },
    clockDiffers: {
      words: '時計が {with} と {seconds} 秒ずれています。',
      mend: '時計を合わせてください: timedatectl set-ntp true',
    },
    clockBefore: {
      words: '時計 ({now}) が、サーバー自身の証明書の開始 ({begins}) より前です。',
      mend: '時計を合わせてください: timedatectl set-ntp true',
    },
    folderOk: { words: '{folder} は所有者だけが使えます。', mend: '' },
    folderMissing: {
      words: 'フォルダー {folder} がありません。',
      mend: '正しい場所を指定してください: sekisho doctor --server-data DIR または --agent-data DIR',
    },
    folderOpen: {
      words: '{path} に他の人が入れるか、読み取れます (モード {mode})。',
      mend: 'chmod go= {path}',
    },
    folderForbidden: {
      words: '{path} を確認できません ({reason})。',
      mend: 'フォルダーの所有者または root として実行してください: sudo sekisho doctor',
    },
    diskOk: { words: '空き容量 {free}。書き込みと fsync ができます。', mend: '' },
    diskLow: {
      words: '{folder} のディスクの空きは {free} だけです。',
      mend: 'いっぱいになる前に空きを作るか、ディスクを大きくしてください: df -h {folder}',
    },
    diskFull: {
      words: '{folder} のディスクの空きは {free} だけです。少なくとも {needed} が必要です。',
      mend: 'すぐに空きを作ってください: df -h {folder}',
    },
    diskInodes: {
      words: '{folder} のディスクには、あと {left} 個のファイルしか置けません。',
      mend: '小さなファイルを削除するか、ファイルシステムを作り直してください: df -i {folder}',
    },
    diskUnwritable: {
      words: '{folder} に書き込めません ({reason})。',
      mend: 'ディスク、マウント、所有者を確認してください: df -h {folder}; findmnt -T {folder}',
    },
    settingsOk: { words: 'すべての設定は有効です。', mend: '' },
    keyOk: { words: '鍵暗号化鍵があり、所有者だけが読み取れます。', mend: '' },
    databaseOk: { words: '{place} ({version}) は正常です。スキーマは {schema} です。', mend: '' },
    keyDamaged: {
      words: '{role}またはその秘密鍵が破損しています。',
      mend: '鍵を置き換えるのではなく、最後のバックアップを戻してください: docs/ja/back-up-the-server.md (ホストには影響しません)',
    },
    databaseDamaged: {
      words: 'データベース {place} は破損しています: {detail}',
      mend: 'サーバーを停止し、最後のバックアップを戻してください: docs/ja/back-up-the-server.md',
    },
    databaseSilent: {
      words: 'データベース {place} が応答しません: {detail}',
      mend: '動作しているか、到達できるかを確認してください: sekisho db status',
    },
    databaseNewer: {
      words: 'データベースのスキーマは {schema} ですが、このプログラムが扱えるのは {known} までです。',
      mend: '新しいバージョンのプログラムを使ってください。',
    },
    databaseOlder: {
      words:
        'データベースのスキーマは {schema} です。次の起動時に、バックアップの後で {known} へ更新されます。',
      mend: '今することはありません。準備ができたらサーバーを起動してください。',
    },
    journalLarge: {
      words: 'データベースのジャーナルが {size} あります。',
      mend: 'ファイルを開いたままのプログラムを探し、その後サーバーを再起動してください。',
    },
    backupOk: { words: 'データベースの最新のバックアップは {hours} 時間前のものです。', mend: '' },
    backupNone: {
      words: '自動バックアップのフォルダーに、このデータベースのバックアップがありません。',
      mend: 'sekisho db backup',
    },
    backupOld: {
      words: 'データベースの最新のバックアップは {days} 日前のものです。',
      mend: 'sekisho db backup',
    },
    backupBeside: {
      words: 'データベースのバックアップが、データベースと同じディスクにあります。',
      mend: '設定 backups.folder に別のディスクのフォルダーを指定してください。',
    },
    portServed: { words: 'ポート {port} ({what}) が応答します。', mend: '' },
    portFree: { words: 'ポート {port} ({what}) は空いています。', mend: '' },
    portTaken: {
      words: 'ポート {port} ({what}) は {by} が使用中です。',
      mend: 'そのプログラムを停止するか、別のポートを選んでください: sekisho server run {flag} ポート',
    },
    portUnreachable: {
      words: 'サーバーは動作していますが、ポート {port} ({what}) が応答しません ({reason})。',
      mend: 'このマシンのファイアウォールを確認し、サーバーを再起動してください。',
    },
    dnsOk: { words: '{name} は {addresses} です。', mend: '' },
    dnsNone: {
      words: '{name} のアドレスが DNS にありません。エージェントはこの名前でサーバーに到達できません。',
      mend: '{name} のアドレスレコードを追加するか、設定 addresses から名前を外してください。',
    },
    dnsElsewhere: {
      words: '{name} は {addresses} ですが、このマシンのアドレスではありません。',
      mend: 'ロードバランサーや NAT の内側なら問題ありません。そうでなければレコードを修正してください。',
    },
    dnsNoReverse: {
      words: 'アドレス {address} の名前が DNS にありません。',
      mend: 'セキュリティの設定が正引きレコードを求める場合は、PTR レコードを追加してください。',
    },
    certificateOk: { words: '{role}: 残り {days} 日です。', mend: '' },
    certificateSoon: {
      words: '{role}: 残り {days} 日だけです。',
      mend: 'エージェントはサーバーに届く間、自動で更新します: sekisho agent renew。サーバーについては docs/ja/operate.md を参照してください。',
    },
    certificateExpired: {
      words: '{role}: {date} に期限が切れました。',
      mend: 'ホストの場合: 再発行トークンで sekisho agent setup --reissue。サーバーについては docs/ja/operate.md を参照してください。',
    },
    certificateUnsigned: {
      words: '{role}: このドメインのどの CA も署名していません。',
      mend: 'データベースの最後のバックアップを戻してください: docs/ja/back-up-the-server.md',
    },
    certificateNames: {
      words: 'サーバーの証明書に {name} がありません。この名前で接続するエージェントはサーバーを拒否します。',
      mend: '証明書に入るまで、設定 addresses からこの名前を外してください。',
    },
    serverReachable: { words: '{server} が応答します。', mend: '' },
    serverUnreachable: {
      words: '{server} に到達できません ({reason})。',
      mend: '名前、ファイアウォール、サーバーの動作を確認してください: sekisho server status',
    },
    resticOk: { words: '{path}、バージョン {version} です。', mend: '' },
    mailMissing: {
      words: 'メールが設定されていません。問題が起きてもメールでは知らされません。',
      mend: 'このバージョンはまだメールを送りません。当面はメトリクスを監視してください: docs/ja/operate.md',
    },
    crlOk: { words: '失効リスト: {count} 件。最も古いものは {hours} 時間前のものです。', mend: '' },
    crlLate: {
      words: '失効リスト {number} が予定どおりに更新されていません。期限は {ends} です。',
      mend: 'サーバーのログを確認してください。ルートのリストには鍵が必要です: sekisho server attach-root',
    },
    crlStale: {
      words:
        '失効リスト {number} は {ends} に期限が切れました。セキュリティレベルが [最高] のホストは互いに拒否します。',
      mend: 'サーバーを起動し、ログを確認してください。ルートのリストには鍵が必要です: sekisho server attach-root',
    },
    riskNone: { words: '設定にリスクは見つかりませんでした。', mend: '' },
    riskMedium: {
      words:
        'セキュリティレベルが [中] で、正引きレコードも求めていません。どのホストも、空いている名前で証明書を得られます。',
      mend: 'sekisho security set --level high',
    },
    riskLegacy: {
      words: 'レガシーホストとの安全でない通信がオンです。まだ必要としているホスト: {hosts}',
      mend: 'アップグレードしてから (sekisho agent upgrade)、次を実行してください: sekisho security set --insecure-communication off',
    },
    riskUnverified: {
      words: '{groups} のエージェントが証明書でこのサーバーを検証していません (最長 {until} まで)。',
      mend: '理由がなくなったら次を実行してください: sekisho verification on GROUP',
    },
    riskLegacyNobody: {
      words: 'レガシーホストとの安全でない通信がオンですが、必要としているホストはありません。',
      mend: 'sekisho security set --insecure-communication off',
    },
    clusterMixed: {
      words:
        'クラスター {cluster} は混在しています。ノード {node} はレガシーホストですが、ほかのノードは更新済みです。',
      mend: 'すべてのノードを一緒に更新してください: sekisho cluster show {cluster}',
    },
    riskRootAttached: {
      words: 'ルート CA の鍵がこのサーバーにあります。',
      mend: 'sekisho server detach-root --out root.key を実行し、ファイルを別の場所に保管してください',
    },
    riskAdministrators: {
      words: 'サインインできる管理者は {count} 人です。1 人が不在でも困らないよう、2 人以上にしてください。',
      mend: 'sekisho admin create --help',
    },
    riskListensEverywhere: {
      words: 'サーバーはこのマシンのすべてのアドレスで待ち受けます。',
      mend: '設定 listen にエージェントと管理者が使うアドレスを指定するか、ファイアウォールで制限してください。',
    },
    riskMetricsOpen: {
      words: 'メトリクスがサインインなしで {listen} に公開されています。',
      mend: '信頼できるネットワークのアドレスを使うか、metrics.listen を外して API キーを使ってください。',
    },
    nothingHere: {
      words: '通常のフォルダーには管理サーバーもエージェントも見つかりませんでした。',
      mend: 'フォルダーを指定してください: sekisho doctor --server-data DIR または --agent-data DIR',
    },
  },
};
