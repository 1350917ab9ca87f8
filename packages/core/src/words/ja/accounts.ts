import type { accountNouns as Nouns, accounts as Accounts, accountVerbs as Verbs } from '../en/accounts.ts';

/** 管理者とセッションに関するコマンドの文言。 */
const data = '管理サーバーのデータフォルダー';
const name = '管理者の名前または ID';
const role =
  'ドメイン全体に対するロール。1 つのグループとその配下に限定する場合は ROLE@グループID (繰り返し指定可): administrator、security-administrator、operator、viewer';

export const accountNouns: typeof Nouns = {
  admin: '管理者: 招待、ロール、無効化、リセット',
  session: 'サインイン中のセッションの表示と終了',
};

export const accountVerbs: typeof Verbs = {
  'admin list': {
    summary: '管理者を一覧表示する',
    args: {},
    flags: { data, limit: '表示する最大行数', after: 'この位置の続きから表示' },
    examples: { plain: 'このドメインの管理者を確認する' },
  },
  'admin show': {
    summary: '管理者 1 人を表示する',
    args: { name },
    flags: { data },
    examples: { plain: 'ロール、第二要素、最終使用を確認する' },
  },
  'admin create': {
    summary: '管理者を作成し、招待用のワンタイムリンクを表示する',
    args: { name: 'サインインに使用する名前 (例: head.office)' },
    flags: { data, displayName: '表示名 (省略時は名前と同じ)', role },
    examples: {
      operator: 'バックアップを運用する担当者を追加する',
      group: '1 つのグループとその配下に限定する',
    },
  },
  'admin set-roles': {
    summary: '管理者のロールを指定したものに置き換える (その管理者のセッションは終了)',
    args: { name },
    flags: { data, role },
    examples: { plain: '今後は operator のみにする' },
  },
  'admin disable': {
    summary: 'アカウントを無効にする (セッションと API キーは直ちに停止。データは失われない)',
    args: { name },
    flags: { data },
    examples: { plain: '担当者が離任するとき' },
  },
  'admin enable': {
    summary: '無効にしたアカウントを再び有効にする',
    args: { name },
    flags: { data },
    examples: { plain: '担当者が復帰したとき' },
  },
  'admin reset': {
    summary: '新しいパスワードと第二要素を設定するためのリンクを表示する (API キーは失効する)',
    args: { name },
    flags: { data, keepKeys: '現在の API キーを引き続き使用できるようにする' },
    examples: {
      plain: '他人にパスワードを知られた可能性があるとき',
      forgotten: 'パスワードを忘れた、または電話機を紛失しただけのとき (スクリプトはそのまま動作する)',
    },
  },
  'admin link': {
    summary: '最初の管理者用のリンクを再び表示する (以前のリンクは無効になる)',
    args: {},
    flags: { data },
    examples: { plain: '初期化時のリンクの有効期限が切れたとき' },
  },
  'session list': {
    summary: '管理者の開いているセッションを一覧表示する',
    args: {},
    flags: {
      data,
      admin: 'この管理者のセッションのみ (名前または ID)',
      limit: '表示する最大行数',
      after: 'この位置の続きから表示',
    },
    examples: { plain: '誰がどこからサインインしているか', one: '管理者 1 人のセッション' },
  },
  'session revoke': {
    summary: 'セッションを直ちに終了する',
    args: { session: 'セッションの ID' },
    flags: { data },
    examples: { plain: '心当たりのないセッションを終了する' },
  },
};

export const accounts: typeof Accounts = {
  labels: {
    displayName: '表示名',
    roles: 'ロール',
    totp: '第二要素 (TOTP) 設定済み',
    password: 'パスワード設定済み',
    singleSignOn: 'シングルサインオン',
    lastUsed: '最終使用',
    disabledAt: '無効化日時',
    administrator: '管理者',
    method: '方法',
    from: '接続元',
    signedInAt: 'サインイン',
  },
  roles: {
    administrator: '管理者',
    'security-administrator': 'セキュリティ管理者',
    operator: 'オペレーター',
    viewer: '閲覧者',
  },
  states: { active: '有効', invited: '招待中', disabled: '無効' },
  methods: {
    password: 'パスワード',
    oidc: 'シングルサインオン',
    passkey: 'パスキー',
    link: 'ワンタイムリンク',
  },
  notes: {
    roleInGroup: '{role} (グループ {group})',
    roleSeparator: '、',
    noRoles: 'なし',
    noAdministrators: '管理者はまだいません。最初の管理者用のリンクを表示するには: sekisho admin link',
    noSessions: 'サインインしている管理者はいません。',
    created: '管理者 {name} を作成しました。',
    linkShownOnce:
      'このリンクは {until} まで 1 回だけ使用でき、ここでしか表示されません。リンクを持つ人は {name} としてサインインできるため、他の人に読まれない方法で渡してください。',
    firstLink: '最初の管理者用 ({until} まで 1 回だけ使用可能):',
    firstLinkHint:
      'パスワードと同じように扱ってください。新しいリンクはいつでも作成できます: sekisho admin link',
    someone: '最初の管理者',
    code: 'コードのみ: {code}',
    setRolesPreview:
      '{name} のロールをすべて次のものに置き換えます: {roles}。この管理者のセッションはすべて終了します。',
    setRolesQuestion: 'ロールを変更しますか?',
    rolesSet: '保存しました。{name} のロール: {roles}',
    disablePreview: '{name} のセッションと API キーはすべて直ちに使用できなくなります。',
    disableQuestion: 'この管理者を無効にしますか?',
    disabled: '管理者 {name} を無効にしました。',
    enabled: '管理者 {name} を有効にしました。',
    resetPreview:
      '{name} の API キーはすべて直ちに使用できなくなります。他人の手に渡った可能性がない場合は --keep-keys を指定してください。パスワードはリンクが使用されるまで有効です。',
    resetQuestion: 'この管理者をリセットしますか?',
    keysEnded: '失効した {name} の API キー: {keys} 個',
    sessionEnded: '{name} のセッション (接続元 {origin}) を終了しました。',
    noAdministratorYet:
      'このドメインにはまだ管理者がいません。最初の管理者用のリンクを表示するには: sekisho admin link',
  },
};
