import type {
  certificates as en,
  certificateVerbs as enVerbs,
  clusterVerbs as enClusterVerbs,
} from '../en/certificates.ts';

/** The help of the commands about the life of certificates. */
const data = '管理サーバーのデータフォルダー';
const agentData = 'エージェントのデータフォルダー';

export const certificateVerbs: typeof enVerbs = {
  'cert forecast': {
    summary: '今後、日ごとに何件の証明書が更新されるかを表示',
    args: {},
    flags: { data, days: '表示する日数' },
    examples: { plain: '今後 1 か月', year: '今後 1 年' },
  },
  'cert drill': {
    summary: '更新が機能することを確かめる: 一部のホストの証明書を今すぐ更新',
    args: {},
    flags: {
      data,
      share: '全ホストに対する割合 (パーセント)。対象は無作為に選ばれる',
      host: '対象のホスト (名前または ID、複数指定可)',
      wait: 'オンラインなのに更新しないホストを「応答なし」とみなすまでの時間',
    },
    examples: { share: '20 台に 1 台', hosts: '選んだ 2 台' },
  },
  'cert request': {
    summary: 'サーバーに接続できないホストで、鍵と証明書要求のファイルを作成',
    args: {},
    flags: {
      data: agentData,
      out: '要求の書き込み先',
      name: 'ホストの名前 (既定値: このマシンの名前)',
      alias: 'その他の名前またはアドレス (複数指定可)',
      media: 'メディアサーバーの役割を求める',
      reissue: 'このホストの現在の証明書を置き換える',
    },
    examples: { plain: '新しいホスト', again: '証明書を失ったホスト (再発行トークンが必要)' },
  },
  'cert sign': {
    summary: 'ファイルで届いた証明書要求を審査し、応答ファイルを作成',
    args: { file: '証明書要求。- は標準入力' },
    flags: {
      data,
      out: '応答の書き込み先',
      tokenFile: '認証トークンのファイル。- は標準入力',
      tokenEnv: 'トークンを持つ環境変数',
      media: 'ホストがメディアサーバーになることを許可',
    },
    examples: { plain: '新しいホストを承認', reissue: 'ホスト ID を持つホスト: 再発行トークンを使う' },
  },
  'cert export': {
    summary: 'このホストの鍵と証明書を、パスフレーズで保護したファイルに保存',
    args: {},
    flags: {
      data: agentData,
      out: 'ファイルの書き込み先',
      passphraseFile: 'パスフレーズのファイル。- は標準入力',
      passphraseEnv: 'パスフレーズを持つ環境変数',
    },
    examples: { ask: 'パスフレーズを 2 回入力', script: 'スクリプトから' },
  },
  'cert import': {
    summary: 'エクスポートした鍵と証明書をこのホストに戻す',
    args: { file: 'エクスポートしたファイル' },
    flags: {
      data: agentData,
      passphraseFile: 'パスフレーズのファイル。- は標準入力',
      passphraseEnv: 'パスフレーズを持つ環境変数',
    },
    examples: { ask: 'マシンを再インストールしたあと' },
  },
  'agent uninstall': {
    summary: 'このホストの証明書、鍵、信頼情報とエージェントのデータを削除',
    args: {},
    flags: { data: agentData, keepData: '報告、ジョブの記録、リポジトリを残す' },
    examples: { plain: '最初に削除される内容を表示', keep: 'リポジトリを残すメディアサーバー' },
  },
  'cert install': {
    summary: 'ホストで、cert sign が作成したファイルから証明書を配布',
    args: { file: '応答ファイル。- は標準入力' },
    flags: { data: agentData, caFingerprint: '管理者から受け取った CA 指紋' },
    examples: { plain: 'すべて検証してから変更を加える' },
  },
};

const cluster = 'クラスターの仮想名';
const node = 'ノード自身のプライマリ名 (複数指定可)';

export const clusterVerbs: typeof enClusterVerbs = {
  'cluster create': {
    summary: '仮想名を共有するノードを指定',
    args: { name: cluster },
    flags: { data, node },
    examples: { two: '2 つのノード。仮想名は両方に承認される' },
  },
  'cluster list': {
    summary: 'クラスターの一覧',
    args: {},
    flags: { data },
    examples: { plain: '各クラスターのノードと状態' },
  },
  'cluster show': {
    summary: '各ノードが証明書と仮想名を持つかを表示',
    args: { name: cluster },
    flags: { data },
    examples: { plain: '1 つのクラスター' },
  },
  'cluster add-node': {
    summary: 'ノードを追加し、仮想名を承認',
    args: { name: cluster, node: 'ノード自身のプライマリ名' },
    flags: { data },
    examples: { plain: '3 つ目のノード' },
  },
  'cluster remove-node': {
    summary: 'ノードを削除。以後、仮想名は使えない',
    args: { name: cluster, node: 'ノード自身のプライマリ名' },
    flags: { data },
    examples: { plain: '廃止したノード' },
  },
  'cluster delete': {
    summary: 'クラスターを削除。以後、どのノードも仮想名を使えない',
    args: { name: cluster },
    flags: { data },
    examples: { script: '確認なしで実行' },
  },
  'cluster reissue-tokens': {
    summary: 'すべてのノードの再発行トークンをまとめて作成 (ディザスタリカバリ後)',
    args: { name: cluster },
    flags: { data, outFolder: '表示する代わりに、ノードごとのファイルに書き込む' },
    examples: { files: 'ノードごとに、所有者だけが読めるファイル', print: '一度だけ表示' },
  },
};

