import { RIGHTS, ROLE_RIGHTS, ROLES, type Right, type Role } from '@sekisho/core/rules/rights.ts';
import { allRoutes } from '@sekisho/core/wire/routes.ts';
import { printedNote, table, type Page } from './page.ts';

type Language = 'en' | 'ja';

/** What each right lets an administrator do. */
const MEANINGS: Readonly<Record<Right, Readonly<Record<Language, string>>>> = {
  'domain.read': {
    en: 'See the domain: name, fingerprint, servers',
    ja: 'ドメインの名前、フィンガープリント、サーバーの表示',
  },
  'group.read': { en: 'See groups', ja: 'グループの表示' },
  'group.write': {
    en: 'Create, change, move and delete groups, and move hosts between them',
    ja: 'グループの作成、変更、移動、削除と、グループ間のホストの移動',
  },
  'host.read': { en: 'See hosts and known hosts', ja: 'ホストと既知のホストの表示' },
  'host.write': {
    en: 'Register hosts, switch the media role, allow a reissue',
    ja: 'ホストの登録、メディアサーバーの役割の切り替え、再発行の許可',
  },
  'token.read': { en: 'See tokens, never their secrets', ja: 'トークンの表示 (秘密の値は表示されません)' },
  'token.write': { en: 'Make and delete tokens', ja: 'トークンの作成と削除' },
  'certificate.read': { en: 'See certificates', ja: '証明書の表示' },
  'certificate.revoke': { en: 'Revoke the certificates of a host', ja: 'ホストの証明書の失効' },
  'ca.write': {
    en: 'Take the root key off the server, and bring it back',
    ja: 'ルート鍵のサーバーからの取り外しと復帰',
  },
  'security.read': { en: 'See the security settings', ja: 'セキュリティ設定の表示' },
  'security.write': { en: 'Change the security settings', ja: 'セキュリティ設定の変更' },
  'plan.read': { en: 'See plans', ja: 'プランの表示' },
  'plan.write': { en: 'Make, change and delete plans', ja: 'プランの作成、変更、削除' },
  'plan.commands': {
    en: 'Give a plan commands to run before and after a backup (the host must consent, too)',
    ja: 'バックアップ前後に実行するコマンドのプランへの設定 (ホスト側の同意も必要です)',
  },
  'job.read': { en: 'See jobs and their progress', ja: 'ジョブとその進捗の表示' },
  'job.run': { en: 'Run plans, cancel and retry jobs', ja: 'プランの実行、ジョブのキャンセルと再試行' },
  'point.read': { en: 'See recovery points and look into them', ja: '復旧ポイントの表示と内容の参照' },
  'point.delete': {
    en: 'Delete recovery points, run retention',
    ja: '復旧ポイントの削除、保持の実行',
  },
  'restore.run': { en: 'Restore', ja: 'リストアの実行' },
  'audit.read': { en: 'Read, prove and export the audit log', ja: '監査ログの表示、検証、エクスポート' },
  'administrator.read': {
    en: 'See administrators, their sessions and keys',
    ja: '管理者とそのセッションおよびキーの表示',
  },
  'administrator.write': {
    en: 'Make and change administrators: as strong as all other rights together',
    ja: '管理者の作成と変更 (他のすべての権限を合わせたものに相当します)',
  },
  'server.read': {
    en: 'See settings, metrics, health and tasks of the server',
    ja: 'サーバーの設定、メトリクス、状態、タスクの表示',
  },
  'server.operate': {
    en: 'Back up the database, change the log level, cancel tasks',
    ja: 'データベースのバックアップ、ログレベルの変更、タスクのキャンセル',
  },
};

const WORDS = {
  en: {
    title: '# Rights',
    intro:
      'What administrators may do, and which role may do it. A role holds for the whole domain or for one group and all below it; a key of the API never reaches further than its owner. *Groups* says whether a right can be used by somebody whose role is limited to groups.',
    right: 'Right',
    meaning: 'What it lets do',
    groups: 'Groups',
    yes: 'yes',
    no: '–',
    partly: 'in part',
    roles: {
      administrator: 'administrator',
      'security-administrator': 'security administrator',
      operator: 'operator',
      viewer: 'viewer',
    },
  },
  ja: {
    title: '# 権限',
    intro:
      '管理者に許される操作と、それを持つロールの一覧です。ロールはドメイン全体、または 1 つのグループとその下位のすべてに対して有効です。API キーの権限が所有者の権限を超えることはありません。「グループ」は、ロールがグループに限定された管理者もその権限を使用できるかどうかを示します。',
    right: '権限',
    meaning: '許される操作',
    groups: 'グループ',
    yes: '可',
    no: '–',
    partly: '一部',
    roles: {
      administrator: '管理者',
      'security-administrator': 'セキュリティ管理者',
      operator: 'オペレーター',
      viewer: '閲覧者',
    },
  },
} as const satisfies Record<Language, { roles: Record<Role, string> } & Record<string, unknown>>;

/** Rights, what they mean and which role has them, one page per language. */
export const rightsPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => {
    const words = WORDS[language];
    const has = (role: Role, right: Right): string =>
      ROLE_RIGHTS[role].includes(right) ? words.yes : words.no;
    const rows = RIGHTS.map((right) => [
      `\`${right}\``,
      MEANINGS[right][language],
      ...ROLES.map((role) => has(role, right)),
      words[groupsOf(right)],
    ]);
    const head = [words.right, words.meaning, ...ROLES.map((role) => words.roles[role]), words.groups];
    return {
      path: `docs/reference/rights.${language}.md`,
      text: [words.title, printedNote(language), words.intro, table(head, rows)].join('\n\n') + '\n',
    };
  });

/** Can somebody whose role is limited to groups use the right? As far as the routes that need it say so. */
function groupsOf(right: Right): 'yes' | 'no' | 'partly' {
  const scopes = new Set(allRoutes().flatMap(({ route }) => (route.right === right ? [route.scope] : [])));
  if (!scopes.has('group')) return 'no';
  return scopes.has('domain') ? 'partly' : 'yes';
}
