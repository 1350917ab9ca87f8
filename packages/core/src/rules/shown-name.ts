/** What looks odd about a valid name: letters of several scripts in one label, letters that pass for Latin ones, no decodable IDNA. */
export const NAME_WARNINGS = ['mixed-script', 'looks-latin', 'undecodable'] as const;
export type NameWarning = (typeof NAME_WARNINGS)[number];

/** A canonical name as people read it, its `xn--` labels in their own script, and what looks odd about it (T-31, homographs). */
export function shownName(name: string): { shown: string; warnings: NameWarning[] } {
  const warnings = new Set<NameWarning>();
  const labels = name.split('.').map((label) => {
    if (!label.startsWith('xn--')) return label;
    const text = decodePunycode(label.slice(4));
    if (text === undefined || UNPRINTABLE.test(text)) {
      warnings.add('undecodable');
      return label;
    }
    if (isMixed(text)) warnings.add('mixed-script');
    else if (looksLatin(text)) warnings.add('looks-latin');
    return text;
  });
  return { shown: labels.join('.'), warnings: [...warnings] };
}

/** Control and format characters, spaces, and what is assigned to nothing. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Han', /\p{Script=Han}/u],
  ['Hiragana', /\p{Script=Hiragana}/u],
  ['Katakana', /\p{Script=Katakana}/u],
  ['Bopomofo', /\p{Script=Bopomofo}/u],
  ['Hangul', /\p{Script=Hangul}/u],
];
/** Scripts that people do write together. @source Unicode TR 39 §5.2 (highly restrictive) */
const TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
];
const OTHER_SCRIPTS: readonly (readonly [string, RegExp])[] = [
  'Cyrillic',
  'Greek',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Thai',
  'Devanagari',
  'Georgian',
  'Cherokee',
].map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')]);

function isMixed(text: string): boolean {
  const found = new Set<string>();
  for (const character of text) {
    if (/[\p{Script=Common}\p{Script=Inherited}]/u.test(character)) continue;
    const known = [...SCRIPTS, ...OTHER_SCRIPTS].find(([, pattern]) => pattern.test(character));
    found.add(known?.[0] ?? 'another');
  }
  if (found.size <= 1) return false;
  return !TOGETHER.some((set) => [...found].every((script) => set.has(script)));
}

/** Cyrillic and Greek letters that look like a Latin one. */
const LATIN_LOOKING =
  /^[-\d\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0501\u04bb\u04cf\u051b\u051d\u03bf\u03bd\u03b1\u03c1\u03ba\u03b9\u03c5\u03c7]+$/u;
const looksLatin = (text: string): boolean => LATIN_LOOKING.test(text) && /[^-\d]/.test(text);

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const CODE_POINT_MAX = 0x10ffff;

/** The text of a label without its `xn--`; undefined when it is none. @source RFC 3492 §6.2 */
function decodePunycode(encoded: string): string | undefined {
  const hyphen = encoded.lastIndexOf('-');
  const output = [...encoded.slice(0, Math.max(hyphen, 0))].map((character) => character.charCodeAt(0));
  let codePoint = 128;
  let at = 0;
  let bias = 72;
  let next = hyphen <= 0 ? 0 : hyphen + 1; // a hyphen with nothing before it separates nothing, and is no digit either
  if (next >= encoded.length) return undefined;
  while (next < encoded.length) {
    const before = at;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(encoded.charCodeAt(next));
      next += 1;
      if (digit === undefined) return undefined;
      at += digit * weight;
      const t = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < t) break;
      weight *= BASE - t;
      if (weight > CODE_POINT_MAX * BASE) return undefined;
    }
    const length = output.length + 1;
    bias = adapt(at - before, length, before === 0);
    codePoint += Math.floor(at / length);
    at %= length;
    if (codePoint > CODE_POINT_MAX || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return undefined;
    output.splice(at, 0, codePoint);
    at += 1;
  }
  return String.fromCodePoint(...output);
}

function digitOf(code: number): number | undefined {
  if (code >= 97 && code <= 122) return code - 97;
  return code >= 48 && code <= 57 ? code - 48 + 26 : undefined;
}

function adapt(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
