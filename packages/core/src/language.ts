export type Language = 'en' | 'ja';

/** Language of a POSIX locale value such as `ja_JP.UTF-8`; English for all but Japanese. */
export const languageOfLocale = (locale: string | undefined): Language =>
  locale !== undefined && /^ja(_|-|\.|$)/i.test(locale) ? 'ja' : 'en';
