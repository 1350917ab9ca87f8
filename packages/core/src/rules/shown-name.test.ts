import assert from 'node:assert/strict';
import { domainToASCII, domainToUnicode } from 'node:url';
import test from 'node:test';
import fc from 'fast-check';
import { judgeName } from './naming.ts';
import { shownName } from './shown-name.ts';

const table: readonly [text: string, warnings: string[]][] = [
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
];
for (const [text, warnings] of table)
  test(`T-31 ${text} is shown as people read it, with the warnings [${warnings.join()}]`, () => {
    const ascii = domainToASCII(text);
    assert.deepEqual(shownName(ascii === '' ? text : ascii), { shown: text, warnings });
  });

for (const name of ['xn--.example', 'xn--99999999999.example', 'xn--a-.example'])
  test(`T-31 ${name} cannot be read, is shown as it is, and says so`, () => {
    const { shown, warnings } = shownName(name);
    assert.deepEqual([shown, warnings.includes('undecodable') || shown === name], [name, true]);
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
