import type { ErrorTable } from './table.ts';

/** Refusals about agents that do not verify their management server for a time (F-20). */
export const verificationErrors = {
  VERIFICATION_OFF: {
    status: 409,
    en: {
      words: 'The management server is not verified at the moment: this waits until it is.',
      hint: 'Verification was switched off for the group of this host, and comes back at its end or with: sekisho verification on GROUP',
    },
    ja: {
      words: '現在は管理サーバーを検証していないため、検証が再開されるまで行えません。',
      hint: 'このホストのグループでは検証がオフになっています。期限が来るか、次のコマンドで再開されます: sekisho verification on GROUP',
    },
  },
  VERIFICATION_END_PAST: {
    status: 400,
    en: {
      words: 'The end of the time without verification is past.',
      hint: 'Give an end that is to come, such as --until 3d',
    },
    ja: {
      words: '検証をオフにする期限が過去になっています。',
      hint: 'これから来る期限を指定してください。例: --until 3d',
    },
  },
  VERIFICATION_END_TOO_FAR: {
    status: 400,
    en: {
      words: 'Verification is off for {days} days at most.',
      hint: 'Give an earlier end, such as --until 3d. It can be switched off again later, by a new decision.',
    },
    ja: {
      words: '検証をオフにできるのは最大 {days} 日間です。',
      hint: 'より早い期限を指定してください。例: --until 3d。後で改めてオフにすることもできます。',
    },
  },
  VERIFICATION_IS_ON: {
    status: 403,
    en: {
      words: 'The group of this host verifies its management server: it is not answered without TLS.',
      hint: 'Use an entry with HTTPS. Whether verification is off, and until when: sekisho verification show',
    },
    ja: {
      words: 'このホストのグループは管理サーバーを検証します。TLS を使わない要求には応答しません。',
      hint: 'HTTPS のエントリーを使用してください。検証の状態と期限は次のコマンドで確認できます: sekisho verification show',
    },
  },
  DOCUMENT_FOR_OTHERS: {
    status: 403,
    en: {
      words: 'The signed document ({type}) is not for this host.',
      hint: 'What is held so far stays in use. See who answered the request.',
    },
    ja: {
      words: '署名付き文書 ({type}) は、このホスト宛てではありません。',
      hint: 'これまでの文書を引き続き使用します。応答した相手を確認してください。',
    },
  },
  REQUEST_SIGNATURE_INVALID: {
    status: 401,
    en: {
      words: 'The request is not signed as it should be: {detail}.',
      hint: 'Requests without TLS are signed with the key of the host. Nothing was done.',
    },
    ja: {
      words: '要求の署名が正しくありません: {detail}',
      hint: 'TLS を使わない要求には、ホストの鍵による署名が必要です。何も実行されていません。',
    },
  },
  REQUEST_TIME_WRONG: {
    status: 401,
    en: {
      words: 'The request was signed at another time than now.',
      hint: 'Set the clocks of host and server: they may differ by ten minutes.',
    },
    ja: {
      words: '要求が署名された時刻が、現在の時刻と異なります。',
      hint: 'ホストとサーバーの時計を合わせてください。差は 10 分まで許されます。',
    },
  },
  REQUEST_REPLAYED: {
    status: 401,
    en: {
      words: 'A request of this host that was signed at this moment or later was answered already.',
      hint: 'Each signed request counts once. If the agent of this host runs once only, somebody repeats its requests.',
    },
    ja: {
      words: 'この時刻かそれより後に署名されたこのホストの要求に、すでに応答しています。',
      hint: '署名付きの要求は一度だけ有効です。このホストのエージェントが 1 つだけなら、第三者が要求を再送しています。',
    },
  },
} as const satisfies ErrorTable;
