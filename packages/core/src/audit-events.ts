import { fill } from './errors.ts';
import type { Language } from './language.ts';

/** What audit rows are about. */
export const AUDIT_CATEGORIES = {
  CERT: { en: 'Certificates and keys', ja: '証明書と鍵' },
  CONNECTION: { en: 'Connections', ja: '接続' },
  HOST: { en: 'Hosts', ja: 'ホスト' },
  LOGIN: { en: 'Sign-in and administrators', ja: 'サインインと管理者' },
  SEC_CONFIG: { en: 'Security settings', ja: 'セキュリティ設定' },
  TOKEN: { en: 'Tokens', ja: 'トークン' },
  PLAN: { en: 'Plans', ja: 'プラン' },
  JOB: { en: 'Jobs', ja: 'ジョブ' },
  POINT: { en: 'Recovery points', ja: '復旧ポイント' },
  SERVER: { en: 'Management server', ja: '管理サーバー' },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;
export type AuditCategory = keyof typeof AUDIT_CATEGORIES;
export const AUDIT_CATEGORY_NAMES = Object.keys(AUDIT_CATEGORIES) as [AuditCategory, ...AuditCategory[]];

/** One kind of act. The words name the act whether it was done or refused; `{subject}` is what it was done to. */
export interface AuditEvent {
  readonly category: AuditCategory;
  /** Does it decide who is trusted, who may do what, who sees what, or what is lost? */
  readonly security: boolean;
  readonly en: string;
  readonly ja: string;
}

type Entry = Readonly<Record<string, AuditEvent>>;

const certificates = {
  'create-domain': security('CERT', 'create the domain {subject}', 'ドメイン {subject} を作成'),
  'approve-certificate': security('CERT', 'approve a certificate for {subject}', '{subject} の証明書を承認'),
  'issue-certificate': security('CERT', 'issue a certificate to {subject}', '{subject} に証明書を発行'),
  'refuse-certificate': security(
    'CERT',
    'request a certificate under the name {subject}',
    '名前 {subject} で証明書を要求',
  ),
  'drill-renewals': security(
    'CERT',
    'renew the certificates of {subject} hosts as a drill',
    '更新訓練として {subject} 台のホストの証明書を更新',
  ),
  'revoke-host': security('CERT', 'revoke the certificates of {subject}', '{subject} の証明書を失効'),
  'sign-crl': security('CERT', 'sign the revocation list of {subject}', '{subject} の証明書失効リストに署名'),
  'issue-ocsp-signer': security(
    'CERT',
    'issue the certificate {subject} for OCSP answers',
    'OCSP 応答用の証明書 {subject} を発行',
  ),
  'tell-expiry': security(
    'CERT',
    'tell that the certificate of {subject} ends soon',
    '{subject} の証明書の期限が近いことを通知',
  ),
  'start-rotation': security(
    'CERT',
    'start the update of the {subject} certificate',
    '{subject} 証明書の更新を開始',
  ),
  'advance-rotation': security(
    'CERT',
    'carry the update of the {subject} certificate on',
    '{subject} 証明書の更新を次の段階に進行',
  ),
  'pause-rotation': security(
    'CERT',
    'pause the update of the {subject} certificate',
    '{subject} 証明書の更新を一時停止',
  ),
  'resume-rotation': security(
    'CERT',
    'resume the update of the {subject} certificate',
    '{subject} 証明書の更新を再開',
  ),
  'roll-back-rotation': security(
    'CERT',
    'roll back the update of the {subject} certificate',
    '{subject} 証明書の更新を元に戻す',
  ),
  'accept-rotation-loss': security(
    'CERT',
    'accept that hosts are lost by the update of the {subject} certificate',
    '{subject} 証明書の更新でホストが失われることを承認',
  ),
  'take-over-rotation': security(
    'CERT',
    'let an emergency take over the update of the {subject} certificate',
    '{subject} 証明書の更新を緊急更新が引き継ぎ',
  ),
  'destroy-ca-key': security(
    'CERT',
    'destroy the private key {subject} of the domain',
    'ドメインの秘密鍵 {subject} を破棄',
  ),
  'revoke-replaced': security(
    'CERT',
    'revoke a replaced certificate of {subject}',
    '置き換えられた {subject} の証明書を失効',
  ),
} as const satisfies Entry;

const accounts = {
  'sign-in': security('LOGIN', 'sign in as {subject}', '{subject} としてサインイン'),
  'sign-out': security('LOGIN', 'sign out as {subject}', '{subject} としてサインアウト'),
  'end-session': security('LOGIN', 'end a session of {subject}', '{subject} のセッションを終了'),
  'make-link': security(
    'LOGIN',
    'make a one-time link for {subject}',
    '{subject} 用のワンタイムリンクを作成',
  ),
  'use-link': security('LOGIN', 'use a one-time link as {subject}', '{subject} としてワンタイムリンクを使用'),
  'create-administrator': security('LOGIN', 'create the administrator {subject}', '管理者 {subject} を作成'),
  'set-grants': security('LOGIN', 'change the roles of {subject}', '{subject} のロールを変更'),
  'disable-administrator': security(
    'LOGIN',
    'disable the administrator {subject}',
    '管理者 {subject} を無効化',
  ),
  'enable-administrator': security(
    'LOGIN',
    'enable the administrator {subject}',
    '管理者 {subject} を有効化',
  ),
  'change-password': security('LOGIN', 'change the password of {subject}', '{subject} のパスワードを変更'),
  'set-totp': security('LOGIN', 'set up the second factor of {subject}', '{subject} の第二要素を設定'),
} as const satisfies Entry;

const tokens = {
  'create-token': security('TOKEN', 'create the token {subject}', 'トークン {subject} を作成'),
  'delete-token': security('TOKEN', 'delete the token {subject}', 'トークン {subject} を削除'),
  'refuse-token': security('TOKEN', 'use a token for the name {subject}', '名前 {subject} にトークンを使用'),
} as const satisfies Entry;

const hosts = {
  'register-host': security('HOST', 'register the host name {subject}', 'ホスト名 {subject} を登録'),
  'unregister-host': security(
    'HOST',
    'unregister the host name {subject}',
    'ホスト名 {subject} の登録を解除',
  ),
  'import-hosts': security('HOST', 'import {subject} host names', 'ホスト名 {subject} 件をインポート'),
  'set-media': security(
    'HOST',
    'change the media server role of {subject}',
    '{subject} のメディアサーバーの役割を変更',
  ),
  'uninstall-agent': security(
    'HOST',
    'uninstall the agent of {subject}',
    '{subject} のエージェントをアンインストール',
  ),
  'create-cluster': security('HOST', 'create the cluster {subject}', 'クラスター {subject} を作成'),
  'change-cluster': security(
    'HOST',
    'change the nodes of the cluster {subject}',
    'クラスター {subject} のノードを変更',
  ),
  'delete-cluster': security('HOST', 'delete the cluster {subject}', 'クラスター {subject} を削除'),
  'allow-reissue': security(
    'HOST',
    'change the automatic reissue of {subject}',
    '{subject} の証明書の自動再発行を変更',
  ),
} as const satisfies Entry;

const groups = {
  'create-group': security('HOST', 'create the group {subject}', 'グループ {subject} を作成'),
  'rename-group': security('HOST', 'rename the group {subject}', 'グループ {subject} の名前を変更'),
  'move-group': security('HOST', 'move the group {subject}', 'グループ {subject} を移動'),
  'change-group': security(
    'HOST',
    'change the settings of the group {subject}',
    'グループ {subject} の設定を変更',
  ),
  'delete-group': security('HOST', 'delete the group {subject}', 'グループ {subject} を削除'),
  'move-host': security(
    'HOST',
    'move the host {subject} to another group',
    'ホスト {subject} を別のグループに移動',
  ),
} as const satisfies Entry;

const verification = {
  'switch-verification-off': security(
    'SEC_CONFIG',
    'let agents of {subject} go without verifying the server',
    '{subject} のエージェントによる管理サーバーの検証をオフ',
  ),
  'switch-verification-on': security(
    'SEC_CONFIG',
    'let agents of {subject} verify the server again',
    '{subject} のエージェントによる管理サーバーの検証をオン',
  ),
} as const satisfies Entry;

const names = {
  'map-name': security('HOST', 'map the name {subject}', '名前 {subject} をマップ'),
  'use-name': security('CONNECTION', 'go by the name {subject}', '名前 {subject} で接続'),
  'approve-name': security('HOST', 'approve the name {subject}', '名前 {subject} を承認'),
  'reject-name': security('HOST', 'reject the name {subject}', '名前 {subject} を拒否'),
  'delete-name': security(
    'HOST',
    'delete the mapping of the name {subject}',
    '名前 {subject} のマッピングを削除',
  ),
  'yield-name': security(
    'HOST',
    'take the name {subject}, which was mapped automatically, for a host with a token',
    '自動マップされた名前 {subject} を、トークンのあるホストに移す',
  ),
  'create-application': security(
    'HOST',
    'map the virtual name {subject} to hosts',
    '仮想名 {subject} をホストにマップ',
  ),
  'change-application': security(
    'HOST',
    'change the hosts of the virtual name {subject}',
    '仮想名 {subject} のホストを変更',
  ),
  'delete-application': security(
    'HOST',
    'delete the mapping of the virtual name {subject}',
    '仮想名 {subject} のマッピングを削除',
  ),
  'reset-host': security('HOST', 'reset the attributes of {subject}', '{subject} の属性をリセット'),
} as const satisfies Entry;

const legacy = {
  'add-legacy': security(
    'HOST',
    'let the legacy host {subject} in without a certificate',
    'レガシーホスト {subject} の証明書なしの接続を許可',
  ),
  'remove-legacy': security('HOST', 'remove the legacy host {subject}', 'レガシーホスト {subject} を削除'),
  'grant-legacy': security(
    'HOST',
    'change the right of the legacy host {subject} to read',
    'レガシーホスト {subject} の読み取り許可を変更',
  ),
  'connect-legacy': security(
    'CONNECTION',
    'connect as the legacy host {subject} without a certificate',
    'レガシーホスト {subject} として証明書なしで接続',
  ),
  'end-legacy': security(
    'HOST',
    'end the legacy state of {subject}, which talks securely now',
    '安全な通信を始めた {subject} のレガシー状態を終了',
  ),
} as const satisfies Entry;

const connections = {
  'refuse-peer': security(
    'CONNECTION',
    'connect with a certificate as {subject}',
    '{subject} として証明書で接続',
  ),
  'refuse-right': security('CONNECTION', 'ask for {subject}', '{subject} を要求'),
  'open-channel': security(
    'CONNECTION',
    'open a second channel as {subject}',
    '{subject} として二つ目のチャネルを開始',
  ),
  heartbeat: security(
    'CONNECTION',
    'send heartbeats twice as {subject}',
    '{subject} として二重にハートビートを送信',
  ),
} as const satisfies Entry;

const settings = {
  'set-security': security('SEC_CONFIG', 'change the security settings', 'セキュリティ設定を変更'),
  'export-root': security('SEC_CONFIG', 'export the root key', 'ルート鍵をエクスポート'),
  'detach-root': security('SEC_CONFIG', 'take the root key off the server', 'ルート鍵をサーバーから切り離し'),
  'attach-root': security('SEC_CONFIG', 'bring the root key back', 'ルート鍵をサーバーに復帰'),
  'grant-read': security(
    'SEC_CONFIG',
    'let another host read the repository {subject} for a restore',
    '別のホストへのリストアのため、リポジトリ {subject} の読み取りを許可',
  ),
  'end-read-grant': security(
    'SEC_CONFIG',
    'end what another host may read of the repository {subject}',
    'リポジトリ {subject} に対する別のホストの読み取り許可を終了',
  ),
  'deposit-repository-password': security(
    'SEC_CONFIG',
    'hand over the repository password of {subject} at its upgrade',
    'アップグレード時に {subject} のリポジトリのパスワードを引き渡し',
  ),
  'release-repository-password': security(
    'SEC_CONFIG',
    'release the password of the repository {subject}',
    'リポジトリ {subject} のパスワードを払い出し',
  ),
} as const satisfies Entry;

const serverLists = {
  'create-server-list': security(
    'SEC_CONFIG',
    'create the management server list {subject}',
    '管理サーバーリスト {subject} を作成',
  ),
  'change-server-list': security(
    'SEC_CONFIG',
    'change the management server list {subject}',
    '管理サーバーリスト {subject} を変更',
  ),
  'delete-server-list': security(
    'SEC_CONFIG',
    'delete the management server list {subject}',
    '管理サーバーリスト {subject} を削除',
  ),
  'assign-server-list': security(
    'SEC_CONFIG',
    'assign a management server list to the group {subject}',
    'グループ {subject} に管理サーバーリストを割り当て',
  ),
  'unassign-server-list': security(
    'SEC_CONFIG',
    'take the management server list away from the group {subject}',
    'グループ {subject} への管理サーバーリストの割り当てを解除',
  ),
  'export-communication-package': security(
    'SEC_CONFIG',
    'export a communication package with the list {subject}',
    'リスト {subject} の通信パッケージをエクスポート',
  ),
  'sign-package': security(
    'SEC_CONFIG',
    'sign the install package {subject}',
    'インストールパッケージ {subject} に署名',
  ),
  'publish-package': security(
    'SEC_CONFIG',
    'sign the install package {subject} and publish it to agents',
    'インストールパッケージ {subject} に署名してエージェントに公開',
  ),
} as const satisfies Entry;

const protection = {
  'create-plan': operation('PLAN', 'create the plan {subject}', 'プラン {subject} を作成'),
  'change-plan': operation('PLAN', 'change the plan {subject}', 'プラン {subject} を変更'),
  'delete-plan': operation('PLAN', 'delete the plan {subject}', 'プラン {subject} を削除'),
  'order-backup': operation('JOB', 'back up {subject}', '{subject} をバックアップ'),
  'order-restore': security('JOB', 'restore on {subject}', '{subject} でリストア'),
  'order-browse': security(
    'JOB',
    'list a recovery point on {subject}',
    '{subject} で復旧ポイントの内容を表示',
  ),
  'order-maintain': security(
    'JOB',
    'remove expired recovery points on {subject}',
    '{subject} で期限切れの復旧ポイントを削除',
  ),
  'order-seal': security('JOB', 'seal a repository on {subject}', '{subject} でリポジトリを封印'),
  'cancel-job': operation('JOB', 'cancel the job {subject}', 'ジョブ {subject} をキャンセル'),
  'report-job': security('JOB', 'report a job as {subject}', '{subject} としてジョブを報告'),
  'report-offer': security('JOB', 'answer an order as {subject}', '{subject} として指示に応答'),
  'report-event': security('JOB', 'report an event as {subject}', '{subject} としてイベントを報告'),
  'report-snapshot': security(
    'POINT',
    'report a recovery point as {subject}',
    '{subject} として復旧ポイントを報告',
  ),
  'delete-point': security('POINT', 'delete the recovery point {subject}', '復旧ポイント {subject} を削除'),
  'seal-repository': security('POINT', 'seal the repository {subject}', 'リポジトリ {subject} を封印'),
} as const satisfies Entry;

const access = {
  'create-api-key': security('LOGIN', 'create the API key {subject}', 'API キー {subject} を作成'),
  'revoke-api-key': security('LOGIN', 'revoke the API key {subject}', 'API キー {subject} を取り消し'),
  'refuse-api-key': security('LOGIN', 'use the API key {subject}', 'API キー {subject} を使用'),
  'link-oidc': security(
    'LOGIN',
    'tie an identity for single sign-on to {subject}',
    '{subject} にシングルサインオンの識別情報を関連付け',
  ),
  'unlink-oidc': security(
    'LOGIN',
    'untie the identity for single sign-on of {subject}',
    '{subject} のシングルサインオンの関連付けを解除',
  ),
  'add-passkey': security('LOGIN', 'make a passkey for {subject}', '{subject} のパスキーを作成'),
  'rename-passkey': security('LOGIN', 'rename a passkey of {subject}', '{subject} のパスキーの名前を変更'),
  'remove-passkey': security('LOGIN', 'remove a passkey of {subject}', '{subject} のパスキーを削除'),
  'leak-api-key': security(
    'LOGIN',
    'send the API key {subject} in an address',
    'API キー {subject} を URL で送信',
  ),
} as const satisfies Entry;

const server = {
  'start-server': security(
    'SERVER',
    'start the management server {subject}',
    '管理サーバー {subject} を起動',
  ),
  'stop-server': security('SERVER', 'stop the management server {subject}', '管理サーバー {subject} を停止'),
  'change-configuration': security(
    'SERVER',
    'change the configuration of the management server {subject}',
    '管理サーバー {subject} の構成を変更',
  ),
  'back-up-database': security(
    'SERVER',
    'back up the database of {subject}',
    '{subject} のデータベースをバックアップ',
  ),
  'change-log-level': security(
    'SERVER',
    'change the log level to {subject}',
    'ログレベルを {subject} に変更',
  ),
  'cancel-task': operation('SERVER', 'cancel the task {subject}', 'タスク {subject} をキャンセル'),
  'change-clock': security(
    'SERVER',
    'change the clock of the management server {subject}',
    '管理サーバー {subject} の時計を変更',
  ),
  'create-audit-key': security(
    'SEC_CONFIG',
    'create the key of the audit log {subject}',
    '監査ログの鍵 {subject} を作成',
  ),
  'find-audit-tampering': security(
    'SEC_CONFIG',
    'change the audit log outside the program, at row {subject}',
    'プログラムの外で監査ログの行 {subject} を改ざん',
  ),
} as const satisfies Entry;

/**
 * Every act that the audit log knows. `recordAudit` takes no other, and a guard test (test/audit-events.test.ts) checks
 * that each is written somewhere in the sources.
 */
export const AUDIT_EVENTS = {
  ...server,
  ...certificates,
  ...tokens,
  ...accounts,
  ...hosts,
  ...groups,
  ...verification,
  ...names,
  ...serverLists,
  ...legacy,
  ...connections,
  ...settings,
  ...protection,
  ...access,
} as const;

export type AuditAct = keyof typeof AUDIT_EVENTS;

/** The event of an act, as far as this version knows it: a row may come from a newer one. */
export const auditEventOf = (act: string): AuditEvent | undefined =>
  Object.hasOwn(AUDIT_EVENTS, act) ? AUDIT_EVENTS[act as AuditAct] : undefined;

/** A row in one sentence: the words of its act, about the name that its detail gives, else its subject. */
export function auditSentence(
  row: { readonly act: string; readonly subject: string; readonly detail: Readonly<Record<string, unknown>> },
  language: Language,
): string {
  const event = auditEventOf(row.act);
  if (event === undefined) return `${row.act}: ${row.subject}`;
  const { name } = row.detail;
  return fill(event[language], { subject: typeof name === 'string' && name !== '' ? name : row.subject });
}

function security<Category extends AuditCategory>(category: Category, en: string, ja: string) {
  return { category, security: true, en, ja } as const;
}

/** Day-to-day work: written all the same, and told apart in the reference. */
function operation<Category extends AuditCategory>(category: Category, en: string, ja: string) {
  return { category, security: false, en, ja } as const;
}
