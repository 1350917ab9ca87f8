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
  ['officeOFFICE sixsix', 'allowed'],
  ['officeOFFICE five', 'PASSWORD_LIKE_NAME'],
  ['head.office123456', 'allowed'],
  ['head.office12345', 'PASSWORD_LIKE_NAME'],
  ['headheadhead12345', 'PASSWORD_LIKE_NAME'],
  ['abcdabcdabcd', 'PASSWORD_LIKE_NAME'],
  ['abcdeabcdeab', 'allowed'],
] as const)
  test(`S-04 "${password}" as password of Head Office: ${expected}`, () => {
    const decision = decidePassword(password, owner);
    assert.equal(decision.allow ? 'allowed' : decision.code, expected);
  });

for (const [name, displayName, password, expected] of [
  ['anna', 'Annabel Lee', 'annabel lee1', 'PASSWORD_LIKE_NAME'],
  ['anna', 'Annabel Lee', 'lee45leelee67', 'allowed'],
  ['a.first_second@third-fourth', 'x', 'firstfirst12345', 'PASSWORD_LIKE_NAME'],
  ['a.first_second@third-fourth', 'x', 'secondsecond12345', 'PASSWORD_LIKE_NAME'],
  ['a.first_second@third-fourth', 'x', 'thirdthird12345', 'PASSWORD_LIKE_NAME'],
  ['a.first_second@third-fourth', 'x', 'fourthfourth12345', 'PASSWORD_LIKE_NAME'],
  ['a.first_second@third-fourth', 'x', 'fifthfifth12345', 'allowed'],
  ['x', 'Maria Gomez', 'gomezgomez12345', 'PASSWORD_LIKE_NAME'],
  ['x', 'Ｍａｒｉａ', 'mariamaria12345', 'PASSWORD_LIKE_NAME'],
] as const)
  test(`S-04 "${password}" as password of ${displayName} (${name}): ${expected}`, () => {
    const decision = decidePassword(password, { name, displayName });
    assert.equal(decision.allow ? 'allowed' : decision.code, expected);
  });

test('S-04 a password that is too short is refused with the least length', () => {
  assert.deepEqual(decidePassword('only11chars', owner), {
    allow: false,
    code: 'PASSWORD_TOO_SHORT',
    params: { min: 12 },
  });
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
