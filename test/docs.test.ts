import { ERRORS } from '@sekisho/core/errors.ts';
import { HEALTH_CODES } from '@sekisho/core/wire/health-codes.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { REFUSALS } from '../bench/soak/refusals.ts';
import { filesBelow, readText } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const pages = filesBelow(ROOT).filter((file) => file.endsWith('.md'));
const inLanguage = (language: string): string[] =>
  pages
    .filter((file) => file.startsWith(`docs/${language}/`))
    .map((file) => file.slice(`docs/${language}/`.length));
const pairs: readonly (readonly [string, string])[] = [
  ['README.md', 'README.ja.md'],
  ...inLanguage('en').map((page) => [`docs/en/${page}`, `docs/ja/${page}`] as const),
];

/** A page without its code blocks. */
const prose = (text: string): string => text.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
const blocks = (text: string): string[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const headings = (text: string): string[] =>
  [...prose(text).matchAll(/^(#+) (.+)$/gm)].map(([, level = '', title = '']) => `${level} ${title}`);
const anchor = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

test('S-09 both languages have the same pages', () => {
  assert.deepEqual(inLanguage('ja'), inLanguage('en'));
});

for (const [english, japanese] of pairs) {
  test(`S-09 ${japanese} has the headings and commands of ${english}`, () => {
    const [en, ja] = [readText(ROOT, english), readText(ROOT, japanese)];
    const levels = (text: string): string[] => headings(text).map((heading) => heading.replace(/ .*/, ''));
    assert.deepEqual(levels(ja), levels(en));
    const commands = (text: string): string[] =>
      blocks(text).map((code) => code.replace(/#.*$/gm, '').replace(/\s+/g, ' ').trim());
    assert.deepEqual(commands(ja), commands(en));
    assert.match(prose(ja), /[\u3041-\u30ff]{5}/);
  });
}

test('S-09 every link inside the repository leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...prose(readText(ROOT, page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = '', fragment] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(ROOT, file))) return [`${page}: ${target}`];
      if (fragment === undefined || !file.endsWith('.md')) return [];
      const anchors = headings(readText(ROOT, file)).map(anchor);
      return anchors.includes(decodeURIComponent(fragment)) ? [] : [`${page}: ${target} (no such heading)`];
    }),
  );
  assert.deepEqual(broken, []);
});

test('S-09 the guides for bad nights name every code that somebody meets there', () => {
  const met: Readonly<Record<string, readonly (RegExp | readonly string[])[]>> = {
    'change-certificate.md': [/^(ROTATION|OUTSIDE|PKCS12)_/, ['KEY_DETACHED', 'CERTIFICATE_MALFORMED']],
    'agents-do-not-connect.md': [
      // names of peers have a guide of their own: host-names.md
      /^(REPAIR|REQUEST_(TIME|REPLAYED|SIGNATURE)|PEER(?!_NAME_(PENDING|REJECTED)))/,
      /^AGENT_(NOT_(SET_UP|DEPLOYED)|.*_(UNREADABLE|INVALID))$/,
      HEALTH_CODES.filter((code) => !/^(crl-stale|restic-missing|media-.*|spool-full)$/.test(code)),
      Object.keys(REFUSALS).filter((code) => code !== 'BODY_INVALID'),
      ['CERTIFICATE_EXPIRED', 'CHANNEL_CLONE', 'CLOCK_SKEW', 'VERIFICATION_IS_ON', 'SERVER_REPLY_UNUSABLE'],
    ],
  };
  const missing = Object.entries(met).flatMap(([page, kinds]) =>
    ['en', 'ja'].flatMap((language) => {
      const text = readText(ROOT, `docs/${language}/${page}`);
      const wanted = kinds.flatMap((kind) =>
        kind instanceof RegExp ? Object.keys(ERRORS).filter((code) => kind.test(code)) : kind,
      );
      return wanted
        .filter((code) => !text.includes(`\`${code}\``))
        .map((code) => `${language}/${page}: ${code}`);
    }),
  );
  assert.deepEqual(missing, []);
});

test('ARCHITECTURE.md names every rule, and only files that exist', () => {
  const text = readText(ROOT, 'ARCHITECTURE.md');
  const rules = filesBelow(ROOT, 'packages/core/src/rules').filter((file) => !file.endsWith('.test.ts'));
  const missing = rules.filter((file) => !text.includes(`\`${file.replace('packages/core/src/', '')}\``));
  assert.deepEqual(missing, []);
  const named = [
    ...text.matchAll(/`((?:packages|test|tools|docs)\/[^`*\s]+|rules\/[a-z-]+(?:\.test)?\.ts)`/g),
  ].map(([, path = '']) => (path.startsWith('rules/') ? `packages/core/src/${path}` : path));
  assert.deepEqual(
    named.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  assert.ok(named.length > rules.length);
});
