/** One metric: what it is in both languages, and what its labels may be. No label ever holds a name or an ID of a host. */
export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly en: string;
  readonly ja: string;
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TRANSACTION_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** Every metric of a management server, besides those of the Node process itself (`process_…`, `nodejs_…`). */
export const METRICS = {
  sekisho_build_info: {
    type: 'gauge',
    labels: ['version', 'database'],
    en: 'Always 1; the labels say which version runs and on which kind of database.',
    ja: '常に 1。ラベルがバージョンとデータベースの種類を示します。',
  },
  sekisho_ready: {
    type: 'gauge',
    labels: [],
    en: '1 while the server is ready to serve, else 0.',
    ja: 'サーバーが準備完了なら 1、そうでなければ 0。',
  },
  sekisho_http_requests_total: {
    type: 'counter',
    labels: ['listener', 'method', 'route', 'status'],
    en: 'Requests answered, by listener, route pattern and status.',
    ja: '応答した要求の数 (リスナー、ルートの型、ステータス別)。',
  },
  sekisho_http_request_seconds: {
    type: 'histogram',
    labels: ['listener'],
    buckets: REQUEST_SECONDS,
    en: 'Seconds from a request to the end of its answer, by listener.',
    ja: '要求から応答の終わりまでの秒数 (リスナー別)。',
  },
  sekisho_certificate_requests_total: {
    type: 'counter',
    labels: ['kind', 'outcome'],
    en: 'Certificate requests: kind enrol or renew; outcome issued, refused or failed.',
    ja: '証明書の要求の数。kind は enrol または renew、outcome は issued、refused、failed のいずれか。',
  },
  sekisho_certificate_request_seconds: {
    type: 'histogram',
    labels: ['kind'],
    buckets: REQUEST_SECONDS,
    en: 'Seconds that a certificate request took, from the request to the durable answer.',
    ja: '証明書の要求から永続化された応答までの秒数。',
  },
  sekisho_sign_in_refusals_total: {
    type: 'counter',
    labels: ['reason'],
    en: 'Requests of the administration port that were refused for who they came from: sign-in (401), right (403), limit (429).',
    ja: '管理用ポートで、要求元を理由に拒否した数: サインイン (401)、権限 (403)、制限 (429)。',
  },
  sekisho_channel_sessions: {
    type: 'gauge',
    labels: [],
    en: 'Channels of agents that are open on this process.',
    ja: 'このプロセスで開いているエージェントのチャネルの数。',
  },
  sekisho_channels_opened_total: {
    type: 'counter',
    labels: [],
    en: 'Channels of agents opened since the start.',
    ja: '起動後に開いたエージェントのチャネルの数。',
  },
  sekisho_channel_frames_total: {
    type: 'counter',
    labels: ['kind'],
    en: 'Frames that agents sent on channels, by kind.',
    ja: 'エージェントがチャネルで送ったフレームの数 (種類別)。',
  },
  sekisho_heartbeats_total: {
    type: 'counter',
    labels: [],
    en: 'Heartbeats answered, on channels and by POST.',
    ja: '応答したハートビートの数 (チャネルと POST の合計)。',
  },
  sekisho_hosts: {
    type: 'gauge',
    labels: [],
    en: 'Hosts in the fleet index.',
    ja: 'ホストの数 (メモリー上の索引)。',
  },
  sekisho_connections_unverified: {
    type: 'gauge',
    labels: [],
    en: 'Connections of the agent port that have shown no valid certificate.',
    ja: 'エージェント用ポートで、有効な証明書をまだ示していない接続の数。',
  },
  sekisho_feed_lag_seconds: {
    type: 'gauge',
    labels: [],
    en: 'Seconds since the change feed was last read to its end.',
    ja: '変更フィードを最後に読み終えてからの秒数。',
  },
  sekisho_store_transactions_total: {
    type: 'counter',
    labels: ['outcome'],
    en: 'Transactions of the database: committed or failed.',
    ja: 'データベースのトランザクションの数: committed または failed。',
  },
  sekisho_store_transaction_seconds: {
    type: 'histogram',
    labels: [],
    buckets: TRANSACTION_SECONDS,
    en: 'Seconds that a transaction took, its waiting included.',
    ja: 'トランザクションにかかった秒数 (待ち時間を含む)。',
  },
  sekisho_certificates: {
    type: 'gauge',
    labels: ['days_left'],
    en: 'Newest host certificates that are not revoked, by the days left: expired, 7, 30, 90, more.',
    ja: '失効していない最新のホスト証明書の数。残り日数別: expired、7、30、90、more。',
  },
  sekisho_server_certificate_days_left: {
    type: 'gauge',
    labels: [],
    en: "Days until the server's own TLS certificate ends.",
    ja: 'サーバー自身の TLS 証明書の残り日数。',
  },
  sekisho_crl_number: {
    type: 'gauge',
    labels: ['issuer'],
    en: 'Number of the newest revocation list, by issuer: root or issuing.',
    ja: '最新の失効リストの番号 (発行者別: root または issuing)。',
  },
  sekisho_crl_age_seconds: {
    type: 'gauge',
    labels: ['issuer'],
    en: 'Age of the newest revocation list.',
    ja: '最新の失効リストの経過秒数。',
  },
  sekisho_jobs: {
    type: 'gauge',
    labels: ['state'],
    en: 'Jobs in the database by state, the missed ones included.',
    ja: 'データベースにあるジョブの数 (状態別。実行されなかったものを含む)。',
  },
  sekisho_tasks: {
    type: 'gauge',
    labels: ['state'],
    en: 'Long work of the server by state.',
    ja: 'サーバーの時間のかかる処理の数 (状態別)。',
  },
  sekisho_outbox_rows: {
    type: 'gauge',
    labels: [],
    en: 'Events that wait to be told to people.',
    ja: '通知を待っているイベントの数。',
  },
  sekisho_audit_rows: {
    type: 'gauge',
    labels: [],
    en: 'Rows of the audit log.',
    ja: '監査ログの行数。',
  },
  sekisho_audit_tree_size: {
    type: 'gauge',
    labels: [],
    en: 'Rows of the audit log under the newest signed checkpoint.',
    ja: '最新の署名付きチェックポイントに含まれる監査ログの行数。',
  },
  sekisho_lease_held: {
    type: 'gauge',
    labels: ['duty'],
    en: '1 for each duty that this process has now.',
    ja: 'このプロセスが現在受け持つ職務ごとに 1。',
  },
  sekisho_database_bytes: {
    type: 'gauge',
    labels: [],
    en: 'Size of the database.',
    ja: 'データベースのサイズ (バイト)。',
  },
  sekisho_disk_free_bytes: {
    type: 'gauge',
    labels: [],
    en: 'Free space of the disk that holds the data folder.',
    ja: 'データフォルダーのあるディスクの空き容量 (バイト)。',
  },
  sekisho_disk_bytes: {
    type: 'gauge',
    labels: [],
    en: 'Size of the disk that holds the data folder.',
    ja: 'データフォルダーのあるディスクの容量 (バイト)。',
  },
  sekisho_database_backup_age_seconds: {
    type: 'gauge',
    labels: [],
    en: 'Age of the newest backup of the database; -1 when there is none.',
    ja: '最新のデータベースのバックアップの経過秒数。ない場合は -1。',
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

export type MetricName = keyof typeof METRICS;
type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['labels'][number], string | number>
>;
export type MetricLabels<Name extends MetricName> = LabelsOf<Name>;
