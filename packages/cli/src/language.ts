import { languageOfLocale, type Language } from '@sekisho/core/language.ts';
import { en, type Words } from '@sekisho/core/words/en.ts';
import { ja } from '@sekisho/core/words/ja.ts';

/** The language of the environment: LC_ALL, else LC_MESSAGES, else LANG (an empty one does not count). */
export function languageOfEnvironment(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return languageOfLocale(locale);
}

/** All words of a language. */
export const wordsOf = (language: Language): Words => (language === 'ja' ? ja : en);
