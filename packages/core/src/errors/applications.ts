import type { ErrorTable } from './table.ts';

/** Refusals about applications that move between hosts under a virtual name. */
export const applicationErrors = {
  APPLICATION_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'The virtual name {name} is already mapped to hosts.',
      hint: 'Look at that mapping, and add the host there: sekisho application show {name}',
    },
    ja: {
      words: '仮想名 {name} はすでにホストにマップされています。',
      hint: '既存のマッピングを確認し、そこにホストを追加してください: sekisho application show {name}',
    },
  },
  APPLICATIONS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are already {limit} application mappings; that is the limit.',
      hint: 'Delete mappings that are no longer used: sekisho application list',
    },
    ja: {
      words: 'アプリケーションのマッピングが上限の {limit} 件に達しています。',
      hint: '使わなくなったマッピングを削除してください: sekisho application list',
    },
  },
  APPLICATION_HOSTS_TOO_MANY: {
    status: 409,
    en: {
      words: 'The virtual name {name} is already mapped to {limit} hosts; that is the limit.',
      hint: 'Remove a host that no longer carries it: sekisho application remove-host {name} HOST',
    },
    ja: {
      words: '仮想名 {name} にマップできるホストは {limit} 台までです。',
      hint: 'この仮想名を使わなくなったホストを外してください: sekisho application remove-host {name} HOST',
    },
  },
  APPLICATION_LAST_HOST: {
    status: 409,
    en: {
      words: '{host} is the last host of the virtual name {name}.',
      hint: 'Delete the whole mapping: sekisho application delete {name}',
    },
    ja: {
      words: '{host} は仮想名 {name} にマップされた最後のホストです。',
      hint: 'マッピング全体を削除してください: sekisho application delete {name}',
    },
  },
  APPLICATION_IN_USE: {
    status: 409,
    en: {
      words: 'The plan {plan} protects the virtual name {name}: without the mapping it would run nowhere.',
      hint: 'Delete the plan first (sekisho plan delete {plan}), or give it hosts of its own (sekisho plan edit {plan} --without-application --host HOST).',
    },
    ja: {
      words:
        'プラン {plan} が仮想名 {name} を保護しています。マッピングがないと、どのホストでも実行されません。',
      hint: '先にプランを削除する (sekisho plan delete {plan}) か、プランにホストを直接指定してください (sekisho plan edit {plan} --without-application --host HOST)。',
    },
  },
  APPLICATION_MAPPING_MISSING: {
    status: 422,
    en: {
      words:
        'No hosts are mapped to the virtual name {name}: it is not known which hosts may carry the application.',
      hint: 'Map it to the hosts that may carry it: sekisho application create {name} --kind {kind} --host HOST --host HOST',
    },
    ja: {
      words:
        '仮想名 {name} にホストがマップされていないため、アプリケーションがどのホストで動作し得るのか判断できません。',
      hint: '動作し得るホストをマップしてください: sekisho application create {name} --kind {kind} --host HOST --host HOST',
    },
  },
  APPLICATION_KIND_DIFFERS: {
    status: 422,
    en: {
      words: 'The virtual name {name} is mapped for {found}, not for {kind}.',
      hint: 'Give the kind of the mapping: --application {found}',
    },
    ja: {
      words: '仮想名 {name} のマッピングの種類は {kind} ではなく {found} です。',
      hint: 'マッピングの種類を指定してください: --application {found}',
    },
  },
  PLAN_TARGETS_OF_APPLICATION: {
    status: 422,
    en: {
      words: 'A plan of an application names no hosts: it runs on those that are mapped to {name}.',
      hint: 'Leave the hosts out, and change the mapping instead: sekisho application add-host {name} HOST',
    },
    ja: {
      words:
        'アプリケーションのプランにはホストを指定できません。{name} にマップされたホストで実行されます。',
      hint: 'ホストの指定をやめ、マッピングを変更してください: sekisho application add-host {name} HOST',
    },
  },
  APPLICATION_NODE_INACTIVE: {
    status: 409,
    en: {
      words: 'Skipped: inactive node. The virtual name {name} is at {addresses}, which is not this host.',
      hint: 'The node that carries the name backs it up. If this is that node, mend the name resolution of this host.',
    },
    ja: {
      words:
        'スキップしました (非アクティブなノード)。仮想名 {name} のアドレスは {addresses} で、このホストのものではありません。',
      hint: 'バックアップは仮想名を持つノードが行います。このホストがアクティブなノードである場合は、このホストの名前解決を修正してください。',
    },
  },
  APPLICATION_NODE_UNDECIDED: {
    status: 503,
    en: {
      words:
        'This host cannot tell whether it carries the virtual name {name}: {detail}. Nothing was backed up.',
      hint: 'Make the name resolve on this host to the address of the active node (getent hosts {name}), then retry the job.',
    },
    ja: {
      words:
        'このホストが仮想名 {name} を持つアクティブなノードかどうか判断できません: {detail}。バックアップは行われていません。',
      hint: 'このホストで名前がアクティブなノードのアドレスに解決されるようにしてから (getent hosts {name})、ジョブを再試行してください。',
    },
  },
  RESTORE_HOST_NOT_MAPPED: {
    status: 403,
    en: {
      words: 'The host {host} may not restore recovery points of {owner}: no application mapping has both.',
      hint: 'Restore on {owner}. If both carry one virtual name: sekisho application create NAME --kind KIND --host {owner} --host {host}',
    },
    ja: {
      words:
        'ホスト {host} は {owner} の復旧ポイントをリストアできません。両方を含むアプリケーションのマッピングがありません。',
      hint: '{owner} でリストアしてください。両方が同じ仮想名を持ち得る場合: sekisho application create NAME --kind KIND --host {owner} --host {host}',
    },
  },
  RESTORE_GRANTS_TOO_MANY: {
    status: 409,
    en: {
      words: '{limit} restores of other hosts wait or run on the media server {host}; that is the limit.',
      hint: 'Wait for one of them to end, or cancel one: sekisho job list --kind restore',
    },
    ja: {
      words:
        'メディアサーバー {host} で、別のホストへのリストアが上限の {limit} 件に達しています (待機中または実行中)。',
      hint: 'いずれかの終了を待つか、キャンセルしてください: sekisho job list --kind restore',
    },
  },
  RESTORE_GRANT_ABSENT: {
    status: 403,
    en: {
      words: 'The media server has no permission for this job to read the repository {repository}.',
      hint: 'Is the media server connected (sekisho host list)? If the mapping was changed, make it again, then retry the job.',
    },
    ja: {
      words: 'メディアサーバーには、このジョブがリポジトリ {repository} を読み取る許可が届いていません。',
      hint: 'メディアサーバーが接続されているか確認してください (sekisho host list)。マッピングを変更した場合は作り直し、ジョブを再試行してください。',
    },
  },
  REPOSITORY_READ_ONLY: {
    status: 403,
    en: {
      words: 'The repository {repository} belongs to another host: a restore may read it, and nothing else.',
      hint: 'Write to a repository of this host.',
    },
    ja: {
      words: 'リポジトリ {repository} は別のホストのものです。リストアのための読み取りしかできません。',
      hint: 'このホスト自身のリポジトリに書き込んでください。',
    },
  },
} as const satisfies ErrorTable;
