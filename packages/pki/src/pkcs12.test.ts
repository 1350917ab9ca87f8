import { AppError } from '@sekisho/core/errors.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, pbkdf2Sync } from 'node:crypto';
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
  for (const [name, ...how] of MADE) {
    const password = name === 'empty.p12' ? '' : name === 'long.p12' ? LONG : PASSWORD;
    const both = ['-inkey', 'key.pem', '-in', 'cert.pem', '-passout', `pass:${password}`];
    openssl('pkcs12', '-export', ...both, '-out', name, ...how);
  }
});
after(() => remove());

const PASSWORD = 'open sesame';
const LONG = `${'長い合言葉'.repeat(20)}😀`;
/** As people have it made, by programs of today and of before. */
const MADE: readonly (readonly [name: string, ...how: string[]])[] = [
  ['new.p12'],
  ['aes128.p12', '-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'],
  ['mac-sha1.p12', '-macalg', 'sha1'],
  ['mac-sha384.p12', '-macalg', 'sha384'],
  ['mac-sha512.p12', '-macalg', 'sha512'],
  ['one-round.p12', '-nomaciter'],
  ['many-rounds.p12', '-iter', '100001'],
  ['plain-certificate.p12', '-certpbe', 'NONE'],
  ['plain.p12', '-certpbe', 'NONE', '-keypbe', 'NONE'],
  ['no-mac.p12', '-nomac'],
  ['empty.p12'],
  ['long.p12'],
  ['old.p12', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'],
  ['oldest.p12', '-legacy'],
];
const passwordOf = (name: string): string =>
  name === 'empty.p12' ? '' : name === 'long.p12' ? LONG : PASSWORD;

const isWhole = async (p12: Uint8Array, password: string): Promise<void> => {
  const { keyPem, certificates } = await readPkcs12(p12, password);
  assert.equal(certificates.length, 1);
  assert.equal(certificates[0]?.subjectCn, 'outside');
  assert.ok(keyPem !== undefined);
  assert.equal(keyIdOfSpki(spkiOf(privateKeyFromPem(keyPem))), certificates[0]?.keyId);
};

for (const [name, ...how] of MADE.filter(([made]) => !made.startsWith('old')))
  test(`F-30 key and certificate of ${name}, as OpenSSL makes it (${how.join(' ')}), are read`, () =>
    isWhole(file(name), passwordOf(name)));

/** The same with a MAC that OpenSSL makes from 3.4 on; @source RFC 9579 §5 */
function withPbmac1(p12: Buffer, password: string): Buffer {
  const content = p12.subarray(0, p12.length - MAC_BYTES);
  const safeAt = content.indexOf(Buffer.from('06092a864886f70d010701a0', 'hex')) + 11;
  const safe = sequenceAt(content, safeAt).content; // [0]
  const octets = sequenceAt(safe, 0).content;
  const salt = Buffer.from('0102030405060708', 'hex');
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, 2_048, 32, 'sha512');
  const value = createHmac('sha256', key).update(octets).digest();
  const hmac = (last: string) => `300c06082a864886f70d02${last}0500`;
  const pbkdf2 = hex('30', `0408${salt.toString('hex')}`, '02020800', '020120', hmac('0b'));
  const parameters = hex('30', hex('30', '06092a864886f70d01050c', pbkdf2), hmac('09'));
  const info = hex('30', hex('30', '06092a864886f70d01050e', parameters), `0420${value.toString('hex')}`);
  const mac = hex('30', info, '04084e4f542055534544', '020101');
  const inside = content.subarray(4).toString('hex');
  return Buffer.from(hex('30', inside, mac), 'hex');
}
const MAC_BYTES = 67;
function sequenceAt(bytes: Buffer, at: number): { content: Buffer } {
  const first = bytes[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  const from = at + 2 + lengthBytes;
  return { content: bytes.subarray(from, from + length) };
}
/** DER in hexadecimal. */
function hex(tag: string, ...parts: string[]): string {
  const content = parts.join('');
  const length = content.length / 2;
  const said =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return `${tag}${Buffer.from(said).toString('hex')}${content}`;
}

test('F-30 a file whose MAC is a PBMAC1 is read, and refused with another password', async () => {
  const p12 = withPbmac1(file('new.p12'), PASSWORD);
  await isWhole(p12, PASSWORD);
  await refused(readPkcs12(p12, 'close sesame'), 'PKCS12_PASSWORD_WRONG');
  await refused(readPkcs12(withPbmac1(file('new.p12'), 'another'), PASSWORD), 'PKCS12_DAMAGED');
});

/** One byte is another. */
const bent = (p12: Buffer, at: number): Buffer => {
  const copy = Buffer.from(p12);
  copy[at < 0 ? copy.length + at : at]! ^= 1;
  return copy;
};
const damages: readonly [string, () => Buffer, string][] = [
  ['another MAC', () => bent(file('new.p12'), -20), 'PKCS12_DAMAGED'],
  ['another salt of the MAC', () => bent(file('new.p12'), -6), 'PKCS12_DAMAGED'],
  ['other bytes in the certificate', () => bent(file('new.p12'), 300), 'PKCS12_DAMAGED'],
  ['other bytes in an attribute of the key', () => bent(file('new.p12'), -MAC_BYTES - 3), 'PKCS12_DAMAGED'],
  [
    'other bytes in a certificate that is not encrypted',
    () => bent(file('plain-certificate.p12'), 300),
    'PKCS12_DAMAGED',
  ],
];
for (const [what, make, code] of damages)
  test(`F-30 ${what} is refused with ${code}: the password is right`, () =>
    refused(readPkcs12(make(), PASSWORD), code));

const refusals: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  ...MADE.filter(([name]) => !/^(old|no-mac)/.test(name)).map(
    ([name]) =>
      [
        `another password for ${name}`,
        () => readPkcs12(file(name), 'close sesame'),
        'PKCS12_PASSWORD_WRONG',
      ] as const,
  ),
  [
    'another password for a file without MAC',
    () => readPkcs12(file('no-mac.p12'), 'x'),
    'PKCS12_PASSWORD_WRONG',
  ],
  ['no password', () => readPkcs12(file('new.p12'), ''), 'PKCS12_PASSWORD_WRONG'],
  ['RC2', () => readPkcs12(file('oldest.p12'), 'open sesame'), 'PKCS12_OLD'],
  ['3DES', () => readPkcs12(file('old.p12'), 'open sesame'), 'PKCS12_OLD'],
  ['half a file', () => readPkcs12(file('new.p12').subarray(0, 200), 'open sesame'), 'PKCS12_MALFORMED'],
  ['PEM', () => readPkcs12(file('cert.pem'), 'open sesame'), 'PKCS12_MALFORMED'],
  ['nothing', () => readPkcs12(new Uint8Array(), 'open sesame'), 'PKCS12_MALFORMED'],
];
for (const [what, read, code] of refusals)
  test(`F-30 ${what} is refused with ${code}`, () => refused(read(), code));

async function refused(act: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(act, (error) => error instanceof AppError && error.code === code);
}
