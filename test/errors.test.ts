import { ERRORS, errorWords, explainError, isErrorCode } from '@sekisho/core/errors.ts';
import { isNoun } from '@sekisho/core/errors/nouns.ts';
import { spokenMembers } from '@sekisho/core/errors/spoken-values.ts';
import { ROTATION_KINDS, ROTATION_PATHS, ROTATION_PHASES } from '@sekisho/core/rules/rotation.ts';
import { JOB_KINDS, JOB_STATES } from '@sekisho/core/wire/jobs.ts';
import { SECURITY_LEVELS } from '@sekisho/core/wire/trust.ts';
import { KEY_ROLES } from '@sekisho/server/features/keys/keys.store.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { filesBelow, readText, sourceFiles } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const KANA = /[\u3041-\u309f\u30a1-\u30ff]/;
const CJK = /[\u3041-\u30ff\u4e00-\u9fff\uff01-\uff60]/;
const codes = Object.entries(ERRORS);

const placeholders = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].sort();

test('every error code has words and a hint in both languages', () => {
  for (const [code, { en, ja, status }] of codes) {
    assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
    for (const text of [en.words, en.hint, ja.words, ja.hint]) {
      assert.ok(text.trim().length >= 5, `${code}: too short: ${text}`);
      assert.doesNotMatch(text, /\s{2}|^\s|\s$/, `${code}: stray space: ${text}`);
    }
  }
});

