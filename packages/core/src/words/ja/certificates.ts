import type { certificates as en, certificateVerbs as enVerbs } from '../en/certificates.ts';

/** The help of the commands about the life of certificates. */
const data = '管理サーバーのデータフォルダー';

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
  outcomes: {
    renewed: '更新済み',
    failed: '失敗',
    offline: 'オフライン',
    unanswered: '応答なし',
  },
};
