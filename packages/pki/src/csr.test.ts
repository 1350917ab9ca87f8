import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createCertificateRequest, parseCertificateRequest, requestBytesOfText } from './csr.ts';
import { bitString, contextConstructed, element, oid, sequence, setOf, smallInteger } from './der/write.ts';
import { extension, subjectAltName } from './extensions.ts';
import { generatePrivateKey, KEY_ALGORITHMS, sha256Hex } from './keys.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { toPem } from './pem.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';
import { fileSigner } from './signer.ts';

const folder = mkdtempSync(join(tmpdir(), 'sekisho-csr-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const refusedWith = (code: ErrorCode, detail?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, code);
  if (detail !== undefined) assert.match(String(error.params['detail']), detail);
  return true;
};

const signer = fileSigner(await generatePrivateKey('p256'));
const good = await createCertificateRequest({ signer, commonName: 'client.example' });

for (const algorithm of KEY_ALGORITHMS)
  test(`T-03 a request of our own with ${algorithm} verifies here and with OpenSSL, and keeps its names`, async () => {
    const own = fileSigner(await generatePrivateKey(algorithm));
    const der = await createCertificateRequest({
      signer: own,
      commonName: 'client.example',
      dns: ['client.example', 'client'],
      ips: ['192.0.2.7', '2001:db8::1'],
      uris: ['spiffe://x/y'],
      serverAuth: true,
    });
    const request = parseCertificateRequest(der);
    assert.equal(request.commonName, 'client.example');
    assert.deepEqual(request.dns, ['client.example', 'client']);
    assert.deepEqual(request.ips, ['192.0.2.7', '2001:db8::1']);
    assert.deepEqual(request.uris, ['spiffe://x/y']);
    assert.equal(request.keyAlgorithm, algorithm);
    assert.equal(request.wantsServerAuth, true);
    assert.equal(request.sha256, sha256Hex(der));
    assert.deepEqual(Buffer.from(request.spkiDer), Buffer.from(own.spkiDer));
    writeFileSync(join(folder, `${algorithm}.csr`), toPem('CERTIFICATE REQUEST', der));
    const text = openssl('req', '-verify', '-noout', '-text', '-in', `${algorithm}.csr`);
    assert.match(text, /DNS:client\.example, DNS:client, IP Address:192\.0\.2\.7/);
  });

for (const [what, keyArgs, expected] of [
  ['P-256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'p256'],
  ['P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'p384'],
  ['RSA 3072', ['rsa:3072'], 'rsa3072'],
  ['RSA 4096', ['rsa:4096'], 'rsa3072'],
  ['Ed25519', ['ed25519'], 'ed25519'],
] as const)
  test(`T-06 a request that openssl makes with ${what} is accepted, in PEM, base64 and DER`, () => {
    openssl(
      ...['req', '-new', '-nodes', '-newkey', ...keyArgs, '-keyout', 'k.pem', '-out', 'r.pem'],
      ...[
        '-subj',
        '/O=Example/CN=web.example',
        '-addext',
        'subjectAltName=DNS:web.example,IP:192.0.2.1,email:a@b.example',
      ],
    );
    const pem = readFileSync(join(folder, 'r.pem'), 'utf8');
    const request = parseCertificateRequest(requestBytesOfText(pem));
    assert.equal(request.keyAlgorithm, expected);
    assert.equal(request.commonName, 'web.example');
    assert.deepEqual(request.dns, ['web.example']);
    assert.equal(request.wantsServerAuth, false);
    const body = pem.replace(/-----[^-]+-----/g, '');
    assert.equal(parseCertificateRequest(requestBytesOfText(body)).sha256, request.sha256);
  });

for (const [what, keyArgs, code, detail] of [
  ['RSA of 2048 bits', ['rsa:2048'], 'CSR_KEY_WEAK', /2048/],
  ['RSA of 1024 bits', ['rsa:1024'], 'CSR_KEY_WEAK', /1024/],
  ['RSA with exponent 3', ['rsa:3072', '-pkeyopt', 'rsa_keygen_pubexp:3'], 'CSR_KEY_WEAK', /exponent/],
  ['P-224', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-224'], 'CSR_KEY_WEAK', /curve/],
  ['P-521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'CSR_KEY_UNSUPPORTED', /curve/],
  ['secp256k1', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'CSR_KEY_UNSUPPORTED', /curve/],
  [
    'a curve given by its parameters',
    ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
    'CSR_KEY_UNSUPPORTED',
    /parameters/,
  ],
  ['Ed448', ['ed448'], 'CSR_KEY_UNSUPPORTED', /algorithm/],
  ['RSA-PSS', ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:3072'], 'CSR_KEY_UNSUPPORTED', /algorithm/],
] as const)
  test(`T-15 a request with ${what} is refused`, () => {
    openssl(
      'req',
      '-new',
      '-nodes',
      '-newkey',
      ...keyArgs,
      '-keyout',
      'k.pem',
      '-out',
      'w.pem',
      '-subj',
      '/CN=x',
    );
    const bytes = requestBytesOfText(readFileSync(join(folder, 'w.pem'), 'utf8'));
    assert.throws(() => parseCertificateRequest(bytes), refusedWith(code, detail));
  });

test('T-15 a request signed with SHA-1 proves nothing', () => {
  openssl(
    'req',
    '-new',
    '-nodes',
    '-newkey',
    'rsa:3072',
    '-sha1',
    '-keyout',
    'k.pem',
    '-out',
    's.pem',
    '-subj',
    '/CN=x',
  );
  const bytes = requestBytesOfText(readFileSync(join(folder, 's.pem'), 'utf8'));
  assert.throws(() => parseCertificateRequest(bytes), refusedWith('CSR_SIGNATURE_INVALID'));
});

/** A request with parts of one's own choice, signed properly. */
async function request(parts: {
  version?: number;
  subject?: Uint8Array;
  spki?: Uint8Array;
  attributes?: readonly Uint8Array[];
}): Promise<Uint8Array> {
  const info = sequence(
    smallInteger(parts.version ?? 0),
    parts.subject ?? commonNameDer('x'),
    parts.spki ?? signer.spkiDer,
    element(contextConstructed(0), ...(parts.attributes ?? [])),
  );
  return sequence(info, SIGNATURE_ALGORITHM_DER.p256, bitString(await signer.sign(info)));
}
const extensionRequest = (...extensions: Uint8Array[]): Uint8Array =>
  sequence(oid(OID.extensionRequest), setOf(sequence(...extensions)));

test('T-15 a request that its key did not sign is refused', async () => {
  const other = fileSigner(await generatePrivateKey('p256'));
  const stolen = await request({ spki: other.spkiDer });
  assert.throws(() => parseCertificateRequest(stolen), refusedWith('CSR_SIGNATURE_INVALID'));
});

test('T-15 a point that is not on its curve is refused', async () => {
  const spki = Buffer.from(signer.spkiDer);
  spki[spki.length - 1]! ^= 1;
  const bytes = await request({ spki });
  assert.throws(() => parseCertificateRequest(bytes), refusedWith('CSR_MALFORMED', /key/));
});

test('T-15 an RSA modulus with a small factor is refused', () => {
  const modulus = randomBytes(384);
  modulus[0]! |= 0x80;
  const value = BigInt(`0x${modulus.toString('hex')}`);
  const bytes = Buffer.from((value - (value % 751n)).toString(16), 'hex');
  const key = sequence(element(2, Buffer.of(0), bytes), smallInteger(65_537));
  const spki = sequence(sequence(oid(OID.rsaEncryption), Buffer.from([5, 0])), bitString(key));
  const info = sequence(smallInteger(0), commonNameDer('x'), spki, element(contextConstructed(0)));
  const der = sequence(info, SIGNATURE_ALGORITHM_DER.rsa3072, bitString(new Uint8Array(384)));
  assert.throws(() => parseCertificateRequest(der), refusedWith('CSR_KEY_WEAK', /factor/));
});

const san = subjectAltName({ dns: ['a.example'] });
for (const [what, parts, detail] of [
  ['of another version', { version: 1 }, /version/],
  [
    'with two common names',
    { subject: sequence(...[1, 2].map(() => commonNameDer('x').subarray(2))) },
    /common names/,
  ],
  ['that asks for extensions twice', { attributes: [extensionRequest(san), extensionRequest(san)] }, /twice/],
  ['with one extension twice', { attributes: [extensionRequest(san, san)] }, /twice/],
  ['with an empty list of extensions', { attributes: [extensionRequest()] }, /empty/],
  [
    'with an empty SAN',
    { attributes: [extensionRequest(extension(OID.subjectAltName, false, sequence()))] },
    /empty/,
  ],
  [
    'with a NUL inside a DNS name',
    {
      attributes: [
        extensionRequest(
          extension(OID.subjectAltName, false, sequence(element(0x82, Buffer.from('a.example\0.evil')))),
        ),
      ],
    },
    /ASCII/,
  ],
  [
    'with an address of five bytes',
    {
      attributes: [
        extensionRequest(extension(OID.subjectAltName, false, sequence(element(0x87, Buffer.alloc(5))))),
      ],
    },
    /address/,
  ],
  [
    'with three hundred names',
    {
      attributes: [
        extensionRequest(
          subjectAltName({ dns: Array.from({ length: 300 }, (_, index) => `h${index}.example`) }),
        ),
      ],
    },
    /too many names/,
  ],
  ['with a control character in its common name', { subject: commonNameDer('a\nb') }, /control/],
] as const)
  test(`T-15 a request ${what} is refused`, async () => {
    const bytes = await request(parts);
    assert.throws(() => parseCertificateRequest(bytes), refusedWith('CSR_MALFORMED', detail));
  });

test('a request without attributes, and one with a challenge password, are read', async () => {
  assert.deepEqual(parseCertificateRequest(await request({})).dns, []);
  const challenge = sequence(oid('1.2.840.113549.1.9.7'), setOf(element(0x0c, Buffer.from('x'))));
  assert.equal(parseCertificateRequest(await request({ attributes: [challenge] })).commonName, 'x');
});

test('T-15 ten megabytes of garbage are refused by their size alone', () => {
  const garbage = randomBytes(10 * 1024 * 1024);
  assert.throws(() => parseCertificateRequest(garbage), refusedWith('CSR_TOO_LARGE'));
  assert.throws(() => requestBytesOfText(garbage.toString('base64')), refusedWith('CSR_TOO_LARGE'));
});

test('T-15 deep nesting, huge lengths, trailing bytes and cut-off requests are refused', () => {
  let nested: Uint8Array = new Uint8Array(0);
  for (let level = 0; level < 4000; level += 1) nested = sequence(nested);
  for (const bytes of [
    nested,
    Buffer.concat([good, Buffer.of(0)]),
    good.subarray(0, good.length - 1),
    Buffer.from('3084ffffffff', 'hex'),
    new Uint8Array(0),
  ])
    assert.throws(() => parseCertificateRequest(bytes), refusedWith('CSR_MALFORMED'));
});

test('text that is no request is refused', () => {
  for (const text of [
    '',
    '%%%',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA',
  ])
    assert.throws(
      () => parseCertificateRequest(requestBytesOfText(text)),
      refusedWith('CSR_MALFORMED'),
      text,
    );
});

test('whatever bytes of a request change, it is accepted unchanged in meaning or refused', () => {
  const codes: ReadonlySet<string> = new Set([
    'CSR_MALFORMED',
    'CSR_KEY_UNSUPPORTED',
    'CSR_KEY_WEAK',
    'CSR_SIGNATURE_INVALID',
  ]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const bytes = Buffer.from(good);
        for (const [offset, value] of changes) bytes[offset] = value;
        if (bytes.equals(good)) return;
        assert.throws(
          () => parseCertificateRequest(bytes),
          (error) => error instanceof AppError && codes.has(error.code),
        );
      },
    ),
    { numRuns: 1500 },
  );
});

test('a request signed elsewhere with the same key is the same proof', () => {
  // node's own one-shot sign, not our signer
  const key = createPrivateKey({
    key: execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519']),
    format: 'pem',
  });
  const own = fileSigner(key);
  const info = sequence(smallInteger(0), commonNameDer('x'), own.spkiDer, element(contextConstructed(0)));
  const der = sequence(info, SIGNATURE_ALGORITHM_DER.ed25519, bitString(sign(null, info, key)));
  assert.equal(parseCertificateRequest(der).keyAlgorithm, 'ed25519');
});
