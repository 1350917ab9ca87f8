import type { ErrorTable } from './table.ts';

/** Refusals about the tree of groups and its settings. */
export const groupErrors = {
  GROUP_NAME_INVALID: {
    status: 422,
    en: {
      words:
        'A group cannot be called {name}: a name is 1 to {limit} characters long, without / and control characters.',
      hint: 'Choose another name. A slash separates the groups of a path, as in All hosts/Tokyo.',
    },
    ja: {
      words: '{name} はグループの名前にできません。1 ～ {limit} 文字で、/ と制御文字は使えません。',
      hint: '別の名前にしてください。スラッシュは All hosts/Tokyo のようにパスの区切りに使います。',
    },
  },
  GROUP_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'There is a group {name} already at that place.',
      hint: 'Choose another name, or use that group: sekisho group list',
    },
    ja: {
      words: 'その場所には、すでに {name} というグループがあります。',
      hint: '別の名前にするか、そのグループを使ってください: sekisho group list',
    },
  },
  GROUP_AMBIGUOUS: {
    status: 409,
    en: {
      words: 'Several groups are called {name}.',
      hint: 'Give its path or its ID: {paths}',
    },
    ja: {
      words: '{name} という名前のグループが複数あります。',
      hint: 'パスか ID で指定してください: {paths}',
    },
  },
  GROUPS_TOO_MANY: {
    status: 409,
    en: {
      words: 'A domain has at most {limit} groups.',
      hint: 'Delete groups that are not used: sekisho group list',
    },
    ja: {
      words: '1 つのドメインに作成できるグループは {limit} 個までです。',
      hint: '使っていないグループを削除してください: sekisho group list',
    },
  },
  GROUP_TOO_DEEP: {
    status: 409,
    en: {
      words: 'Groups lie at most {limit} levels below the root.',
      hint: 'Choose a place further up: sekisho group list',
    },
    ja: {
      words: 'グループの階層は、ルートの下 {limit} 階層までです。',
      hint: 'より上位の場所を選んでください: sekisho group list',
    },
  },
  GROUP_IS_ROOT: {
    status: 409,
    en: {
      words: '{name} is the root of all groups: it is neither moved nor deleted.',
      hint: 'Move or delete a group below it: sekisho group list',
    },
    ja: {
      words: '{name} はすべてのグループのルートのため、移動も削除もできません。',
      hint: 'その下のグループを移動または削除してください: sekisho group list',
    },
  },
  GROUP_IN_ITSELF: {
    status: 409,
    en: {
      words: 'The group {name} cannot be moved into itself or below itself.',
      hint: 'Choose a group that is not below it: sekisho group list',
    },
    ja: {
      words: 'グループ {name} を、自分自身やその下のグループに移動することはできません。',
      hint: 'その下にないグループを選んでください: sekisho group list',
    },
  },
  GROUP_NOT_EMPTY: {
    status: 409,
    en: {
      words: 'The group {name} is not empty: hosts {hosts}, groups below it {groups}.',
      hint: 'Move them first: sekisho host move HOST GROUP, sekisho group move GROUP PARENT',
    },
    ja: {
      words: 'グループ {name} には、ホスト {hosts} 台とグループ {groups} 個が残っています。',
      hint: '先に移動してください: sekisho host move HOST GROUP、sekisho group move GROUP PARENT',
    },
  },
  GROUP_NAMED_BY_PLANS: {
    status: 409,
    en: {
      words: 'Plans name the group {name} as a target: {plans}',
      hint: 'Take it out of their targets (sekisho plan edit PLAN), then delete the group.',
    },
    ja: {
      words: 'グループ {name} を対象にしているプランがあります: {plans}',
      hint: 'プランの対象から外してから (sekisho plan edit PLAN)、グループを削除してください。',
    },
  },
  GROUP_NAMED_BY_RIGHTS: {
    status: 409,
    en: {
      words: '{count} administrators or API keys have rights in the group {name}.',
      hint: 'Change their roles (sekisho admin set-roles NAME) and revoke the keys (sekisho key revoke KEY), then delete the group.',
    },
    ja: {
      words: '{count} 件の管理者または API キーが、グループ {name} に対する権限を持っています。',
      hint: 'ロールを変更し (sekisho admin set-roles NAME)、キーを取り消してから (sekisho key revoke KEY)、グループを削除してください。',
    },
  },
  GROUP_BELONGS_ABOVE: {
    status: 403,
    en: {
      words: 'Where the group {name} stands is decided by those who have rights in the group above it.',
      hint: 'Ask an administrator of the group above, or of the whole domain.',
    },
    ja: {
      words: 'グループ {name} の位置は、上位のグループに権限を持つ管理者が決めます。',
      hint: '上位のグループ、またはドメイン全体の管理者に依頼してください。',
    },
  },
  SETTING_LOCKED: {
    status: 409,
    en: {
      words: 'The setting {setting} of the group {name} is locked by {by}.',
      hint: "Whoever has rights there can change it, or unlock it: sekisho group unlock '{by}' {setting}",
    },
    ja: {
      words: 'グループ {name} の設定 {setting} は、{by} によってロックされています。',
      hint: "そのグループに権限を持つ管理者が変更するか、ロックを解除できます: sekisho group unlock '{by}' {setting}",
    },
  },
  GROUP_UNKNOWN: {
    status: 404,
    en: {
      words: 'There is no group {given}.',
      hint: 'See which there are: sekisho group list',
    },
    ja: {
      words: 'グループ {given} はありません。',
      hint: 'グループを確認してください: sekisho group list',
    },
  },
  POLICY_TARGET_UNKNOWN: {
    status: 404,
    en: {
      words: 'Neither a group nor a host is called {given}.',
      hint: 'See the groups (sekisho group list) and the hosts (sekisho host list).',
    },
    ja: {
      words: '{given} という名前のグループもホストもありません。',
      hint: 'グループの一覧 (sekisho group list) とホストの一覧 (sekisho host list) を確認してください。',
    },
  },
  SETTING_HAS_COMMAND: {
    status: 422,
    en: {
      words: 'The setting {setting} is changed with a command of its own.',
      hint: 'For example: {command}',
    },
    ja: {
      words: '設定 {setting} は専用のコマンドで変更します。',
      hint: '例: {command}',
    },
  },
  HEARTBEAT_PERIOD_OUT_OF_RANGE: {
    status: 422,
    en: {
      words: 'A heartbeat period of {seconds} seconds is out of range: {min} to {max} seconds.',
      hint: 'Choose a period from 10 seconds to 24 hours, for example: sekisho group set GROUP heartbeat=5m',
    },
    ja: {
      words: 'ハートビートの間隔 {seconds} 秒は範囲外です。{min} ～ {max} 秒で指定してください。',
      hint: '10 秒から 24 時間の間で指定してください。例: sekisho group set GROUP heartbeat=5m',
    },
  },
} as const satisfies ErrorTable;