/** What they say. */
export const certificates: typeof en = {
  day: '日 (開始)',
  renewals: '更新数',
  load: '負荷',
  outcome: '結果',
  forecastTotal: 'この期間に {total} 件中 {shown} 件の証明書が更新されます。最も多い日は {most} 件です。',
  drillPreview:
    '次のホストは今すぐ新しい鍵と証明書を取得します ({total} 台中 {count} 台)。その間もバックアップは続きます:',
  drillMore: '… ほか {count} 台',
  drillOffline: 'このうち {count} 台はオフラインのため、今は更新できません。',
  drillQuestion: '訓練を開始しますか?',
  drillStarted: '訓練はタスク {id} です。途中で終えるには: sekisho task cancel {id}',
  drillDone: '更新済み: {renewed}、失敗: {failed}、オフライン: {offline}、応答なし: {unanswered}',
  drillResultMore: '… ほか {count} 台。すべての結果: sekisho task show {id}',
  drillProblems:
    '該当するホストを確認してください: sekisho host show HOST。ホスト上では: sekisho agent status',
  requestWritten: '証明書要求を {path} に書き込みました。鍵はこのホストに残ります。要求の SHA-256:',
  requestNext:
    'ファイルを管理者に渡し、上の値を照合してもらってください: sekisho cert sign {file} --out answer.json。その後、このホストで: sekisho cert install answer.json --ca-fingerprint HEX',
  signPreview: '次の名前の証明書が要求されています: {names}。要求の SHA-256:',
  signMedia: 'メディアサーバーの役割も求めています。',
  signCompare: 'ホストに表示された値と照合してください。',
  signQuestion: '承認しますか?',
  signed: '{name} ({id}) の証明書を発行しました: {path}',
  signNext: 'ファイルをホストに渡してください: sekisho cert install {file} --ca-fingerprint HEX',
  exportWritten:
    '{path} に {name} の鍵と証明書を保存しました。このファイルとパスフレーズがあれば誰でもこのホストになりすませます。別々に保管してください。',
  imported: '{name} の証明書を戻しました ({until} まで有効)。',
  importUnchecked:
    '取り消されていないかを管理サーバーに確認できませんでした。取り消し済みの場合、エージェントは拒否されます。',
  uninstallPreview: '{name} について、{folder} から証明書、鍵、信頼する CA、署名付き文書を削除します。',
  uninstallKeeps: '報告、ジョブの記録、リポジトリは残ります。',
  uninstallReports: 'サーバーに届いていない報告 {count} 件も失われます。',
  uninstallRepositories: 'リポジトリ {count} 個と、そのホストのすべての復旧ポイントも失われます。',
  uninstallRuns: '先に、実行中のエージェントを停止します。',
  uninstallExport: '証明書を残すには、先に保存してください: sekisho cert export --out FILE',
  uninstallQuestion: 'アンインストールしますか?',
  uninstalled: '{name} のエージェントをアンインストールしました。',
  uninstallTold: '管理サーバーに通知しました。',
  uninstallUntold: '管理サーバーに通知できませんでした。',
  uninstallRevoke:
    '証明書は期限まで有効です。今すぐ無効にするには、管理サーバーで: sekisho cert revoke {name} --reason cessationOfOperation',
  node: 'ノード',
  nodeCertificate: '証明書',
  nodeMapped: '仮想名',
  nodeProtocol: 'プロトコル',
  protocolLegacy: 'レガシー',
  protocolCurrent: '現行',
  nodeStates: { valid: '有効', revoked: '取り消し済み', expired: '期限切れ', none: 'なし' },
  clusterNodes: 'ノード',
  clusterTrouble: '要確認',
  noClusters: 'クラスターはありません。作成するには: sekisho cluster create NAME --node NODE --node NODE',
  clusterNodeUnmapped:
    '{node} は {name} を名乗れないため、引き継いだときに拒否されます。承認するには: sekisho mapping add {name} --host {node} --share',
  clusterNodeNotHost:
    '{node} はまだホストではありません。自身の名前でセットアップしてください: sekisho agent setup --name {node}',
  clusterNodeNoCertificate:
    '{node} には有効な証明書がありません。全ノードのトークンを作成するには: sekisho cluster reissue-tokens {name}',
  clusterMixed: 'レガシーノード: {nodes}。仮想名を共有するノードは一緒に更新する必要があります。',
  clusterDeletePreview: '{name} のノードは、以後この名前を名乗れません: {nodes}',
  clusterDeleteQuestion: 'クラスターを削除しますか?',
  clusterDeleted: 'クラスター {name} を削除しました。',
  clusterTokensShown: 'トークンは一度だけ表示されます。それぞれ 1 つのノードに 24 時間有効です:',
  clusterTokensWritten: '再発行トークン (それぞれ 1 つのノードに 24 時間有効): {folder}',
  clusterTokenUse: '各ノードで: sekisho agent setup --reissue --token-file FILE',
  activeNodeDeployed: '{node} のエージェントに証明書を配置しました。{name} を名乗れます。',
  otherNodeNext:
    'サーバーの起動後、{node} を手動で配置してください。このマシンで: sekisho token create --name {node} --host {node}。{node} で: sekisho agent setup --server {name} --name {node}。その後、仮想名を許可してください: sekisho cluster add-node {name} {node}',
  serverJoined: 'このサーバーはドメインに加わりました。接続に使うアドレス: {addresses}',
  serverJoinedNext: '起動してください: sekisho server run --data {data}',
  clusterWithoutHost:
    '{nodes} は未登録のためトークンはありません。通常のトークンを作成してください: sekisho token create',
  outcomes: {
    renewed: '更新済み',
    failed: '失敗',
    offline: 'オフライン',
    unanswered: '応答なし',
  },
};
