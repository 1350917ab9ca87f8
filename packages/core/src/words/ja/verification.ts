import type { Words } from '../en.ts';

const data = '管理サーバーのデータフォルダー';
const group = 'グループ (パス、一意な名前、または ID)';
const dryRun = '変更内容を表示するだけで、何も変更しない';

export const verificationNouns = {
  verification: 'エージェントが証明書で管理サーバーを検証するかどうか',
};

export const verificationVerbs = {
  'verification show': {
    summary: '管理サーバーを検証していないグループとその期限を表示',
    args: {},
    flags: { data },
    examples: { plain: 'オフになっているグループの確認' },
  },
  'verification off': {
    summary: 'グループのエージェントによる管理サーバーの検証を、期限までオフにする',
    args: { group },
    flags: { data, dryRun, until: '期間 (最大 14 日)。過ぎると自動的にオンに戻る' },
    examples: { dryRun: '対象の確認', plain: '1 日間オフにする', until: '3 日間オフにする' },
  },
  'verification on': {
    summary: 'グループのエージェントによる管理サーバーの検証をオンに戻す',
    args: { group },
    flags: { data, dryRun },
    examples: { plain: '期限より前に戻す' },
  },
};

export const verification = {
  group: 'グループ',
  hosts: 'ホスト数',
  from: '設定元',
  since: 'オフにした時刻',
  until: 'オンに戻る時刻',
  allOn: 'すべてのグループが管理サーバーを検証しています。',
  warning:
    '警告: {hosts}が証明書でこのサーバーを検証していません (最長 {until} まで): {groups}。その間、これらのホストは指示を受け付けず、報告を保留します。詳細: sekisho verification show',
  question: '{until} まで管理サーバーの検証をオフにしますか?',
  price:
    'その間、これらのエージェントはリストのアドレスで応答した相手と通信します。受け入れるのは署名付き文書だけで、指示は受け付けず、報告は保留し、バックアップはこれまでどおり行います。',
  off: '{group} のエージェントは {until} まで管理サーバーを検証しません。接続中のものにはすぐに、ほかには次のハートビートで伝わります。',
  on: '{group} のエージェントは再び管理サーバーを検証します。次のハートビートで伝わります。',
  agentOff:
    'このエージェントは署名付きの指示により、{until} まで管理サーバーを検証しません。その間は指示を受け付けず、報告を保留します。',
} satisfies Words['verification'];
