import type { revocations as words, revocationVerbs as verbs } from '../en/revocation.ts';

/** 失効の状況を確認するコマンドのヘルプ (T-44)。 */
const data = '管理サーバーのデータフォルダー';

export const revocationVerbs: typeof verbs = {
  'cert revocations': {
    summary: '証明書の失効と、それを反映したホストの数を一覧表示する',
    args: {},
    flags: {
      data,
      host: 'このホストだけ (名前または ID)',
      limit: '表示する最大行数',
      after: '次のページ (前のページの最後に表示された値)',
    },
    examples: { plain: '新しいものから', host: '1 台のホストのもの' },
  },
  'cert revocation': {
    summary: '1 件の失効と、まだ反映していないホストを表示する',
    args: { number: '失効の番号' },
    flags: { data, limit: '表示する最大ホスト数', after: '次のページ (前のページの最後に表示された値)' },
    examples: { plain: 'まだ拒否していないホストを調べる' },
  },
};

export const revocations: typeof words = {
  confirmed: '反映済み',
  half: '半数まで',
  all: '全ホストまで',
  listed: 'リスト掲載まで',
  none: '失効はまだありません。',
  title: '失効 {id}: {name}',
  share: '{hosts} 台中 {confirmed} 台',
  allConfirmed: 'ほかのすべてのホストが、このホストを拒否することを確認しました。',
  missing: '次のホストはまだ反映していません (証明書失効リストを取得すると、すぐに拒否するようになります):',
  notListed: 'まだどの証明書失効リストにも載っていません。管理サーバーのログを確認してください。',
  waiting: '{hosts} 台中 {confirmed} 台が反映しました',
  stillMissing: 'まだ反映していないホストがあります。確認: sekisho cert revocation {id}',
};
