import assert from 'node:assert/strict';
import { domainToASCII, domainToUnicode } from 'node:url';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeName } from './naming.ts';
import { shownName } from './shown-name.ts';

type Row = readonly [text: string, warnings: string[]];
const table: readonly Row[] = [
  ['nas.example.com', []],
  ['192.0.2.7', []],
  ['日本語.jp', []],
  ['東京サーバーa.example', []],
  ['münchen.example', []],
  ['пример.example', []],
  ['ελλάδα.example', []],
  ['한국a.example', []],
  // Cyrillic а in a Latin word
  ['pаypal.example', ['mixed-script']],
  ['日本ж.example', ['mixed-script']],
  // аррӏе, wholly Cyrillic
  ['аррӏе.example', ['looks-latin']],
  ['рабочий.example', []],
  ['1-а.example', ['looks-latin']],
  // scripts that are written together, and those that are not
  ...['かa', 'カa', '漢a', 'かカ漢a', 'ㄅa', 'ㄅ漢a', '한a', '한漢a', 'ö-1'].map((text): Row => [text, []]),
  ...['한か', '한カ', 'ㄅか', 'ㄅ한', 'жω', 'אع', 'жத', 'ωத', 'กத', 'कத', 'აத', 'աத', 'த漢', 'жa'].map(
    (text): Row => [text, ['mixed-script']],
  ),
  ['த', []],
  // where the bias changes by a step more
  ['abcde\ub270\ub290', []],
  ['\u{27000}\u{27fff}', []],
  ['\u{2a6d0}', []],
];
for (const [text, warnings] of table)
  test(`T-31 ${text} is shown as people read it, with the warnings [${warnings.join()}]`, () => {
    const ascii = domainToASCII(text);
    assert.deepEqual(shownName(ascii === '' ? text : ascii), { shown: text, warnings });
  });

/** A label of one code point, also of what is no character. @source RFC 3492 §6.3 */
function labelOf(codePoint: number): string {
  const digit = (value: number): string => String.fromCharCode(value < 26 ? 97 + value : 22 + value);
  let rest = codePoint - 128;
  let label = 'xn--';
  for (let k = 36; ; k += 36) {
    const t = Math.min(Math.max(k - 72, 1), 26);
    if (rest < t) return label + digit(rest);
    label += digit(t + ((rest - t) % (36 - t)));
    rest = Math.floor((rest - t) / (36 - t));
  }
}

test('T-31 the label of one code point is that of Node', () => {
  for (const text of ['ä', 'щ', '語', '\u{2a6d0}'])
    assert.equal(labelOf(text.codePointAt(0)!), domainToASCII(text));
});

for (const name of [
  ...['xn--.example', 'xn--99999999999.example', 'xn--a-.example', 'xn--z.example', 'xn---rlc.example'],
  ...[0xd800, 0xdbff, 0xdfff, 0x10ffff, 0x110000, 0x2fffff].map(labelOf),
  // a control character, a space, and what is not assigned
  ...[0x85, 0xa0, 0x378].map(labelOf),
])
  test(`T-31 ${name} cannot be read, is shown as it is, and says so`, () => {
    assert.deepEqual(shownName(name), { shown: name, warnings: ['undecodable'] });
  });

test('T-31 each label is read by itself, and each warning is told once', () => {
  const name = ['xn--z', 'nas', domainToASCII('pаypal'), domainToASCII('жω'), domainToASCII('аррӏе'), 'jp'];
  assert.deepEqual(shownName(name.join('.')), {
    shown: 'xn--z.nas.pаypal.жω.аррӏе.jp',
    warnings: ['undecodable', 'mixed-script', 'looks-latin'],
  });
});

test('T-31 property: what Node can read is shown as Node shows it', () => {
  const letters = fc.constantFrom(...'abcäöжщλωßé日本語かな서울');
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 12 }), (chosen) => {
      const ascii = domainToASCII(`${chosen.join('')}.example`);
      if (ascii === '' || !judgeName(ascii).allow) return;
      assert.equal(shownName(ascii).shown, domainToUnicode(ascii));
    }),
  );
});

test('T-31 property: no name that passes makes it fail', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{0,40}$/), (label) => {
      assert.equal(typeof shownName(`xn--${label}`).shown, 'string');
    }),
  );
});
