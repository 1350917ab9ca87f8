import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalPassword, decidePassword } from './password.ts';

const owner = { name: 'head.office', displayName: 'Head Office' };

for (const [password, expected] of [
  ['correct horse battery staple', 'allowed'],
  ['正しい馬の電池とホチキス針', 'allowed'],
  ['123456123456 ok then', 'allowed'],
  ['only-11-char', 'allowed'],
  ['only11chars', 'PASSWORD_TOO_SHORT'],
  ['👩‍💻', 'PASSWORD_TOO_SHORT'],
  ['', 'PASSWORD_TOO_SHORT'],
  ['head.office1', 'PASSWORD_LIKE_NAME'],
  ['Head Office 12', 'PASSWORD_LIKE_NAME'],
  ['OfficeOfficeOffice', 'PASSWORD_LIKE_NAME'],
  ['aaaaaaaaaaaaaaaa', 'PASSWORD_LIKE_NAME'],
  ['abababababababab', 'PASSWORD_LIKE_NAME'],
  ['office likes long walks', 'allowed'],
] as const)
  test(`S-04 "${password}" as password of Head Office: ${expected}`, () => {
    const decision = decidePassword(password, owner);
    assert.equal(decision.allow ? 'allowed' : decision.code, expected);
  });

test('S-04 what is shorter than the limit is never a password, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcXYZ019 .-!漢字'), maxLength: 11 }), (password) => {
      const decision = decidePassword(password, owner);
      assert.equal(decision.allow ? '' : decision.code, 'PASSWORD_TOO_SHORT');
    }),
  );
});

test('S-04 the same characters, composed otherwise, are the same password', () => {
  assert.equal(canonicalPassword('か\u3099ｱ'), canonicalPassword('がア'));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (password) => {
      assert.equal(
        canonicalPassword(password.normalize('NFD')),
        canonicalPassword(password.normalize('NFC')),
      );
    }),
  );
});
