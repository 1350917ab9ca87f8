import { METRICS, type MetricEntry } from '@sekisho/server/metrics/table.ts';
import { printedNote, table, type Page } from './page.ts';

const WORDS = {
  en: {
    title: '# Metrics',
    intro:
      "`GET /metrics` on the administration port, in Prometheus' text format, for whoever has the right `server.read`: give Prometheus an API key as bearer token. The setting `metrics.listen` opens a plain listener without sign-in instead. No label holds a name of a host. Figures of the database are at most about a minute old; no reading waits for SQL after the first one. Metrics that begin with `process_` and `nodejs_` are those of the Node process: memory, CPU, event-loop lag, garbage collection.",
    head: ['Metric', 'Type', 'Labels', 'Meaning'],
  },
  ja: {
    title: '# メトリクス',
    intro:
      '管理用ポートの `GET /metrics` が、`server.read` 権限を持つ相手に Prometheus のテキスト形式で返します。Prometheus には API キーをベアラートークンとして設定します。設定 `metrics.listen` を使うと、サインインなしの平文リスナーを開けます。ラベルにホストの名前が入ることはありません。データベースから得る値は 1 分ほど古いことがあり、最初の 1 回を除いて読み取りが SQL を待つことはありません。`process_` と `nodejs_` で始まるものは Node プロセスのメトリクスです (メモリー、CPU、イベントループの遅れ、ガベージコレクション)。',
    head: ['メトリクス', '種類', 'ラベル', '意味'],
  },
} as const;

/** Every metric of a management server, one page per language. */
export const metricsPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => ({
    path: `docs/reference/metrics.${language}.md`,
    text:
      [
        WORDS[language].title,
        printedNote(language),
        WORDS[language].intro,
        table(
          WORDS[language].head,
          Object.entries<MetricEntry>(METRICS).map(([name, entry]) => [
            `\`${name}\``,
            entry.type,
            entry.labels.map((label) => `\`${label}\``).join(', '),
            entry[language],
          ]),
        ),
      ].join('\n\n') + '\n',
  }));
