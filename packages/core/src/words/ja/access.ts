import type { accessNouns as nouns, accessVerbs as verbs, access as words } from '../en/access.ts';

const data = '管理サーバーのデータフォルダー';
const admin = '管理者の名前または ID';

export const accessNouns: typeof nouns = { key: 'API キー: 作成、一覧、取り消し' };

export const accessVerbs: typeof verbs = {
  'key create': {
    summary: 'API キーを作成して 1 回だけ表示する (キーの権限は、所有者のその時点の権限を超えない)',
    args: {},
    flags: {
      data,
      name: '一覧に表示するキーの用途',
      scope: 'キーに与える権限 (繰り返し可)。例: host.read、job.run',
      valid: '有効期間 (最長 366d)',
      group: '管理グループの ID。キーの範囲をそのグループとその下のグループに限定する',
      owner: 'キーの所有者。サインインした管理者がいないサーバー本体での実行時に必要',
    },
    examples: {
      report: 'ホストとジョブを読み取るレポート用、90 日間',
      branch: '1 つのグループでバックアップを開始する',
    },
  },
  'key list': {
    summary: 'API キーを一覧表示する',
    args: {},
    flags: { data, limit: '表示する最大行数', after: 'この位置の続きから表示' },
    examples: { plain: 'どのキーがあり、最後にいつ使われたか' },
  },
  'key show': {
    summary: 'API キーの詳細を表示する',
    args: { key: 'キーの ID' },
    flags: { data },
    examples: { plain: '何がいつまでできるキーか' },
  },
  'key revoke': {
    summary: 'API キーを取り消す (次の要求から拒否される)',
    args: { key: 'キーの ID' },
    flags: { data },
    examples: { plain: 'キーが漏えいした' },
  },
  'admin link-oidc': {
    summary: 'OpenID プロバイダーでの識別情報を管理者に関連付ける (セッションは終了する)',
    args: { name: admin },
    flags: {
      data,
      provider: 'server.json にあるプロバイダーの ID',
      subject: 'プロバイダーでの識別子 (拒否されたサインインに表示されたもの)',
    },
    examples: { plain: '以後はプロバイダーでサインインする' },
  },
  'admin unlink-oidc': {
    summary: 'OpenID プロバイダーとの関連付けを解除する (セッションは終了し、パスワードは引き続き使える)',
    args: { name: admin },
    flags: { data },
    examples: { plain: 'プロバイダーのアカウントを失った' },
  },
};

export const access: typeof words = {
  labels: {
    owner: '所有者',
    scopes: '権限',
    group: 'グループ',
    lastUsed: '最終使用',
    revokedAt: '取り消し',
  },
  states: { active: '有効', expired: '期限切れ', revoked: '取り消し済み' },
  notes: {
    noKeys: 'API キーはありません。',
    wholeDomain: '所有者の権限が及ぶ範囲',
    shownOnce:
      'このキーは 1 回しか表示されません。パスワードと同じように扱い、ヘッダー Authorization: Bearer KEY で送信するか、SEKISHO_API_KEY に設定してください。',
    revoked: '{owner} の API キー「{name}」を取り消しました。',
    linked: '{name} は {issuer} の {subject} としてサインインします。',
    unlinked: '{name} のシングルサインオンの関連付けを解除しました。',
  },
};
