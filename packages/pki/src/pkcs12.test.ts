import { AppError } from '@sekisho/core/errors.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { keyIdOfSpki, privateKeyFromPem, spkiOf } from './keys.ts';
import { readPkcs12 } from './pkcs12.ts';

let folder = '';
let remove = (): Promise<void> => Promise.resolve();
const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
};
const file = (name: string): Buffer => readFileSync(join(folder, name));

before(async () => {
  ({ path: folder, remove } = await makeTempFolder());
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-subj',
    '/CN=outside',
    '-days',
    '9',
  );
  const both = ['-inkey', 'key.pem', '-in', 'cert.pem', '-passout', 'pass:open sesame'];
  openssl('pkcs12', '-export', ...both, '-out', 'new.p12');
  openssl(
    'pkcs12',
    '-export',
    ...both,
    '-out',
    'aes128.p12',
    '-keypbe',
    'AES-128-CBC',
    '-certpbe',
    'AES-128-CBC',
  );
  openssl(
    'pkcs12',
    '-export',
    ...both,
    '-out',
    'old.p12',
    '-keypbe',
    'PBE-SHA1-3DES',
    '-certpbe',
    'PBE-SHA1-3DES',
  );
});
after(() => remove());

for (const name of ['new.p12', 'aes128.p12'])
  test(`F-30 key and certificate of ${name}, as OpenSSL makes it, are read`, async () => {
    const { keyPem, certificates } = await readPkcs12(file(name), 'open sesame');
    assert.equal(certificates.length, 1);
    assert.equal(certificates[0]?.subjectCn, 'outside');
    assert.ok(keyPem !== undefined);
    assert.equal(keyIdOfSpki(spkiOf(privateKeyFromPem(keyPem))), certificates[0]?.keyId);
  });

const refusals: readonly [string, () => Promise<unknown>, string][] = [
  ['another password', () => readPkcs12(file('new.p12'), 'close sesame'), 'PKCS12_PASSWORD_WRONG'],
  ['3DES', () => readPkcs12(file('old.p12'), 'open sesame'), 'PKCS12_OLD'],
  ['half a file', () => readPkcs12(file('new.p12').subarray(0, 200), 'open sesame'), 'PKCS12_MALFORMED'],
  ['PEM', () => readPkcs12(file('cert.pem'), 'open sesame'), 'PKCS12_MALFORMED'],
  ['nothing', () => readPkcs12(new Uint8Array(), 'open sesame'), 'PKCS12_MALFORMED'],
];
for (const [what, read, code] of refusals)
  test(`F-30 ${what} is refused with ${code}`, async () => {
    await assert.rejects(read(), (error) => error instanceof AppError && error.code === code);
  });
