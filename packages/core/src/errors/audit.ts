import type { ErrorTable } from './table.ts';

/** Refusals of the audit log, its hash tree and its signed checkpoints. */
export const auditErrors = {
  AUDIT_CHECKPOINT_MISSING: {
    status: 404,
    en: {
      words: 'The audit log has no signed checkpoint yet.',
      hint: 'The server signs one within seconds of its start: ask again. If it stays so, look into the log of the server.',
    },
    ja: {
      words: '監査ログには、署名済みのチェックポイントがまだありません。',
      hint: 'サーバーは起動後数秒で署名します。もう一度実行してください。変わらない場合は、サーバーのログを確認してください。',
    },
  },
  AUDIT_EXPORT_MALFORMED: {
    status: 400,
    en: {
      words: 'This is no export of an audit log: line {line}: {detail}.',
      hint: 'Give a whole and unchanged file of: sekisho audit export --format jsonl --out FILE',
    },
    ja: {
      words: '監査ログのエクスポートではありません。{line} 行目: {detail}',
      hint: '次のコマンドで作成した、欠けや変更のないファイルを指定してください: sekisho audit export --format jsonl --out FILE',
    },
  },
  AUDIT_FINGERPRINT_OTHER: {
    status: 403,
    en: {
      words: 'The CA fingerprint is {found}, not {expected}.',
      hint: 'This log is of another domain, or somebody put another CA in its place. Check the fingerprint with your administrator.',
    },
    ja: {
      words: 'CA 指紋は {found} であり、{expected} ではありません。',
      hint: '別のドメインのログであるか、CA がすり替えられています。指紋を管理者に確認してください。',
    },
  },
  AUDIT_LOG_CHANGED: {
    status: 409,
    en: {
      words: 'The audit log was changed: findings: {findings}, the first at row {first}.',
      hint: 'The findings are listed above. Keep the database and all exports and checkpoints as they are, and look for who had access to the database.',
    },
    ja: {
      words: '監査ログが改ざんされています。検出 {findings} 件、最初は行 {first} です。',
      hint: '検出内容は上に表示されています。データベース、エクスポート、チェックポイントをそのまま保全し、データベースにアクセスできた者を調査してください。',
    },
  },
  CHECKPOINT_ORIGIN_OTHER: {
    status: 403,
    en: {
      words: 'The checkpoint is of the log {found}, not of {expected}.',
      hint: 'Take a checkpoint of this domain: each line in the log of its server has one.',
    },
    ja: {
      words: 'チェックポイントはログ {found} のものであり、{expected} のものではありません。',
      hint: 'このドメインのチェックポイントを指定してください。サーバーのログの各行に記録されています。',
    },
  },
  NOTE_KEY_INVALID: {
    status: 400,
    en: {
      words: 'This is no verifier key for Ed25519 signatures of notes.',
      hint: 'A verifier key has the form NAME+HEX+BASE64. The right one is shown by: sekisho audit key',
    },
    ja: {
      words: 'ノートの Ed25519 署名を検証するための鍵ではありません。',
      hint: '検証鍵の形式は NAME+HEX+BASE64 です。正しい鍵は次のコマンドで表示されます: sekisho audit key',
    },
  },
  NOTE_MALFORMED: {
    status: 400,
    en: {
      words: 'This is no signed checkpoint.',
      hint: 'A checkpoint has an origin, a size, a root hash, an empty line and a signature, each in a line of its own. Give the file complete and unchanged.',
    },
    ja: {
      words: '署名済みのチェックポイントではありません。',
      hint: 'チェックポイントは、オリジン、サイズ、ルートハッシュ、空行、署名をそれぞれ一行に持ちます。欠けや変更のないファイルを指定してください。',
    },
  },
  NOTE_SIGNATURE_INVALID: {
    status: 403,
    en: {
      words: 'The signature of {name} on the checkpoint is wrong.',
      hint: 'The checkpoint was changed or forged. Compare it with copies that were kept elsewhere.',
    },
    ja: {
      words: 'チェックポイントに付いた {name} の署名が正しくありません。',
      hint: 'チェックポイントは変更または偽造されています。別の場所に保管した写しと照合してください。',
    },
  },
  NOTE_UNSIGNED: {
    status: 403,
    en: {
      words: 'The checkpoint has no signature of the right key of {name}.',
      hint: 'It is of another domain or signed with another key. The key is shown by: sekisho audit key',
    },
    ja: {
      words: 'チェックポイントには、{name} の正しい鍵による署名がありません。',
      hint: '別のドメインのものか、別の鍵で署名されています。鍵は次のコマンドで表示されます: sekisho audit key',
    },
  },
} as const satisfies ErrorTable;
