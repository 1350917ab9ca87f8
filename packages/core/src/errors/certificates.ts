import type { ErrorTable } from './table.ts';

/** Refusals about the life of certificates: drills, manual deployment, export, clusters. */
export const certificateErrors = {
  DRILL_NOBODY: {
    status: 409,
    en: {
      words: 'No host has a certificate that could be renewed.',
      hint: 'See the hosts and their certificates: sekisho host list',
    },
    ja: {
      words: '更新できる証明書を持つホストがありません。',
      hint: 'ホストと証明書の一覧: sekisho host list',
    },
  },
  DRILL_SHARE_INVALID: {
    status: 400,
    en: {
      words: '"{given}" is no share between 0 and 100 percent.',
      hint: 'For example: --share 5%',
    },
    ja: {
      words: '「{given}」は 0 より大きく 100 以下のパーセントではありません。',
      hint: '例: --share 5%',
    },
  },
  DRILL_CANCELLED: {
    status: 409,
    en: {
      words: 'The drill was cancelled. Hosts that had not renewed yet keep their certificates.',
      hint: 'Start another one when you like: sekisho cert drill --share 5%',
    },
    ja: {
      words: '訓練はキャンセルされました。まだ更新していなかったホストの証明書はそのままです。',
      hint: '必要になったらもう一度開始してください: sekisho cert drill --share 5%',
    },
  },
  DRILL_TOO_LARGE: {
    status: 422,
    en: {
      words: 'That share is {count} hosts; a drill takes at most {limit}.',
      hint: 'Choose a smaller share, and run several drills one after the other.',
    },
    ja: {
      words: '指定した割合は {count} 台に相当しますが、一度の訓練の上限は {limit} 台です。',
      hint: '割合を小さくして、数回に分けて実行してください。',
    },
  },
  DRILL_HOST_WITHOUT_CERTIFICATE: {
    status: 409,
    en: {
      words: '{host} has no valid certificate, so there is nothing to renew.',
      hint: 'Leave it out. An expired or revoked host comes back with a reissue token: sekisho token create --name … --reissue {host}',
    },
    ja: {
      words: '{host} には有効な証明書がないため、更新できません。',
      hint: 'このホストを外してください。期限切れまたは取り消し済みのホストは再発行トークンで戻せます: sekisho token create --name … --reissue {host}',
    },
  },
  CERTIFICATE_CA_RETIRED: {
    status: 403,
    en: {
      words:
        'The certificate of this host was issued by a CA that has left the domain. It opens nothing but its own renewal.',
      hint: 'The agent renews by itself. See how it is: sekisho agent status',
    },
    ja: {
      words:
        'このホストの証明書は、すでにドメインから外れた CA が発行したものです。証明書の更新にしか使えません。',
      hint: 'エージェントが自動で更新します。状態を確認してください: sekisho agent status',
    },
  },
  CLUSTER_EXISTS: {
    status: 409,
    en: {
      words: 'There is a cluster {name} already.',
      hint: 'See it: sekisho cluster show {name}. To add a node: sekisho cluster add-node {name} NODE',
    },
    ja: {
      words: 'クラスター {name} は既に存在します。',
      hint: '内容の確認: sekisho cluster show {name}。ノードの追加: sekisho cluster add-node {name} NODE',
    },
  },
  CLUSTERS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are {limit} clusters already; there cannot be more.',
      hint: 'Delete those that are gone: sekisho cluster list',
    },
    ja: {
      words: 'クラスターは既に上限の {limit} 個あります。',
      hint: '使われていないものを削除してください: sekisho cluster list',
    },
  },
  CLUSTER_NODES_TOO_MANY: {
    status: 409,
    en: {
      words: 'A cluster has at most {limit} nodes.',
      hint: 'Remove a node that is gone: sekisho cluster remove-node NAME NODE',
    },
    ja: {
      words: 'クラスターのノードは {limit} 個までです。',
      hint: '使われていないノードを削除してください: sekisho cluster remove-node NAME NODE',
    },
  },
  CLUSTER_NAME_OF_HOST: {
    status: 409,
    en: {
      words: 'A virtual name belongs to no single host, and {name} is the name of one.',
      hint: 'Give the cluster the name that moves between its nodes, and name the nodes by their own names.',
    },
    ja: {
      words: '仮想名は特定のホストの名前であってはなりませんが、{name} はホストの名前です。',
      hint: 'ノード間で引き継がれる名前をクラスターの名前にし、ノードはそれぞれの名前で指定してください。',
    },
  },
  CLUSTER_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'The name {name} belongs to {owner}, which is no node of the cluster.',
      hint: 'Take it from there first (sekisho mapping delete {name} --host {owner}), or name {owner} as a node.',
    },
    ja: {
      words: '名前 {name} は、クラスターのノードではない {owner} のものです。',
      hint: '先にその名前を外すか (sekisho mapping delete {name} --host {owner})、{owner} をノードに加えてください。',
    },
  },
  EXPORT_NOTHING: {
    status: 409,
    en: {
      words: 'The agent in {folder} has no certificate that could be exported.',
      hint: 'See its state: sekisho agent status',
    },
    ja: {
      words: '{folder} のエージェントには、エクスポートできる証明書がありません。',
      hint: '状態の確認: sekisho agent status',
    },
  },
  EXPORT_DAMAGED: {
    status: 400,
    en: {
      words: 'This is no exported host identity, or the file is damaged.',
      hint: 'Take the file that sekisho cert export wrote. If there is no other copy, a reissue token brings the host back.',
    },
    ja: {
      words: 'エクスポートされたホストの証明書ではないか、ファイルが壊れています。',
      hint: 'sekisho cert export が作成したファイルを指定してください。ほかに控えがない場合は、再発行トークンでホストを戻せます。',
    },
  },
  EXPORT_OTHER_DOMAIN: {
    status: 409,
    en: {
      words: 'The identity in the file is of another domain than the one that this host trusts.',
      hint: 'To change the domain of a host, remove the agent first: sekisho agent uninstall',
    },
    ja: {
      words: 'ファイル内の証明書は、このホストが信頼しているドメインとは別のドメインのものです。',
      hint: 'ホストのドメインを変えるには、先にエージェントを削除してください: sekisho agent uninstall',
    },
  },
  AGENT_DOES_NOT_STOP: {
    status: 409,
    en: {
      words: 'The agent in {folder} does not stop. Nothing was removed.',
      hint: 'Stop its service (systemctl stop sekisho-agent) and run this again.',
    },
    ja: {
      words: '{folder} のエージェントが停止しません。何も削除していません。',
      hint: 'サービスを停止してから (systemctl stop sekisho-agent) もう一度実行してください。',
    },
  },
  MANUAL_ANSWER_UNREADABLE: {
    status: 400,
    en: {
      words: 'This is not an answer to a certificate request, or it is damaged ({detail}).',
      hint: 'Take the file that sekisho cert sign wrote, whole and unchanged.',
    },
    ja: {
      words: 'このファイルは証明書要求への応答ではないか、壊れています ({detail})。',
      hint: 'sekisho cert sign が作成したファイルを、そのままの状態で指定してください。',
    },
  },
  MANUAL_CA_MISMATCH: {
    status: 403,
    en: {
      words:
        'The CA in the file has the fingerprint {found}, not the expected {expected}. Nothing was changed here.',
      hint: 'Compare with sekisho server fingerprint on the management server. If that one is right, the file is of another domain: do not go on.',
    },
    ja: {
      words:
        'ファイル内の CA の指紋は {found} で、指定された {expected} と一致しません。このホストには何も変更を加えていません。',
      hint: '管理サーバーの sekisho server fingerprint の表示と比べてください。そちらが正しい場合は別のドメインのファイルのため、続行しないでください。',
    },
  },
  MANUAL_REQUEST_MISSING: {
    status: 409,
    en: {
      words: 'There is no certificate request in {folder} that this file could answer.',
      hint: 'Install it on the host, and with the data folder, where sekisho cert request was run. If that request is gone, begin anew with it.',
    },
    ja: {
      words: '{folder} には、このファイルに対応する証明書要求がありません。',
      hint: 'sekisho cert request を実行したホストとデータフォルダーでインストールしてください。要求が失われた場合は、最初からやり直してください。',
    },
  },
} as const satisfies ErrorTable;
