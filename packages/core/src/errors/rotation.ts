import type { ErrorTable } from './table.ts';

/** Refusals of certificate updates (F-30 … F-37). */
export const rotationErrors = {
  ROTATION_UNDER_WAY: {
    status: 409,
    en: {
      words: '{by} has already started an update of the {kind} certificate ({id}).',
      hint: 'One update at a time. Watch it (sekisho rotation watch), or roll it back first (sekisho rotation rollback).',
    },
    ja: {
      words: '{by} が {kind} 証明書の更新を既に開始しています ({id})。',
      hint: '更新は一度に 1 つだけです。進行状況を確認するか (sekisho rotation watch)、先に元に戻してください (sekisho rotation rollback)。',
    },
  },
  ROTATION_ENDED: {
    status: 409,
    en: {
      words: 'This certificate update has ended ({phase}).',
      hint: 'See what was done: sekisho rotation list',
    },
    ja: {
      words: 'この証明書の更新は既に終了しています ({phase})。',
      hint: '実施内容の確認: sekisho rotation list',
    },
  },
  ROTATION_NONE: {
    status: 404,
    en: {
      words: 'No certificate is being updated.',
      hint: 'Start an update (sekisho rotation start tls), or name an earlier one (sekisho rotation list).',
    },
    ja: {
      words: '進行中の証明書の更新はありません。',
      hint: '更新を開始するか (sekisho rotation start tls)、以前の更新を指定してください (sekisho rotation list)。',
    },
  },
  ROTATION_NO_WAY_BACK: {
    status: 409,
    en: {
      words:
        'There is no way back from here ({phase}): the old certificate is withdrawn, the update is being rolled back already, or it is an emergency.',
      hint: 'Let it end (sekisho rotation watch); then start another update if you need one.',
    },
    ja: {
      words:
        'この段階 ({phase}) からは元に戻せません。古い証明書が取り下げ済みか、既に元に戻している途中か、緊急の更新です。',
      hint: '終了を待ってから (sekisho rotation watch)、必要なら新しい更新を開始してください。',
    },
  },
  ROTATION_WOULD_LOSE: {
    status: 409,
    en: {
      words: '{hosts} hosts have not acknowledged the change and would be lost.',
      hint: 'See them by name (sekisho rotation status), bring them back, or accept the loss (sekisho rotation accept-loss HOST…).',
    },
    ja: {
      words: '{hosts} 台のホストが変更を確認しておらず、このままでは失われます。',
      hint: 'ホスト名を確認し (sekisho rotation status)、復帰させるか、失うことを承認してください (sekisho rotation accept-loss ホスト…)。',
    },
  },
  ROTATION_HOST_NOT_ASKED: {
    status: 422,
    en: {
      words:
        'Nobody asked about {host}: it has acknowledged the change, comes back by itself, or is still waited for.',
      hint: 'Only hosts that "sekisho rotation status" lists as a question can be accepted as lost.',
    },
    ja: {
      words: '{host} は確認の対象ではありません。既に変更を確認したか、自力で復帰できるか、まだ待機中です。',
      hint: '失うことを承認できるのは、sekisho rotation status に確認事項として表示されるホストだけです。',
    },
  },
  ROTATION_PATH_UNFIT: {
    status: 422,
    en: {
      words: 'The path "{path}" does not fit an update of the {kind} certificate with {servers} servers.',
      hint: 'Leave --path out: the one that fits is chosen and explained (sekisho rotation plan {kind}).',
    },
    ja: {
      words: '経路「{path}」は、サーバー {servers} 台での {kind} 証明書の更新には使えません。',
      hint: '--path を省略すると、適切な経路が選ばれ、理由も表示されます (sekisho rotation plan {kind})。',
    },
  },
  ROTATION_KEY_DAMAGED: {
    status: 409,
    en: {
      words: 'The {role} key or certificate on this server is damaged: {detail}.',
      hint: 'Restore it from a backup rather than replace it: hosts then notice nothing. Only if there is no backup: sekisho rotation start {kind} --emergency lost',
    },
    ja: {
      words: 'このサーバーの {role} の鍵または証明書が破損しています: {detail}。',
      hint: '置き換えるのではなく、バックアップから復元してください。ホストには影響しません。バックアップがない場合のみ: sekisho rotation start {kind} --emergency lost',
    },
  },
  ROTATION_OUTSIDE_REFUSED: {
    status: 422,
    en: {
      words: 'The certificate from outside cannot be used ({count} faults): {faults}',
      hint: 'All faults are listed with what to do about each: sekisho rotation plan {kind} --certificate FILE --key FILE',
    },
    ja: {
      words: '外部の証明書は使用できません (問題 {count} 件): {faults}',
      hint: 'すべての問題と対処を確認してください: sekisho rotation plan {kind} --certificate ファイル --key ファイル',
    },
  },
  ROTATION_OUTSIDE_CA: {
    status: 422,
    en: {
      words: 'The CA of the domain is not replaced by a certificate from outside.',
      hint: 'Leave the certificate out: sekisho rotation start ca',
    },
    ja: {
      words: 'ドメインの CA を外部の証明書に置き換えることはできません。',
      hint: '証明書の指定を外してください: sekisho rotation start ca',
    },
  },
  ROTATION_SERVER_UNREAD: {
    status: 409,
    en: {
      words: 'Path 3 and this kind of update are not prepared on this server ({kind}, {path}).',
      hint: 'Update all server processes to the same version, then start again.',
    },
    ja: {
      words: 'このサーバーではこの種類の更新の準備ができていません ({kind}, {path})。',
      hint: 'すべてのサーバープロセスを同じバージョンに更新してから、もう一度開始してください。',
    },
  },
} as const satisfies ErrorTable;
