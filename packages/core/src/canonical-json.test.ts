import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

test('S-06 the example of RFC 8785 comes out as the RFC prints it', () => {
  const value = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('S-06 members are sorted by UTF-16 code units', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 };
  assert.deepEqual(
    [...canonicalJson(value).matchAll(/:(\d)/g)].map(([, number]) => Number(number)),
    [2, 4, 6, 7, 1, 5, 3],
  );
});

test('S-06 a value that was written and read again has the same text, whatever the order of its members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.equal(canonicalJson(JSON.parse(JSON.stringify(value))), text);
    }),
  );
});

test('S-06 what is no JSON value is refused', () => {
  for (const value of [NaN, Infinity, undefined, () => 1, Symbol('x')])
    assert.throws(() => canonicalJson(value), TypeError);
});
