import type { ErrorTable } from './table.ts';

/** Refusals of the trust part. */
export const trustErrors = {
  TOKEN_REQUIRED: {
    status: 401,
    en: {
      words: 'An authorization token is needed to certify {name} (security level {level}).',
      hint: 'Ask an administrator for one (sekisho token create --name …), or to register the host beforehand (sekisho host register).',
    },
    ja: {
      words: '{name} の証明書の発行には認証トークンが必要です (セキュリティレベル: {level})。',
      hint: '管理者にトークンの作成 (sekisho token create --name …) か、ホストの事前登録 (sekisho host register) を依頼してください。',
    },
  },
  TOKEN_REFUSED: {
    status: 401,
    en: {
      words: 'The authorization token was refused.',
      hint: 'Check that it was copied whole and is meant for this host; an administrator sees the reason in the audit log and can make another.',
    },
    ja: {
      words: '認証トークンは拒否されました。',
      hint: 'トークン全体が正しく入力され、このホスト用であることを確認してください。理由は管理者が監査ログで確認でき、新しいトークンを作成できます。',
    },
  },
  REISSUE_TOKEN_REQUIRED: {
    status: 401,
    en: {
      words: '{name} already has a host ID: a reissue token is needed for a new certificate.',
      hint: 'Ask an administrator: sekisho token create --name … --reissue {name}. If this is another machine, give it another name.',
    },
    ja: {
      words: '{name} には既にホスト ID があります。新しい証明書には再発行トークンが必要です。',
      hint: '管理者に依頼してください: sekisho token create --name … --reissue {name}。別のマシンの場合は、別の名前を付けてください。',
    },
  },
  HOST_NAME_INVALID: {
    status: 400,
    en: {
      words: '{name} is not a valid host name or address.',
      hint: 'Use a DNS name of letters, digits and hyphens (IDNA names in their xn-- form) or an IP address; no wildcard.',
    },
    ja: {
      words: '{name} は有効なホスト名またはアドレスではありません。',
      hint: '英数字とハイフンからなる DNS 名 (国際化ドメイン名は xn-- 形式) か IP アドレスを指定してください。ワイルドカードは使えません。',
    },
  },
  HOST_NAME_RESERVED: {
    status: 409,
    en: {
      words: 'The name {name} is reserved.',
      hint: "Use a name that is this host's alone: not a loopback or link-local one, and not one registered for another host.",
    },
    ja: {
      words: '名前 {name} は予約されています。',
      hint: 'このホスト固有の名前を使ってください。ループバックやリンクローカルの名前、他のホスト用に登録された名前は使えません。',
    },
  },
  HOST_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'The name {name} is mapped to another host ID.',
      hint: 'Choose another name. If it is the same machine, ask an administrator for a reissue token.',
    },
    ja: {
      words: '名前 {name} は別のホスト ID にマップされています。',
      hint: '別の名前を選んでください。同じマシンの場合は、管理者に再発行トークンを依頼してください。',
    },
  },
  HOST_NAMES_TOO_MANY: {
    status: 400,
    en: {
      words: 'A request may carry at most {limit} names.',
      hint: 'Leave out the names that nobody dials.',
    },
    ja: {
      words: '要求に含められる名前は {limit} 個までです。',
      hint: '接続に使わない名前を除いてください。',
    },
  },
  RENEWAL_NAMES_DIFFER: {
    status: 400,
    en: {
      words: 'The renewal names another subject or other alternative names than the certificate of {name}.',
      hint: 'Copy both from the current certificate, or leave both empty; the server adds approved names itself.',
    },
    ja: {
      words: '更新要求のサブジェクトまたは別名が、{name} の現在の証明書と異なります。',
      hint: '現在の証明書と同じにするか、両方とも空にしてください。承認済みの名前はサーバーが追加します。',
    },
  },
  MEDIA_NOT_APPROVED: {
    status: 403,
    en: {
      words: '{name} may not become a media server.',
      hint: 'Ask an administrator for a token with --media, or to switch the role on: sekisho host media.',
    },
    ja: {
      words: '{name} はメディアサーバーになることを承認されていません。',
      hint: '管理者に --media 付きのトークンか、役割の有効化 (sekisho host media) を依頼してください。',
    },
  },
  MEDIA_NEEDS_TOKEN: {
    status: 409,
    en: {
      words: '{name} is a media server: automatic reissue is not possible for it.',
      hint: 'Make a reissue token instead: sekisho token create --name … --reissue {name}.',
    },
    ja: {
      words: '{name} はメディアサーバーのため、自動再発行を許可できません。',
      hint: '代わりに再発行トークンを作成してください: sekisho token create --name … --reissue {name}',
    },
  },
  CLOCK_SKEW: {
    status: 400,
    en: {
      words:
        "The clocks differ by {skewSeconds} seconds; at most {limitSeconds} are accepted. The server's time is {serverTime}.",
      hint: 'Correct the clock of this host, then try again.',
    },
    ja: {
      words:
        '時計が {skewSeconds} 秒ずれています (上限 {limitSeconds} 秒)。サーバーの時刻は {serverTime} です。',
      hint: 'このホストの時計を合わせてから、もう一度実行してください。',
    },
  },
  PEER_CERTIFICATE_REQUIRED: {
    status: 401,
    en: {
      words: 'This needs a host certificate, and none was presented.',
      hint: "Connect with the host's certificate and key; a host without one enrols first (sekisho agent setup).",
    },
    ja: {
      words: 'ホスト証明書が必要ですが、提示されませんでした。',
      hint: 'ホストの証明書と鍵で接続してください。証明書がないホストは先に配備してください (sekisho agent setup)。',
    },
  },
  PEER_CERTIFICATE_UNKNOWN: {
    status: 401,
    en: {
      words: "The certificate {fingerprint} is not in this server's registry.",
      hint: 'Enrol again with a reissue token.',
    },
    ja: {
      words: '証明書 {fingerprint} はこのサーバーに登録されていません。',
      hint: '再発行トークンでもう一度証明書を配備してください。',
    },
  },
  CERTIFICATE_REVOKED: {
    status: 403,
    en: {
      words: 'The certificate of this host was revoked.',
      hint: 'Ask an administrator for a reissue token, then run: sekisho agent setup --reissue --token-file …',
    },
    ja: {
      words: 'このホストの証明書は取り消されています。',
      hint: '管理者に再発行トークンを依頼し、sekisho agent setup --reissue --token-file … を実行してください。',
    },
  },
  SERVER_NOT_REVOKED: {
    status: 409,
    en: {
      words:
        "The management server's own certificates are not revoked: every host would be cut off its server.",
      hint: 'The server replaces its certificates by itself. If its keys were stolen, stop it, take it off the network, start a new domain elsewhere, and enrol the hosts there with the new CA fingerprint.',
    },
    ja: {
      words: '管理サーバー自身の証明書は失効できません。すべてのホストがサーバーから切り離されてしまいます。',
      hint: '証明書はサーバーが自ら交換します。鍵が盗まれた場合は、サーバーを停止してネットワークから外し、別のマシンで新しいドメインを作成して、新しい CA 指紋でホストを登録し直してください。',
    },
  },
  HOST_IS_MANAGEMENT_SERVER: {
    status: 409,
    en: {
      words: "This is the management server's own host.",
      hint: 'Its certificates are renewed and replaced by the server itself.',
    },
    ja: {
      words: 'これは管理サーバー自身のホストです。',
      hint: 'その証明書の更新と交換はサーバー自身が行います。',
    },
  },
  REISSUE_FOR_REVOKED: {
    status: 409,
    en: {
      words: 'The certificate of {name} was revoked: automatic reissue never applies to it.',
      hint: 'Make a reissue token: sekisho token create --name … --reissue {name}.',
    },
    ja: {
      words: '{name} の証明書は失効しているため、自動再発行は適用できません。',
      hint: '再発行トークンを作成してください: sekisho token create --name … --reissue {name}',
    },
  },
  REISSUE_TOKEN_LIMITS: {
    status: 400,
    en: {
      words: 'A reissue token has one use and is valid for at most 24 hours.',
      hint: 'Leave out --uses, and give --valid 24h or less.',
    },
    ja: {
      words: '再発行トークンの使用回数は 1 回、有効期間は最長 24 時間です。',
      hint: '--uses を指定せず、--valid を 24h 以下にしてください。',
    },
  },
  HOST_NOT_FOUND: {
    status: 404,
    en: {
      words: 'No host has the primary name {name}.',
      hint: 'List the hosts (sekisho host list); a reissue token takes the primary name only.',
    },
    ja: {
      words: 'プライマリ名が {name} のホストはありません。',
      hint: 'ホストの一覧 (sekisho host list) を確認してください。再発行トークンにはプライマリ名を指定します。',
    },
  },
  CSV_INVALID: {
    status: 400,
    en: {
      words: 'The list was not imported. Lines with a fault: {count} (the first: {lines}).',
      hint: 'Give a header line with the column name and one host name a line; correct these lines and import again.',
    },
    ja: {
      words: '一覧は取り込まれませんでした。誤りのある行: {count} 行 (最初の行番号: {lines})。',
      hint: '1 行目に列名 name、以降に 1 行 1 ホスト名を書いてください。該当行を修正して、もう一度取り込んでください。',
    },
  },
  CSV_HEADER_MISSING: {
    status: 400,
    en: {
      words: 'The first line of the list has no column called name.',
      hint: 'Begin the file with the line: name',
    },
    ja: {
      words: '一覧の 1 行目に name という列がありません。',
      hint: 'ファイルの先頭行を name にしてください。',
    },
  },
  CSV_TOO_LONG: {
    status: 413,
    en: {
      words: 'The list has more than {limit} lines.',
      hint: 'Split the file and import it in parts.',
    },
    ja: {
      words: '一覧が {limit} 行を超えています。',
      hint: 'ファイルを分割して取り込んでください。',
    },
  },
  ISSUANCE_WITHDRAWN: {
    status: 409,
    en: {
      words: 'The request was withdrawn while it was being signed: the host was revoked.',
      hint: 'Ask an administrator.',
    },
    ja: {
      words: '署名中に要求が取り下げられました。ホストが失効しています。',
      hint: '管理者に問い合わせてください。',
    },
  },
  DATA_FOLDER_TAKEN: {
    status: 409,
    en: {
      words: 'The folder {folder} is not empty or already holds a management server.',
      hint: 'Choose another folder, or start what is there: sekisho server run --data {folder}.',
    },
    ja: {
      words: 'フォルダー {folder} は空でないか、既に管理サーバーが入っています。',
      hint: '別のフォルダーを選ぶか、既存のものを起動してください: sekisho server run --data {folder}',
    },
  },
  DATA_FOLDER_UNUSABLE: {
    status: 500,
    en: {
      words: 'The folder {folder} cannot be used: {detail}.',
      hint: 'Check that it exists, belongs to this user and can be written.',
    },
    ja: {
      words: 'フォルダー {folder} を使用できません: {detail}',
      hint: 'フォルダーの存在、所有者、書き込み権限を確認してください。',
    },
  },
  SERVER_NOT_INITIALISED: {
    status: 404,
    en: {
      words: 'There is no management server in {folder}.',
      hint: 'If it lies elsewhere, name its folder: --data DIR, or SEKISHO_DATA. To create one: sekisho server init --data {folder} --name NAME',
    },
    ja: {
      words: '{folder} に管理サーバーがありません。',
      hint: '別の場所にある場合は、--data DIR または SEKISHO_DATA でフォルダーを指定してください。新しく作成する場合: sekisho server init --data {folder} --name 名前',
    },
  },
  DATABASE_TAKEN: {
    status: 409,
    en: {
      words: 'The database already holds the domain {name}.',
      hint: 'Give an empty database; to add a server process to that domain, copy server.json and the key-encryption key (docs: database).',
    },
    ja: {
      words: 'データベースには既にドメイン {name} があります。',
      hint: '空のデータベースを指定してください。そのドメインにサーバープロセスを追加するには、server.json と鍵暗号化鍵をコピーします (ドキュメント: データベース)。',
    },
  },
  DATABASE_EMPTY: {
    status: 409,
    en: {
      words: 'The database holds no domain.',
      hint: 'It may be the wrong one: check the key database in server.json.',
    },
    ja: {
      words: 'データベースにドメインがありません。',
      hint: '接続先が正しいか、server.json の database を確認してください。',
    },
  },
  CONFIG_INVALID: {
    status: 400,
    en: {
      words: 'The configuration is not valid: {detail}',
      hint: 'Correct the named keys in {file}, the environment or the flags.',
    },
    ja: {
      words: '設定が正しくありません: {detail}',
      hint: '{file}、環境変数、またはフラグの該当するキーを修正してください。',
    },
  },
  KEK_MISSING: {
    status: 500,
    en: {
      words: 'The key-encryption key {path} is not there.',
      hint: 'Put the file back, or name it with SEKISHO_KEK_FILE; without it the CA keys cannot be opened.',
    },
    ja: {
      words: '鍵暗号化鍵 {path} がありません。',
      hint: 'ファイルを元に戻すか、SEKISHO_KEK_FILE で指定してください。これがないと CA の鍵を開けません。',
    },
  },
  KEK_INVALID: {
    status: 500,
    en: {
      words: 'The key-encryption key {path} is not valid: it must be 32 bytes.',
      hint: 'Restore it from your copy.',
    },
    ja: {
      words: '鍵暗号化鍵 {path} が正しくありません。32 バイトである必要があります。',
      hint: '控えから復元してください。',
    },
  },
  KEK_EXPOSED: {
    status: 500,
    en: {
      words: 'Others than its owner can read the key-encryption key {path}.',
      hint: 'Run: chmod 600 {path} — and think about who could have read it.',
    },
    ja: {
      words: '鍵暗号化鍵 {path} を所有者以外が読めます。',
      hint: 'chmod 600 {path} を実行し、誰が読めたかを確認してください。',
    },
  },
  KEY_DETACHED: {
    status: 409,
    en: {
      words: 'The private key of the {role} is not on this server.',
      hint: 'Bring the root back for this act: sekisho server attach-root --in FILE',
    },
    ja: {
      words: '{role}の秘密鍵はこのサーバーにありません。',
      hint: 'この操作の間、ルート鍵を戻してください: sekisho server attach-root --in FILE',
    },
  },
  ROOT_ATTACHED_ALREADY: {
    status: 409,
    en: {
      words: 'The root key is on this server already.',
      hint: 'Nothing needs to be brought back.',
    },
    ja: { words: 'ルート鍵はすでにこのサーバーにあります。', hint: '戻す必要はありません。' },
  },
  ROOT_PACKAGE_DAMAGED: {
    status: 422,
    en: {
      words: 'The file is no root key package, or it is damaged.',
      hint: 'Take another copy of the file that was written when the root was detached.',
    },
    ja: {
      words: 'このファイルはルート鍵のパッケージではないか、破損しています。',
      hint: 'ルート鍵を切り離したときに保存したファイルの別のコピーを使ってください。',
    },
  },
  ROOT_PACKAGE_OTHER: {
    status: 422,
    en: {
      words: 'The package holds the root key of another domain or generation.',
      hint: 'This domain needs the package of the root with the CA fingerprint {fingerprint}.',
    },
    ja: {
      words: 'このパッケージは別のドメインまたは世代のルート鍵です。',
      hint: 'このドメインには CA 指紋 {fingerprint} のルート鍵のパッケージが必要です。',
    },
  },
  PASSPHRASE_WRONG: {
    status: 403,
    en: {
      words: 'The passphrase does not open this package.',
      hint: 'Check the keyboard layout and try again; the file itself is intact.',
    },
    ja: {
      words: 'このパスフレーズではパッケージを開けません。',
      hint: 'キーボードの配列を確認して、もう一度入力してください。ファイル自体は破損していません。',
    },
  },
} as const satisfies ErrorTable;
