import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findKeyText, isKeyText, makeKeyText } from './key-text.ts';

const random = new SeededRandom('keys');

test('S-04 an API key is 256 bits in a form that scanners of repositories recognise', () => {
  const texts = new Set(Array.from({ length: 200 }, () => makeKeyText(random).reveal()));
  assert.equal(texts.size, 200);
  for (const text of texts) {
    assert.match(text, /^skk_[0-9A-Za-z]{49}$/);
    assert.equal(isKeyText(text), true);
  }
});

test('S-04 a key within a file, a log line or an address is found', () => {
  const key = makeKeyText(random);
  for (const text of [
    `/v1/hosts?key=${key.reveal()}&x=1`,
    `SEKISHO_API_KEY=${key.reveal()}\n`,
    `{"k":"${key.reveal()}"}`,
  ])
    assert.equal(findKeyText(text)?.reveal(), key.reveal());
  assert.equal(findKeyText('/v1/hosts?after=skk_short'), undefined);
});

test('a key with any one sign changed, or cut, is told apart without the database', () => {
  const text = makeKeyText(random).reveal();
  const signs = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
  fc.assert(
    fc.property(fc.integer({ min: 4, max: text.length - 1 }), fc.constantFrom(...signs), (at, sign) => {
      const changed = text.slice(0, at) + sign + text.slice(at + 1);
      assert.equal(isKeyText(changed), changed === text);
    }),
  );
  for (const cut of [text.slice(0, -1), `${text}0`, text.toLowerCase(), ` ${text}`, '', 'skk_'])
    assert.equal(isKeyText(cut), false, cut);
});
