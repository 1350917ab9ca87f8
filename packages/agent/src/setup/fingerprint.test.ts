import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFingerprint } from './fingerprint.ts';

const HEX = '0123456789abcdef'.repeat(4);
const typed: [string, string][] = [
  ['as it is printed', HEX],
  ['in upper case with colons', HEX.toUpperCase().replace(/(..)(?=.)/g, '$1:')],
  ['in groups', HEX.replace(/(.{8})/g, '$1 ')],
  ['on two lines, with its name', `SHA256: ${HEX.slice(0, 32)}\n  ${HEX.slice(32)}\n`],
  ['as openssl prints it', `sha256=${HEX.toUpperCase().replace(/(..)(?=.)/g, '$1:')}`],
];
for (const [how, raw] of typed) {
  test(`T-10 a fingerprint ${how} is understood`, () => {
    assert.equal(parseFingerprint(raw), HEX);
  });
}

for (const raw of ['', HEX.slice(1), `${HEX}0`, HEX.replace('0', 'g'), HEX.slice(0, 40)]) {
  test(`T-10 ${raw.length} characters that are no whole fingerprint are refused ("${raw.slice(0, 6)}…")`, () => {
    assert.throws(() => parseFingerprint(raw), { code: 'CA_FINGERPRINT_INVALID' });
  });
}
