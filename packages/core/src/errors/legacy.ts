import type { ErrorTable } from './table.ts';

/** Refusals about hosts that speak the plain protocol. */
export const legacyErrors = {
  INSECURE_COMMUNICATION_OFF: {
    status: 403,
    en: {
      words: 'Insecure communication with legacy hosts is off.',
      hint: 'Upgrade this host (sekisho agent upgrade). While it cannot be upgraded, an administrator can switch the setting on: sekisho security set --insecure-communication on',
    },
    ja: {
      words: 'レガシーホストとの安全でない通信はオフです。',
      hint: 'このホストをアップグレードしてください (sekisho agent upgrade)。アップグレードできない間は、管理者が次のコマンドで設定をオンにできます: sekisho security set --insecure-communication on',
    },
  },
  LEGACY_KEY_REFUSED: {
    status: 401,
    en: {
      words: 'No legacy host was let in under this name with this key.',
      hint: 'Check name and key in the configuration of the legacy agent. An administrator lets a host in, or gives it a new key, with: sekisho legacy add',
    },
    ja: {
      words: 'この名前とキーの組み合わせで許可されたレガシーホストはありません。',
      hint: 'レガシーエージェントの設定にある名前とキーを確認してください。管理者は次のコマンドでホストを許可し、新しいキーを渡せます: sekisho legacy add',
    },
  },
  LEGACY_HOST_REVOKED: {
    status: 403,
    en: {
      words: 'The certificates of {name} were revoked: it is not let in without one either.',
      hint: 'It comes back with a reissue token only: sekisho token create --name again --reissue {name}',
    },
    ja: {
      words: '{name} の証明書は失効しているため、証明書なしでの接続も許可されません。',
      hint: '再発行トークンでのみ復帰できます: sekisho token create --name again --reissue {name}',
    },
  },
  LEGACY_DOWNGRADE: {
    status: 403,
    en: {
      words:
        '{name} is not let in without a certificate: the host {host}, which goes by that name or address, has talked securely before.',
      hint: 'Start its current agent. If the machine really went back to a legacy version, an administrator resets what is remembered of it (sekisho host reset {host}), and lets it in again.',
    },
    ja: {
      words:
        '{name} は証明書なしでは許可されません。この名前またはアドレスを持つホスト {host} は、以前に安全な通信を行っています。',
      hint: '現行のエージェントを起動してください。マシンが本当に旧バージョンに戻った場合は、管理者がホストの属性をリセットし (sekisho host reset {host})、もう一度許可します。',
    },
  },
  LEGACY_KIND_OTHER: {
    status: 403,
    en: {
      words: '{name} was let in as something else.',
      hint: 'See what it was let in as with sekisho legacy list; remove it and add it again as what it is.',
    },
    ja: {
      words: '{name} は別の種類のレガシーホストとして許可されています。',
      hint: '許可した種類は sekisho legacy list で確認できます。削除してから、正しい種類で追加し直してください。',
    },
  },
  LEGACY_ADDRESS_OTHER: {
    status: 403,
    en: {
      words: '{name} was let in from another address than {address}.',
      hint: 'If its address changed: sekisho legacy add {name} --address {address}',
    },
    ja: {
      words: '{name} は {address} とは別のアドレスからの接続だけが許可されています。',
      hint: 'アドレスが変わった場合: sekisho legacy add {name} --address {address}',
    },
  },
  LEGACY_COLLECTOR_OTHER: {
    status: 403,
    en: {
      words: '{name} is not the reporting collector that the management server is configured for.',
      hint: 'Set the name as reportingCollector in server.json (or in OPS_CENTER_SERVER_NAME), and start the server again.',
    },
    ja: {
      words: '{name} は管理サーバーに設定されたレポートコレクターではありません。',
      hint: 'server.json の reportingCollector (または OPS_CENTER_SERVER_NAME) に名前を設定し、サーバーを再起動してください。',
    },
  },
  LEGACY_READ_NEEDS_GRANT: {
    status: 403,
    en: {
      words: 'What was backed up is not read over the plain protocol without a grant.',
      hint: 'An administrator grants it for some time: sekisho legacy grant',
    },
    ja: {
      words: 'バックアップされたデータは、許可なしに平文プロトコルで読み取ることはできません。',
      hint: '管理者は次のコマンドで期限付きの読み取りを許可できます: sekisho legacy grant',
    },
  },
  LEGACY_UNANSWERED: {
    status: 503,
    en: {
      words: 'The management server did not say whether this legacy host may come in.',
      hint: 'Bring the connection between the media server and the management server back (sekisho agent status); without an answer no legacy host is let in.',
    },
    ja: {
      words: 'このレガシーホストを許可してよいか、管理サーバーに確認できません。',
      hint: 'メディアサーバーと管理サーバーの間の接続を回復してください (sekisho agent status)。回答がない間、レガシーホストは許可されません。',
    },
  },
  LEGACY_HOST_IS_SECURE: {
    status: 409,
    en: {
      words: '{name} has talked securely: it is not let in without a certificate.',
      hint: 'Use its current agent. If the machine went back to a legacy version for good, reset what is remembered of it first: sekisho host reset {name}',
    },
    ja: {
      words: '{name} は安全な通信を行ったことがあるため、証明書なしでは許可できません。',
      hint: '現行のエージェントを使ってください。マシンを旧バージョンに戻した場合は、先に属性をリセットしてください: sekisho host reset {name}',
    },
  },
  LEGACY_ENDPOINT_NEEDED: {
    status: 400,
    en: {
      words: 'A legacy media server needs an address, and no other kind of legacy host has one.',
      hint: 'Write: sekisho legacy add {name} --media --endpoint ADDRESS:PORT',
    },
    ja: {
      words: 'レガシーメディアサーバーには接続先が必要です。他の種類のレガシーホストには指定できません。',
      hint: '接続先を指定してください: sekisho legacy add {name} --media --endpoint ADDRESS:PORT',
    },
  },
  LEGACY_HOSTS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are {limit} legacy hosts already.',
      hint: 'Upgrade some, or remove those that are gone: sekisho legacy remove',
    },
    ja: {
      words: 'レガシーホストは既に {limit} 台あります。',
      hint: 'アップグレードするか、不要なものを削除してください: sekisho legacy remove',
    },
  },
  LEGACY_FOLDER_UNREADABLE: {
    status: 400,
    en: {
      words: 'The configuration of a legacy agent cannot be read in {folder}.',
      hint: 'Give the absolute path of its folder (usually /var/lib/sekisho-legacy), as the user that it belongs to.',
    },
    ja: {
      words: '{folder} のレガシーエージェントの設定を読み取れません。',
      hint: 'フォルダーの絶対パス (通常は /var/lib/sekisho-legacy) を指定し、その所有者のユーザーで実行してください。',
    },
  },
  LEGACY_AGENT_STAYS: {
    status: 409,
    en: {
      words: 'The legacy agent (process {pid}) did not end. It goes on, and nothing was taken from it.',
      hint: 'Wait for its backup to end, or stop it (sekisho-legacy-agent stop), and run the upgrade again: the certificate is kept.',
    },
    ja: {
      words:
        'レガシーエージェント (プロセス {pid}) が終了しません。引き続き動作しており、設定は元のままです。',
      hint: 'バックアップの終了を待つか、停止してから (sekisho-legacy-agent stop)、アップグレードをもう一度実行してください。証明書は保持されます。',
    },
  },
  LEGACY_REPOSITORY_NONE: {
    status: 409,
    en: {
      words: 'The legacy host {name} has no repository yet: there is nothing that it could read.',
      hint: 'Its first backup makes one. Then grant again: sekisho legacy grant {name}',
    },
    ja: {
      words: 'レガシーホスト {name} にはまだリポジトリがなく、読み取れるものがありません。',
      hint: 'リポジトリは最初のバックアップで作成されます。その後でもう一度許可してください: sekisho legacy grant {name}',
    },
  },
  LEGACY_MESSAGE_INVALID: {
    status: 400,
    en: {
      words: 'The message is not one of the plain protocol: {detail}',
      hint: 'The protocol is described in docs/en/legacy-protocol.md.',
    },
    ja: {
      words: 'メッセージが平文プロトコルの形式ではありません: {detail}',
      hint: 'プロトコルは docs/ja/legacy-protocol.md に説明があります。',
    },
  },
} as const satisfies ErrorTable;
