import type { ErrorTable } from './table.ts';

/** Refusals and warnings about management server lists (F-10 … F-12). */
export const serverListErrors = {
  SERVER_LIST_UNKNOWN: {
    status: 404,
    en: {
      words: 'There is no management server list {given}.',
      hint: 'See which there are: sekisho server-list list',
    },
    ja: {
      words: '管理サーバーリスト {given} は存在しません。',
      hint: 'リストを確認してください: sekisho server-list list',
    },
  },
  SERVER_LIST_ADDRESS_INVALID: {
    status: 422,
    en: {
      words: '{address} is no address of a server: neither a DNS name nor an IP address.',
      hint: 'Write the address without the port and without https://, and the port by itself.',
    },
    ja: {
      words: '{address} はサーバーのアドレスではありません。DNS 名または IP アドレスを指定してください。',
      hint: 'アドレスにはポートや https:// を付けず、ポートは別に指定してください。',
    },
  },
  SERVER_LIST_SERVER_TWICE: {
    status: 422,
    en: {
      words: 'The list names {server} twice.',
      hint: 'Leave one of the two entries out.',
    },
    ja: {
      words: 'リストに {server} が 2 回あります。',
      hint: '一方のエントリーを取り除いてください。',
    },
  },
  SERVER_LIST_WITHOUT_HTTPS: {
    status: 422,
    en: {
      words:
        'The list {name} has no HTTPS entry: hosts that verify their management server cannot use any of it.',
      hint: 'Add an HTTPS entry (port 13000), or switch verification off for the groups that get the list first.',
    },
    ja: {
      words:
        'リスト {name} に HTTPS のエントリーがありません。管理サーバーを検証するホストは、どのエントリーも使用できません。',
      hint: 'HTTPS のエントリー (ポート 13000) を追加するか、先にこのリストを使うグループの検証をオフにしてください。',
    },
  },
  SERVER_LIST_HAS_HTTP: {
    status: 422,
    en: {
      words:
        'These entries are HTTP: {servers}. Hosts use them only while verification is off for their group.',
      hint: 'Take them out when they are no longer needed: sekisho server-list remove LIST SERVER',
    },
    ja: {
      words:
        'HTTP のエントリーがあります: {servers}。ホストがこれらを使用するのは、グループの検証がオフの間だけです。',
      hint: '不要になったら取り除いてください: sekisho server-list remove リスト サーバー',
    },
  },
  SERVER_LIST_SERVER_FOREIGN: {
    status: 422,
    en: {
      words: 'The entry {server} names the server ID {serverId}, which is not that of this domain.',
      hint: 'Agents refuse a server of another domain there. Was the list exported elsewhere?',
    },
    ja: {
      words: 'エントリー {server} のサーバー ID {serverId} は、このドメインのものではありません。',
      hint: 'エージェントは別のドメインのサーバーを拒否します。別の環境でエクスポートされたリストではないか確認してください。',
    },
  },
  SERVER_LIST_SERVER_UNKNOWN: {
    status: 422,
    en: {
      words: 'No server of this domain says that {server} is its address.',
      hint: 'That is right for a load balancer or another way to a server; otherwise correct the entry.',
    },
    ja: {
      words: '{server} を自分のアドレスとしているサーバーは、このドメインにありません。',
      hint: 'ロードバランサーや別経路のアドレスであれば問題ありません。そうでない場合は、エントリーを修正してください。',
    },
  },
  SERVER_LIST_UNREACHABLE: {
    status: 409,
    en: {
      words: 'No HTTPS server of the list {name} could be reached from this server: {detail}',
      hint: 'Correct the entries. If only the hosts reach these servers, confirm it with --accept-unreachable.',
    },
    ja: {
      words: 'リスト {name} の HTTPS サーバーには、このサーバーから 1 台も接続できませんでした: {detail}',
      hint: 'エントリーを修正してください。ホストからだけ接続できるサーバーであれば、--accept-unreachable を付けて確認してください。',
    },
  },
  SERVER_LIST_ENTRY_MISSING: {
    status: 404,
    en: {
      words: 'The list {name} has no entry {server}.',
      hint: 'Look at its entries: sekisho server-list show {name}',
    },
    ja: {
      words: 'リスト {name} にエントリー {server} はありません。',
      hint: 'エントリーを確認してください: sekisho server-list show {name}',
    },
  },
  SERVER_LIST_LAST_ENTRY: {
    status: 409,
    en: {
      words: '{server} is the only server of the list {name}.',
      hint: 'Add another server first, or delete the whole list: sekisho server-list delete {name}',
    },
    ja: {
      words: '{server} はリスト {name} の唯一のサーバーです。',
      hint: '先に別のサーバーを追加するか、リスト全体を削除してください: sekisho server-list delete {name}',
    },
  },
  SERVER_LIST_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'There is a management server list called {name} already.',
      hint: 'Choose another name, or change that list: sekisho server-list show {name}',
    },
    ja: {
      words: '{name} という名前の管理サーバーリストはすでにあります。',
      hint: '別の名前を指定するか、そのリストを変更してください: sekisho server-list show {name}',
    },
  },
  SERVER_LISTS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are already {limit} management server lists; that is the limit.',
      hint: 'Delete lists that are no longer used: sekisho server-list list',
    },
    ja: {
      words: '管理サーバーリストが上限の {limit} 件に達しています。',
      hint: '使わなくなったリストを削除してください: sekisho server-list list',
    },
  },
  SERVER_LIST_REVISION_CONFLICT: {
    status: 409,
    en: {
      words: 'The list was changed by somebody else: you edited revision {revision}, it is at {current}.',
      hint: 'Read the list again and repeat your change.',
    },
    ja: {
      words: 'リストは他の人が変更しました。編集していたのはリビジョン {revision}、現在は {current} です。',
      hint: 'リストを読み込み直してから、変更をやり直してください。',
    },
  },
  SERVER_LIST_DEFAULT: {
    status: 409,
    en: {
      words: 'The list {name} is the one that the servers fill themselves: it is not deleted or renamed.',
      hint: 'Make another list and assign that one: sekisho server-list copy {name} NAME',
    },
    ja: {
      words: 'リスト {name} はサーバー自身が管理するリストのため、削除や名前の変更はできません。',
      hint: '別のリストを作成して割り当ててください: sekisho server-list copy {name} 名前',
    },
  },
  SERVER_LIST_ASSIGNED: {
    status: 409,
    en: {
      words: 'The list {name} is assigned to {groups}.',
      hint: 'Assign another list to them first, or take it away: sekisho server-list unassign {name} GROUP',
    },
    ja: {
      words: 'リスト {name} は次のグループに割り当てられています: {groups}',
      hint: '先に別のリストを割り当てるか、割り当てを解除してください: sekisho server-list unassign {name} グループ',
    },
  },
  SERVER_LIST_NOT_ASSIGNED: {
    status: 409,
    en: {
      words: 'The list {name} is not assigned to the group {group} itself.',
      hint: 'See where the group has its list from: sekisho server-list show {name}',
    },
    ja: {
      words: 'リスト {name} はグループ {group} に直接割り当てられていません。',
      hint: 'リストの割り当て先を確認してください: sekisho server-list show {name}',
    },
  },
  SERVER_LIST_FILE_INVALID: {
    status: 422,
    en: {
      words: 'This file is no management server list: {detail}',
      hint: 'Take a file that sekisho server-list export made, and change nothing but names and entries.',
    },
    ja: {
      words: 'このファイルは管理サーバーリストではありません: {detail}',
      hint: 'sekisho server-list export で作成したファイルを使い、名前とエントリー以外は変更しないでください。',
    },
  },
  SERVER_LIST_FILE_FOREIGN: {
    status: 422,
    en: {
      words: 'The file was exported in another domain: {domain}.',
      hint: 'Check its server IDs and addresses: agents connect to servers of their own domain alone.',
    },
    ja: {
      words: 'このファイルは別のドメインでエクスポートされました: {domain}',
      hint: 'サーバー ID とアドレスを確認してください。エージェントは自分のドメインのサーバーにだけ接続します。',
    },
  },
} as const satisfies ErrorTable;
