import type { Words } from '../en.ts';

/** `sekisho simulate` のヘルプ。 */
export const simulateVerbs: Pick<Words['verbs'], 'simulate'> = {
  simulate: {
    summary: '任意の数のエージェントをサーバーに接続し、必要な規模を見積もる',
    args: {},
    flags: {
      server: '管理サーバー。省略時はシミュレーション用のサーバーを作り、終了後に削除する',
      caFingerprint: 'そのサーバーの CA 指紋',
      tokenFile: '必要な数のホストに使えるトークンを書いたファイル。- は標準入力',
      tokenEnv: 'トークンを入れた環境変数',
      agents: 'エージェントの数',
      heartbeat: '1 つのエージェントのハートビートの間隔',
      duration: '全エージェントの開始後に計測する時間',
      spread: 'この時間の中に分散して開始する (既定: ハートビート 1 回分、ただし毎秒 50 個まで)',
      seed: 'ホスト名に使い、分散のしかたを再現する番号 (既定: 乱数)',
      enrolRate: '1 秒あたりの証明書の上限',
      jobsPerHour: '全エージェントが合わせて 1 時間に報告する実行結果の数',
      cleanup: '終了後、この番号の仮想ホストをすべて失効させる (ローカルのサーバー経由)',
      data: '--cleanup で使うローカルのサーバーのデータフォルダー',
    },
    examples: {
      plain: 'このマシンのサーバーがどこまで耐えるか',
      server: '1,000 台分のトークンを使い、検証用サーバーに対して',
      cleanup: 'サーバー上で実行し、有効な証明書を残さない',
    },
  },
};

/** `sekisho simulate` の表示。 */
export const simulate: Words['simulate'] = {
  makingServer: 'シミュレーション用のサーバーを作成しています…',
  waitingServer: 'シミュレーション用のサーバーの応答',
  enrolling: '証明書を取得中: {done} / {total}',
  connecting: 'エージェントを開始中: {done} / {total}、接続 {connected}',
  running: '計測中: {done} / {total}、接続 {connected}',
  lastWords: '"{process}" の最後の出力:',
  cleaned: '失効させました: {hosts}。',
  seedNext: 'ホスト名は sim-{seed}-… です。失効させるまで証明書は有効です。',
  passed: '失われたエージェントはありません。',
  failed: '{agents} 個のうち {lost} 個のエージェントが失われました。',
  interrupted: '中断されました。それまでの計測結果です。',
  columns: {
    agents: 'エージェント',
    enrolled: '証明書',
    connected: '終了時の接続',
    lost: '喪失',
    heartbeats: '応答のあったハートビート',
    missed: '欠けたハートビート',
    reconnects: '再接続',
    latency: '応答までの時間',
    jobs: '報告したジョブ',
    documents: '確認応答した文書',
    errors: 'エラー',
    memory: 'シミュレーションのメモリ',
  },
  rate: '{count} (毎秒 {rate})',
  missedOf: '{missed} (1 つのエージェントで最大 {most})',
  percentiles: '{p50} ms (半数)、{p99} ms (99 %)、{max} ms (全体)',
};
