import type { ErrorTable } from './table.ts';

/** Refusals that any part may give. */
export const generalErrors = {
  INTERNAL: {
    status: 500,
    en: {
      words: 'Something failed inside the program.',
      hint: 'Look for this time in the log; nothing was changed.',
    },
    ja: {
      words: 'プログラム内部でエラーが発生しました。',
      hint: 'ログの同じ時刻の記録を確認してください。変更は行われていません。',
    },
  },
  BODY_INVALID: {
    status: 400,
    en: { words: 'The request is not valid: {detail}', hint: 'Correct the named field and try again.' },
    ja: {
      words: '要求の形式が正しくありません: {detail}',
      hint: '示された項目を修正して、もう一度実行してください。',
    },
  },
  BODY_TOO_LARGE: {
    status: 413,
    en: {
      words: 'The request is larger than the limit of {limitBytes} bytes.',
      hint: 'Send less at a time.',
    },
    ja: {
      words: '要求が上限 ({limitBytes} バイト) を超えています。',
      hint: '一度に送る量を減らしてください。',
    },
  },
  NOT_FOUND: {
    status: 404,
    en: { words: 'There is no {what} {id}.', hint: 'List what exists, and check the ID.' },
    ja: { words: '{what} {id} は存在しません。', hint: '一覧を表示して ID を確認してください。' },
  },
  ROUTE_UNKNOWN: {
    status: 404,
    en: {
      words: 'This address does not exist.',
      hint: 'Check the address and that client and server are of the same version.',
    },
    ja: {
      words: 'この宛先は存在しません。',
      hint: '宛先と、クライアントとサーバーのバージョンが合っていることを確認してください。',
    },
  },
  REQUEST_MALFORMED: {
    status: 400,
    en: {
      words: 'This is not an HTTP/1.1 request, or it breaks the rules of one.',
      hint: 'Check the address, the port and whether the client speaks HTTPS there.',
    },
    ja: {
      words: 'HTTP/1.1 の要求として解釈できません。',
      hint: '宛先、ポート、およびクライアントがそのポートで HTTPS を使用していることを確認してください。',
    },
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    en: {
      words: 'The headers of the request are larger than the limit of {limitBytes} bytes.',
      hint: 'Send a shorter address and fewer or shorter headers.',
    },
    ja: {
      words: '要求のヘッダーが上限 ({limitBytes} バイト) を超えています。',
      hint: '宛先とヘッダーを短くするか、ヘッダーを減らしてください。',
    },
  },
  REQUEST_TOO_SLOW: {
    status: 408,
    en: {
      words: 'The request did not arrive in time.',
      hint: 'Send it again; if the line is slow, send less at a time.',
    },
    ja: {
      words: '要求が制限時間内に届きませんでした。',
      hint: 'もう一度送信してください。回線が遅い場合は、一度に送る量を減らしてください。',
    },
  },
  RIGHT_MISSING: {
    status: 403,
    en: { words: 'You do not have the right {right}.', hint: 'Ask an administrator of this server.' },
    ja: { words: '権限 {right} がありません。', hint: 'このサーバーの管理者に依頼してください。' },
  },
  RATE_LIMITED: {
    status: 429,
    en: { words: 'Too many requests; try again in {retrySeconds} seconds.', hint: 'Wait, then try once.' },
    ja: {
      words: '要求が多すぎます。{retrySeconds} 秒後にもう一度実行してください。',
      hint: '待ってから一度だけ実行してください。',
    },
  },
  SERVER_STOPPING: {
    status: 503,
    en: { words: 'The server is stopping or not ready.', hint: 'Try again in a moment.' },
    ja: { words: 'サーバーは停止中か、準備中です。', hint: 'しばらくしてからもう一度実行してください。' },
  },
  SERVER_BUSY: {
    status: 503,
    en: {
      words: 'The server has more requests waiting than it takes on; nothing was changed.',
      hint: 'Try again in {retrySeconds} seconds.',
    },
    ja: {
      words: 'サーバーで待機中の要求が上限に達しています。変更は行われていません。',
      hint: '{retrySeconds} 秒後にもう一度実行してください。',
    },
  },
  DISK_FULL: {
    status: 507,
    en: {
      words: 'No space is left on the disk that holds {path}.',
      hint: 'Free space there; what was acknowledged before is kept.',
    },
    ja: {
      words: '{path} のあるディスクに空き容量がありません。',
      hint: '空き容量を増やしてください。受け付け済みのデータは保持されています。',
    },
  },
  PORT_TAKEN: {
    status: 500,
    en: {
      words: 'Port {port} on {address} is in use by another program.',
      hint: 'Stop that program, or choose another port: {flag} N.',
    },
    ja: {
      words: '{address} のポート {port} は他のプログラムが使用しています。',
      hint: 'そのプログラムを停止するか、別のポートを指定してください: {flag} N',
    },
  },
} as const satisfies ErrorTable;
