import type { ErrorTable } from './table.ts';

/** Refusals of the agent part. */
export const agentErrors = {
  SCHEDULE_CRON_INVALID: {
    status: 422,
    en: {
      words: 'The schedule "{cron}" is not a cron expression of five fields.',
      hint: 'Write minute, hour, day of month, month and day of week, such as "30 2 * * 1-5".',
    },
    ja: {
      words: 'スケジュール「{cron}」は 5 つのフィールドからなる cron 式ではありません。',
      hint: '分、時、日、月、曜日の順に指定してください。例: "30 2 * * 1-5"',
    },
  },
  SCHEDULE_TIME_ZONE_UNKNOWN: {
    status: 422,
    en: {
      words: 'There is no time zone {timeZone}.',
      hint: 'Use a name of the IANA database, such as Asia/Tokyo or Europe/Berlin.',
    },
    ja: {
      words: 'タイムゾーン {timeZone} は存在しません。',
      hint: 'Asia/Tokyo や Europe/Berlin のような IANA の名前を指定してください。',
    },
  },
  SCHEDULE_NEVER_RUNS: {
    status: 422,
    en: {
      words: 'The schedule "{cron}" names a time that never comes.',
      hint: 'Check day of month and month: 31 February, for one, does not exist.',
    },
    ja: {
      words: 'スケジュール「{cron}」の時刻は決して来ません。',
      hint: '日と月を確認してください。たとえば 2 月 31 日は存在しません。',
    },
  },
} as const satisfies ErrorTable;
