import type { legacy as words, legacyNouns as nouns, legacyVerbs as verbs } from '../en/legacy.ts';

const data = '管理サーバーのデータフォルダー';
const host = 'レガシーホストの名前または ID';

export const legacyNouns: typeof nouns = { legacy: '管理者が許可した、証明書のないホスト' };

export const legacyVerbs: typeof verbs = {
  'agent upgrade': {
    summary:
      '署名付きパッケージをインストールする、またはレガシーエージェントから証明書・設定・リポジトリを引き継ぐ',
    args: {},
    flags: {
      data: 'エージェントのデータフォルダー',
      package: 'このパッケージをインストールする (署名は同じ場所に置く)',
      fromServer: '管理サーバーがこの種類のマシン用に公開しているものをインストールする',
      allowOlder: '古いバージョンに戻すことも許す',
      check: 'パッケージの検証だけを行い、インストールしない',
      fromLegacy: 'レガシーエージェントのフォルダー',
      server: 'サーバーのアドレス (レガシーエージェントの設定と異なる場合。ポートの既定値は 13000)',
      caFingerprint: '管理者から受け取った CA 指紋: 16 進数 64 桁',
      caFingerprintFile: 'CA 指紋を含むファイル',
      caFingerprintUrl: 'CA 指紋を配布している別ホストの https アドレス',
      tokenFile: 'トークンを含むファイル (セキュリティレベルによって必要。- は標準入力)',
      tokenEnv: 'トークンを含む環境変数',
      skipCertificate: '自動更新用: インストールだけ行い、証明書は後から手動で配備する',
    },
    examples: {
      carried: 'このホストにコピーしたパッケージ',
      fetched: '管理サーバーが公開しているパッケージ',
      plain: 'CA を確認して引き継ぐ',
      updater: '自動更新では証明書の配備を人に任せる',
    },
  },
  'legacy add': {
    summary: '証明書のないホストの接続を許可する (もう一度実行すると新しいキーを渡す)',
    args: { name: 'ホストの名前' },
    flags: {
      data,
      address: '接続を許可する唯一のアドレス',
      media: 'メディアサーバーである (平文の restic REST サーバー)',
      endpoint: 'レガシーメディアサーバーの接続先',
      collector: '設定で指定したレポートコレクターである',
    },
    examples: {
      plain: '古いマシンが自身をバックアップする',
      media: '古いメディアサーバー',
    },
  },
  'legacy list': {
    summary: '証明書なしの接続を許可したホストを一覧表示する',
    args: {},
    flags: { data, limit: '表示する最大行数', after: 'この位置の次から表示する' },
    examples: { plain: 'この設定をまだ必要とするホストを確認する' },
  },
  'legacy remove': {
    summary: 'レガシーホストの許可を取り消す (復旧ポイントは残る)',
    args: { host },
    flags: { data },
    examples: { plain: 'マシンがなくなった' },
  },
  'legacy grant': {
    summary: 'レガシーホストに、自身のバックアップの読み取りを期限付きで許可する',
    args: { host },
    flags: {
      data,
      for: '許可する時間 (15m、2h など、最長 7d)',
      off: '許可を取り消す',
      repository: '対象のリポジトリ (省略時は最新のもの)',
    },
    examples: { plain: '古いマシンでリストアする', off: '許可を取り消す' },
  },
};

export const legacy: typeof words = {
  labels: {
    kind: '種類',
    address: 'アドレス',
    endpoint: '接続先',
    key: 'キー',
    addedBy: '許可した管理者',
    readable: '読み取り期限',
    now: '現在の接続',
  },
  kinds: { client: 'クライアント', media: 'メディアサーバー', collector: 'レポートコレクター' },
  notes: {
    none: '証明書なしで通信するホストはありません。',
    added: '安全でない通信がオンの間、{name} は証明書なしで接続できます。',
    keyOnce:
      'このキーは 1 回しか表示されません。キーは平文でネットワークを流れます。アップグレードするまで、通信を盗聴できる者はこのホストのバックアップに追記できます。',
    mediaAdded:
      '{name} は {endpoint} のレガシーメディアサーバーです。エージェントが送るデータは平文でネットワークを流れます。',
    isOff:
      '安全でない通信はオフです。これらのホストは接続できません。sekisho security set --insecure-communication on',
    confirmRemove: '{name} の許可を取り消しますか?',
    removed: '{name} は今後拒否されます。',
    granted: '{name} は {until} まで {repository} を読み取れます。',
    grantEnded: '{name} の読み取り許可を取り消しました。',
    upgraded: '{name} に証明書を配備しました。レガシーエージェントは終了し、その設定は保存されています。',
    upgradeLater:
      '{name}: 現行のエージェントを証明書なしでインストールしました。レガシーエージェントは引き続き動作します。証明書を手動で配備してください: {command}',
    repositoryGoesOn: 'リポジトリを引き継ぎました: {repositories}',
    repositoryNew:
      '古いリポジトリのパスワードが引き渡されなかったため、新しいリポジトリを作成します。以前のバックアップは残り、読み取りには古いパスワードが必要です。',
    risk: 'リスク: 証明書のないホストが平文で通信できます。まだ必要としているホスト: {hosts}',
    riskNobody:
      '安全でない通信を必要とするホストはありません: sekisho security set --insecure-communication off',
  },
};
