import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOfEnvironment } from './language.ts';

for (const [env, language] of [
  [{}, 'en'],
  [{ LANG: 'ja_JP.UTF-8' }, 'ja'],
  [{ LANG: 'ja' }, 'ja'],
  [{ LANG: 'C.UTF-8' }, 'en'],
  [{ LANG: 'jam_JM' }, 'en'],
  [{ LC_ALL: 'C', LANG: 'ja_JP.UTF-8' }, 'en'],
  [{ LC_ALL: '', LC_MESSAGES: 'ja_JP.UTF-8', LANG: 'C' }, 'ja'],
  [{ LC_MESSAGES: 'en_GB.UTF-8', LANG: 'ja_JP.UTF-8' }, 'en'],
] as const) {
  test(`S-01 ${JSON.stringify(env)} speaks ${language}`, () => {
    assert.equal(languageOfEnvironment(env), language);
  });
}
