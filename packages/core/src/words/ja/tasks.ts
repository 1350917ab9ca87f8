/** What the commands about tasks say in Japanese. */
const data = '管理サーバーのデータフォルダー';
const task = 'タスクの ID またはその先頭の数桁';

export const taskVerbs = {
  'task list': {
    summary: 'サーバー自身の長い処理を新しい順に一覧表示する',
    args: {},
    flags: {
      data,
      state: 'この状態のものだけ',
      limit: '表示する最大行数',
      after: '次のページ (前のページの最後に表示された値)',
    },
    examples: { plain: 'すべて', running: '実行中のもの' },
  },
  'task show': {
    summary: 'タスクの進み具合または結果を表示する',
    args: { task },
    flags: { data },
    examples: { plain: 'タスクを 1 つ' },
  },
  'task watch': {
    summary: 'タスクが終わるまで待つ',
    args: { task },
    flags: { data },
    examples: { plain: '完了した場合、終了コードは 0' },
  },
  'task cancel': {
    summary: 'タスクのキャンセルを要求する',
    args: { task },
    flags: { data },
    examples: { plain: 'できるだけ早く終了する' },
  },
};
export const taskStates = {
  running: '実行中',
  cancelling: 'キャンセル中',
  done: '完了',
  failed: '失敗',
  cancelled: 'キャンセル済み',
};