test('the English is English and the Japanese is Japanese', () => {
  for (const [code, { en, ja }] of codes) {
    for (const text of [en.words, en.hint]) assert.doesNotMatch(text, CJK, `${code}: ${text}`);
    for (const text of [ja.words, ja.hint]) assert.match(text, CJK, `${code}: ${text}`);
    assert.match(ja.words + ja.hint, KANA, code);
    assert.match(en.words, /^([A-Z{"0-9]|restic\b)/, `${code}: begins with a capital: ${en.words}`);
  }
});

test('both languages name the same values', () => {
  for (const [code, { en, ja }] of codes) {
    assert.deepEqual(placeholders(ja.words), placeholders(en.words), `${code}: words`);
    assert.deepEqual(placeholders(ja.hint), placeholders(en.hint), `${code}: hint`);
  }
});

test('every value has a name in both languages where a code is explained', () => {
  for (const [code, { en, ja }] of codes) {
    assert.ok(isErrorCode(code));
    const inEnglish = explainError(code, 'en');
    assert.doesNotMatch(inEnglish.words + inEnglish.hint, CJK, code);
    const inJapanese = explainError(code, 'ja');
    const values = [...(inJapanese.words + inJapanese.hint).matchAll(/<([^<>]+)>/g)].map(
      ([, name = '']) => name,
    );
    const written = [...(ja.words + ja.hint).matchAll(/<([^<>]+)>/g)].map(([, name = '']) => name);
    for (const value of values.filter((one) => !written.includes(one)))
      assert.match(value, /[\u3041-\u30ff\u4e00-\u9fff]|^(ID|OID|URL)$/, `${code}: ${value}`);
    assert.doesNotMatch(
      inEnglish.words + inEnglish.hint + inJapanese.words + inJapanese.hint,
      /\{\w+\}/,
      code,
    );
    assert.equal(
      explainError(code, 'en').words.includes('<'),
      en.words.includes('{') || en.words.includes('<'),
    );
  }
});

test('every thing that a refusal names has its noun in both languages', () => {
  const missing = sourceFiles(ROOT).flatMap((file) =>
    [...readText(ROOT, file).matchAll(/'(?:NOT_FOUND|SECRET_UNREADABLE)',\s*\{\s*what: '([^']+)'/g)]
      .map(([, what = '']) => what)
      .filter((what) => !isNoun(what))
      .map((what) => `${file}: ${what}`),
  );
  assert.deepEqual(missing, []);
  assert.equal(
    errorWords('NOT_FOUND', { what: 'point', id: 7 }, 'ja').words,
    '復旧ポイント 7 は存在しません。',
  );
  assert.equal(
    errorWords('NOT_FOUND', { what: 'point', id: 7 }, 'en').words,
    'There is no recovery point 7.',
  );
});

/** Values that are called so are members of a closed list; a person reads a word for each. */
const CLOSED = ['kind', 'phase', 'state', 'role', 'level', 'part', 'type', 'which', 'mode', 'direction'];
/** Those that are names which people type, or know from elsewhere. */
const AS_TYPED = new Set([
  'APPLICATION_KIND_DIFFERS.kind', // --application sql-server
  'OBJECTS_TOO_MANY.type', // restic's own names, said to restic
]);

test('no refusal prints a raw member of a closed list where people read a word', () => {
  const raw = codes.flatMap(([code, { en }]) =>
    placeholders(en.words)
      .filter((name) => CLOSED.includes(name) && !AS_TYPED.has(`${code}.${name}`))
      .filter((name) => spokenMembers(code, name, 'en') === undefined)
      .map((name) => `${code}.${name}`),
  );
  assert.deepEqual(raw, []);
  const whole: [code: string, name: string, members: readonly string[]][] = [
    ['ROTATION_UNDER_WAY', 'kind', ROTATION_KINDS],
    ['ROTATION_PATH_UNFIT', 'path', ROTATION_PATHS],
    ['ROTATION_NO_WAY_BACK', 'phase', ROTATION_PHASES],
    ['TOKEN_REQUIRED', 'level', SECURITY_LEVELS],
    ['KEY_DETACHED', 'role', KEY_ROLES],
    ['JOB_ENDED', 'state', JOB_STATES],
    ['JOB_RETRY_KIND', 'kind', JOB_KINDS],
  ];
  for (const [code, name, members] of whole)
    for (const language of ['en', 'ja'] as const) {
      const said = spokenMembers(code, name, language);
      assert.deepEqual(
        members.filter((member) => said?.[member] === undefined),
        [],
        `${code}.${name}`,
      );
    }
});

test('words say members of closed lists, hints repeat them as they are typed', () => {
  const params = { kind: 'tls', path: 'failover', servers: 1 };
  const { words, hint } = errorWords('ROTATION_PATH_UNFIT', params, 'ja');
  assert.equal(words, 'TLS 証明書の更新に経路「フェールオーバー」は使えません (稼働中のサーバー: 1 台)。');
  assert.match(hint, /sekisho rotation plan tls/);
  assert.equal(
    errorWords('ROTATION_ENDED', { phase: 'of a newer server' }, 'en').words,
    'This certificate update has ended (of a newer server).',
  );
  const detail = { detail: 'no PEM block CERTIFICATE' };
  assert.doesNotMatch(errorWords('CERTIFICATE_MALFORMED', detail, 'ja').words, /no PEM/);
});

test('no code stands in two areas', () => {
  const seen = new Map<string, string>();
  for (const file of filesBelow(ROOT, 'packages/core/src/errors')) {
    for (const [, code = ''] of readText(ROOT, file).matchAll(/^ {2}([A-Z][A-Z0-9_]+): \{\n {4}status:/gm)) {
      assert.equal(seen.get(code), undefined, `${code} is in ${file} and in ${seen.get(code)}`);
      seen.set(code, file);
    }
  }
  assert.equal(seen.size, codes.length);
});

test('every code is given somewhere', () => {
  const text = sourceFiles(ROOT)
    .filter((file) => !file.startsWith('packages/core/src/errors/'))
    .map((file) => readText(ROOT, file))
    .join('\n');
  const unused = codes.map(([code]) => code).filter((code) => !new RegExp(`['"]${code}['"]`).test(text));
  assert.deepEqual(unused, []);
});

test('whoever gives a code fills in every value of its words', () => {
  const problems = sourceFiles(ROOT).flatMap((file) => unfilled(file, readText(ROOT, file)));
  assert.deepEqual(problems, []);
});

test('the check above finds a value that is not filled in', () => {
  assert.equal(unfilled('x.ts', `throw new AppError('NOT_FOUND', { what: 'plan' });`).length, 1);
  assert.equal(unfilled('x.ts', `return refuse('NOT_FOUND');`).length, 1);
  assert.equal(unfilled('x.ts', `throw new AppError('NOT_FOUND', { what: 'plan', id });`).length, 0);
});

/** Calls `new AppError(code, {…})` and `refuse(code, {…})` whose literal parameters leave a placeholder open. */
function unfilled(file: string, source: string): string[] {
  const problems: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      const [code, params] = node.arguments ?? [];
      if (isRefusal(node.expression) && code !== undefined && ts.isStringLiteral(code)) {
        const entry = (ERRORS as Record<string, (typeof ERRORS)[keyof typeof ERRORS]>)[code.text];
        const given = namesIn(params);
        if (entry !== undefined && given !== undefined) {
          const open = placeholders(entry.en.words + entry.en.hint).filter((name) => !given.has(name));
          if (open.length > 0) problems.push(`${file}: ${code.text} without ${open.join(', ')}`);
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return problems;
}

const isRefusal = (callee: ts.Expression): boolean =>
  ts.isIdentifier(callee) && (callee.text === 'AppError' || callee.text === 'refuse');

/** Names of an object literal's members; undefined when they can't be read off the source. */
function namesIn(params: ts.Expression | undefined): Set<string> | undefined {
  if (params === undefined) return new Set();
  if (!ts.isObjectLiteralExpression(params)) return undefined;
  const names = new Set<string>();
  for (const member of params.properties) {
    if (ts.isSpreadAssignment(member)) return undefined;
    if (ts.isIdentifier(member.name) || ts.isStringLiteral(member.name)) names.add(member.name.text);
  }
  return names;
}
