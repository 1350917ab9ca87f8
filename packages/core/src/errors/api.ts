import type { ErrorTable } from './table.ts';

/** Refusals of the API itself: cursors, idempotency keys, entity tags, event streams, tasks. */
export const apiErrors = {
  METHOD_NOT_ALLOWED: {
    status: 405,
    en: {
      words: 'This address does not know the method {method}.',
      hint: 'Use one of: {allowed}.',
    },
    ja: {
      words: 'この宛先ではメソッド {method} を使用できません。',
      hint: '次のいずれかを使用してください: {allowed}',
    },
  },
  CURSOR_INVALID: {
    status: 400,
    en: {
      words: 'The cursor is not one that this list gave for this question.',
      hint: 'Begin again without a cursor, and keep the other parameters the same from page to page.',
    },
    ja: {
      words: 'このカーソルは、この一覧が同じ条件に対して返したものではありません。',
      hint: 'カーソルなしで最初から取得し、ページを進める間はほかのパラメーターを変えないでください。',
    },
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    en: {
      words: 'The header Idempotency-Key is not 1 to 64 printable ASCII characters.',
      hint: 'Send a random value, such as a UUID, one for each act.',
    },
    ja: {
      words: 'Idempotency-Key ヘッダーは 1 ～ 64 文字の印字可能な ASCII 文字である必要があります。',
      hint: '操作ごとに UUID などのランダムな値を指定してください。',
    },
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    en: {
      words: 'This idempotency key was used for another request.',
      hint: 'Use a new key for each act; the same key only to repeat the very same request.',
    },
    ja: {
      words: 'この冪等キーは別の要求で使用されています。',
      hint: '操作ごとに新しいキーを使用し、同じキーはまったく同じ要求の再送にだけ使用してください。',
    },
  },
  IDEMPOTENCY_UNDER_WAY: {
    status: 409,
    en: {
      words: 'The first request with this idempotency key is still being worked on.',
      hint: 'Repeat it in {retrySeconds} seconds; it gets the answer of the first one.',
    },
    ja: {
      words: 'この冪等キーを使用した最初の要求は、まだ処理中です。',
      hint: '{retrySeconds} 秒後に再送してください。最初の要求の応答が返されます。',
    },
  },
  IDEMPOTENCY_OUTCOME_UNKNOWN: {
    status: 409,
    en: {
      words: 'The first request with this idempotency key took effect, but its answer was lost.',
      hint: 'Nothing was done twice. Look at what exists now, and use a new key if something is still to be done.',
    },
    ja: {
      words: 'この冪等キーを使用した最初の要求は反映されましたが、その応答は失われました。',
      hint: '二重には実行されていません。現在の状態を確認し、必要な操作が残っている場合は新しいキーを使用してください。',
    },
  },
  IDEMPOTENCY_RIGHTS_CHANGED: {
    status: 409,
    en: {
      words: 'The first request with this idempotency key was answered, and your rights have changed since.',
      hint: 'Nothing was done twice. Its answer is not shown again; look at what exists now.',
    },
    ja: {
      words: 'この冪等キーを使用した最初の要求には応答済みですが、その後に権限が変更されました。',
      hint: '二重には実行されていません。応答は再表示されないため、現在の状態を確認してください。',
    },
  },
  IDEMPOTENCY_KEYS_TOO_MANY: {
    status: 429,
    en: {
      words: 'More than {limit} idempotency keys were used in the last 24 hours.',
      hint: 'Wait, or send requests that need no repetition without a key.',
    },
    ja: {
      words: '過去 24 時間に使用された冪等キーが上限 ({limit} 個) を超えています。',
      hint: '時間をおくか、再送の必要がない要求はキーなしで送信してください。',
    },
  },
  PRECONDITION_FAILED: {
    status: 412,
    en: {
      words: 'What you edited was changed in the meantime, by {by} at {at}.',
      hint: 'Read it again, look at what changed, and repeat your change on top of it.',
    },
    ja: {
      words: '編集中に、{by} が {at} に変更しました。',
      hint: 'もう一度読み込んで変更内容を確認し、その上で変更をやり直してください。',
    },
  },
  PLAN_REVISION_MISSING: {
    status: 400,
    en: {
      words: 'It is not said which revision of the plan was edited.',
      hint: 'Send the ETag that was read as If-Match, or the member revision.',
    },
    ja: {
      words: 'プランのどのリビジョンを編集したかが指定されていません。',
      hint: '読み込んだときの ETag を If-Match ヘッダーで送信するか、revision を指定してください。',
    },
  },
  EVENT_STREAMS_TOO_MANY: {
    status: 429,
    en: {
      words: 'There are {limit} event streams open already.',
      hint: 'Close one that is not needed, or follow several topics with one stream.',
    },
    ja: {
      words: 'イベントストリームがすでに {limit} 本開いています。',
      hint: '不要なストリームを閉じるか、1 本のストリームで複数のトピックを購読してください。',
    },
  },
  TASK_INTERRUPTED: {
    status: 503,
    en: {
      words: 'The server process that ran this task stopped before the task was done.',
      hint: 'Start it again.',
    },
    ja: {
      words: 'このタスクを実行していたサーバープロセスが、完了前に停止しました。',
      hint: 'もう一度開始してください。',
    },
  },
  TASK_ENDED: {
    status: 409,
    en: {
      words: 'The task {id} has ended already.',
      hint: 'See how it ended: sekisho task show {id}',
    },
    ja: {
      words: 'タスク {id} はすでに終了しています。',
      hint: '結果を確認してください: sekisho task show {id}',
    },
  },
  TASKS_TOO_MANY: {
    status: 429,
    en: {
      words: 'This server process runs {limit} tasks already.',
      hint: 'Wait until one has ended, or cancel one: sekisho task list',
    },
    ja: {
      words: 'このサーバープロセスでは、すでに {limit} 件のタスクが実行中です。',
      hint: '終了を待つか、いずれかをキャンセルしてください: sekisho task list',
    },
  },
} as const satisfies ErrorTable;
