import { setting } from '@sekisho/core/settings/setting.ts';
import { z } from 'zod';

/** Settings of signing in; the server's configuration may carry any of them. */
export const signInSettings = z.strictObject({
  sessionIdleMinutes: setting(z.int().min(1).max(1_440).default(30), {
    en: 'A session of an administrator that nobody uses for this long ends.',
    ja: '管理者のセッションは、この時間使用されないと終了します。',
  }),
  sessionHours: setting(z.int().min(1).max(168).default(12), {
    en: 'A session of an administrator ends this long after signing in, used or not.',
    ja: '管理者のセッションは、使用中でもサインインからこの時間が経過すると終了します。',
  }),
});
