import type { ErrorTable } from './table.ts';

/** Refusals about names of hosts. */
export const namesErrors = {
  PEER_NAME_PENDING: {
    status: 403,
    en: {
      words: 'The name {name} is not mapped to the host {host}. The connection waits for an approval.',
      hint: 'An administrator sees it with sekisho mapping pending, and lets it pass with: sekisho mapping approve {name} --host {host}',
    },
    ja: {
      words: '名前 {name} はホスト {host} にマップされていません。接続には承認が必要です。',
      hint: '管理者は sekisho mapping pending で確認し、次のコマンドで承認できます: sekisho mapping approve {name} --host {host}',
    },
  },
  PEER_NAME_REJECTED: {
    status: 403,
    en: {
      words: 'An administrator rejected the name {name} for the host {host}.',
      hint: 'Use another name of that host. If the name is meant to be its own: sekisho mapping add {name} --host {host}',
    },
    ja: {
      words: '管理者が、ホスト {host} の名前 {name} を拒否しました。',
      hint: 'そのホストの別の名前を使ってください。このホストの名前として正しい場合: sekisho mapping add {name} --host {host}',
    },
  },
  PEER_NAME_UNANSWERED: {
    status: 503,
    en: {
      words:
        'The management server did not say whether the name {name} belongs to the host {host}, and no earlier answer may be used.',
      hint: 'Bring the connection to the management server back (sekisho agent status); without an answer no new connection is made.',
    },
    ja: {
      words:
        '名前 {name} がホスト {host} のものか管理サーバーに確認できず、使用できる以前の回答もありません。',
      hint: '管理サーバーへの接続を回復してください (sekisho agent status)。回答がない間、新しい接続は行われません。',
    },
  },
  NAMES_TOO_MANY: {
    status: 429,
    en: {
      words: 'Too many new names were brought up at once: the name {name} was not looked at.',
      hint: 'Try again in {retrySeconds} seconds. An administrator sees what waits with: sekisho mapping pending',
    },
    ja: {
      words: '新しい名前が一度に多すぎるため、名前 {name} は処理されませんでした。',
      hint: '{retrySeconds} 秒後にもう一度実行してください。管理者は承認待ちの名前を次のコマンドで確認できます: sekisho mapping pending',
    },
  },
  NAME_OF_OTHER_HOST: {
    status: 409,
    en: {
      words: 'The name {name} belongs to the host {owner}.',
      hint: 'Say what is to happen: --move takes it from that host, --share lets both go by it (a virtual name of a cluster).',
    },
    ja: {
      words: '名前 {name} はホスト {owner} のものです。',
      hint: '扱いを指定してください。--move はそのホストから移し、--share は両方のホストで共有します (クラスターの仮想名)。',
    },
  },
  NAME_IS_PRIMARY: {
    status: 409,
    en: {
      words: '{name} is the primary name of the host {owner}: it is neither moved nor shared nor deleted.',
      hint: 'Give the other host another name. If it is the same machine, make a reissue token: sekisho token create --name … --reissue {name}',
    },
    ja: {
      words: '{name} はホスト {owner} のプライマリ名のため、移動も共有も削除もできません。',
      hint: 'もう一方のホストには別の名前を使ってください。同じマシンの場合は、再発行トークンを作成してください: sekisho token create --name … --reissue {name}',
    },
  },
  NAME_OF_SEVERAL_HOSTS: {
    status: 409,
    en: {
      words: 'Several hosts go by the name {name}.',
      hint: 'Give the primary name or the ID of one of them: sekisho mapping list --name {name}',
    },
    ja: {
      words: '名前 {name} は複数のホストが共有しています。',
      hint: 'いずれかのホストのプライマリ名か ID を指定してください: sekisho mapping list --name {name}',
    },
  },
  NAME_OF_SERVER: {
    status: 409,
    en: {
      words: '{name} is an address of a management server: no host goes by it.',
      hint: 'Use another name for that host.',
    },
    ja: {
      words: '{name} は管理サーバーのアドレスのため、ホストの名前にはできません。',
      hint: 'そのホストには別の名前を使ってください。',
    },
  },
  NAME_NOT_PENDING: {
    status: 409,
    en: {
      words: 'The name {name} does not wait for a decision about the host {host}.',
      hint: 'Perhaps it was decided meanwhile. See what waits (sekisho mapping pending) and which names there are (sekisho mapping list).',
    },
    ja: {
      words: '名前 {name} とホスト {host} の組み合わせは、承認待ちではありません。',
      hint: 'すでに処理された可能性があります。承認待ちの名前 (sekisho mapping pending) と登録済みの名前 (sekisho mapping list) を確認してください。',
    },
  },
  NAME_ALREADY_REJECTED: {
    status: 409,
    en: {
      words: 'The name {name} was rejected for the host {host} by {by} at {at}.',
      hint: 'Agree with each other. To map it all the same: sekisho mapping add {name} --host {host}',
    },
    ja: {
      words: '名前 {name} とホスト {host} の組み合わせは、{by} が {at} に拒否しました。',
      hint: '担当者と確認してください。それでもマップする場合: sekisho mapping add {name} --host {host}',
    },
  },
} as const satisfies ErrorTable;
