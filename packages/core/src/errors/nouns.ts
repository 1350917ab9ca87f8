import type { Language } from '../language.ts';

/**
 * The things that refusals and findings name as their `what`, as people read them: the API says them in English (a program may branch on
 * them), the words of a refusal in the reader's language. A test holds that none is missing.
 */
const NOUNS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  administration: { en: 'administration', ja: '管理用' },
  administrator: { en: 'administrator', ja: '管理者' },
  agents: { en: 'agents', ja: 'エージェント用' },
  'API key': { en: 'API key', ja: 'API キー' },
  'application mapping': { en: 'application mapping', ja: 'アプリケーションのマッピング' },
  assignment: { en: 'assignment', ja: '割り当て文書' },
  'audit row': { en: 'audit row', ja: '監査ログの行' },
  bundle: { en: 'trust bundle', ja: 'トラストバンドル' },
  cluster: { en: 'cluster', ja: 'クラスター' },
  'cluster node': { en: 'cluster node', ja: 'クラスターのノード' },
  'certificate update': { en: 'certificate update', ja: '証明書の更新' },
  code: { en: 'error code', ja: 'エラーコード' },
  revocation: { en: 'revocation', ja: '取り消しの記録' },
  'revocation list': { en: 'revocation list', ja: '証明書失効リスト用' },
  group: { en: 'group', ja: 'グループ' },
  host: { en: 'host', ja: 'ホスト' },
  job: { en: 'job', ja: 'ジョブ' },
  'key-encryption key': { en: 'key-encryption key', ja: '鍵暗号化キー' },
  'known host': { en: 'known host', ja: '既知のホスト' },
  list: { en: 'management server list', ja: '管理サーバーリスト' },
  mapping: { en: 'host name mapping', ja: 'ホスト名マッピング' },
  package: { en: 'install package', ja: 'インストールパッケージ' },
  passkey: { en: 'passkey', ja: 'パスキー' },
  plan: { en: 'plan', ja: 'プラン' },
  point: { en: 'recovery point', ja: '復旧ポイント' },
  policy: { en: 'policy', ja: 'ポリシー' },
  'private key': { en: 'private key', ja: '秘密鍵' },
  repository: { en: 'repository', ja: 'リポジトリ' },
  session: { en: 'session', ja: 'セッション' },
  'sign-in provider': { en: 'sign-in provider', ja: 'サインインプロバイダー' },
  task: { en: 'task', ja: 'タスク' },
  token: { en: 'token', ja: 'トークン' },
};

/** The noun in a language; what has none (an internal name) stays as it is. */
const nounIn = (language: Language, what: string): string => NOUNS[what]?.[language] ?? what;

/** Values for words of a language: the thing that is called `what` gets its noun. */
export const withNoun = (
  language: Language,
  params: Readonly<Record<string, string | number>>,
): Readonly<Record<string, string | number>> =>
  typeof params['what'] === 'string' ? { ...params, what: nounIn(language, params['what']) } : params;

/** Has the thing a noun? */
export const isNoun = (what: string): boolean => Object.hasOwn(NOUNS, what);
