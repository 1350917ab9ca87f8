import type { audit as enAudit, auditVerbs as enVerbs } from '../en/audit.ts';

const data = '管理サーバーのデータフォルダー';

export const auditVerbs: typeof enVerbs = {
  'audit list': {
    summary: '監査ログを新しい順に一覧表示する',
    args: {},
    flags: {
      data,
      limit: '表示する最大行数',
      before: 'この番号より前から表示する',
      category: 'この分類のみ',
      act: 'この操作のみ',
      actor: 'この管理者、ホスト、またはキーによる操作のみ',
      origin: 'このアドレスからの操作のみ',
      subject: 'この対象への操作のみ',
      outcome: '完了したもののみ、または拒否されたもののみ',
      since: 'この時間以内のもののみ (例: 24h)',
      until: 'この時間より前のもののみ (例: 1h)',
    },
    examples: { plain: '誰が何をしたか', refused: '直近 1 日に拒否されたもの' },
  },
  'audit show': {
    summary: '監査ログの 1 行を詳細とともに表示する',
    args: { seq: '行の番号' },
    flags: { data, proof: '署名済みチェックポイントに含まれることの証明も表示する' },
    examples: { plain: '正確には何が変更されたか', proof: '証明とともに' },
  },
  'audit verify': {
    summary: '監査ログの行が変更、削除、挿入されていないことを証明する',
    args: {},
    flags: {
      data,
      caFingerprint: 'ドメインの CA 指紋。省略時はサーバーの回答を信用する',
      checkpoint: '別の場所に保管したチェックポイントのファイル。ログはその続きでなければならない',
      file: 'サーバーの代わりに使うエクスポート',
      save: '証明できた最新のチェックポイントをこのファイルに書き込む',
    },
    examples: {
      plain: 'このサーバーのログを証明する',
      kept: '前回の続きであることを証明し、新しいチェックポイントを保管する',
      offline: '別のマシンでエクスポートを証明する',
    },
  },
  'audit export': {
    summary: '監査ログ全体をファイルに書き出す',
    args: {},
    flags: {
      data,
      format: 'jsonl (「audit verify --file」で証明できる)、または表計算ソフト用の csv',
      out: '作成するファイル。- は標準出力',
      bom: 'CSV の先頭に BOM を付ける (Excel 用)',
    },
    examples: { plain: 'ログを証明とともに別の場所に保管する', excel: '表計算ソフト用' },
  },
  'audit key': {
    summary: '監査ログのチェックポイントを検証する公開鍵を表示する',
    args: {},
    flags: { data },
    examples: { plain: 'チェックポイントを監視するツール用' },
  },
};

export const audit: typeof enAudit = {
  progress: '{total} 行中 {done} 行',
  proved: '証明できました: {size} 行は署名されたとおりです。',
  newer: '新しい {rows} 行は、まだチェックポイントに含まれていません。',
  continues: 'ログは {file} のチェックポイントの続きです。',
  believed: 'CA 指紋はサーバーの回答です: {fingerprint}。照合するか、--ca-fingerprint で指定してください。',
  saved: 'チェックポイントを {file} に書き込みました。サーバーとは別の場所に保管してください。',
  exported: '{rows} 行を {file} に書き込みました。',
  more: 'ほかに {rows} 件の検出',
  notCovered: 'まだチェックポイントに含まれていません',
  labels: {
    origin: 'ログ',
    key: '検証鍵',
    fingerprint: 'CA 指紋',
    root: 'ルートハッシュ',
    size: '行数',
    what: '内容',
    words: '説明',
    detail: '詳細',
    leaf: 'リーフハッシュ',
    proof: '証明',
    checkpoint: 'チェックポイント',
  },
  findings: {
    changed: '行が変更されています',
    removed: '行が削除されています',
    inserted: '行が挿入されています (プログラムは書き込んでいません)',
    moved: '行の順序が変えられています',
    cut: 'ログがここで終わり、チェックポイントに達していません',
    tree: 'この行以降、保存されたハッシュが変更されています',
    rewritten: 'この行以降、以前に署名されたログとは異なります',
  },
};
