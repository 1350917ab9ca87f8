import { AppError, type ErrorParams } from '@sekisho/core/errors.ts';
import { CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCertificateRequest, parseCertificateRequest, requestBytesOfText } from './csr.ts';
import { DerReader } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  element,
  nullElement,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
} from './der/write.ts';
import { extKeyUsage, readExtensions, subjectAltName } from './extensions.ts';
import { generatePrivateKey, sha256Hex } from './keys.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { inLines, toPem } from './pem.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';
import { fileSigner } from './signer.ts';

const signer = fileSigner(await generatePrivateKey('p256'));
const algorithm = SIGNATURE_ALGORITHM_DER.p256;
const NONE = new Uint8Array(0);
const attribute = (type: string, ...values: Uint8Array[]): Uint8Array =>
  sequence(oid(type), setOf(...values));
const wanted = (...extensions: Uint8Array[]): Uint8Array =>
  attribute(OID.extensionRequest, sequence(...extensions));
const challenge = attribute('1.2.840.113549.1.9.7', nullElement);
const attributes = (...list: Uint8Array[]): Uint8Array => element(contextConstructed(0), ...list);
const san = subjectAltName({ dns: ['a.example'], ips: ['192.0.2.1'], uris: ['spiffe://x/y'] });

/** The parts of a CertificationRequestInfo that is accepted. */
const PARTS = {
  version: smallInteger(0),
  subject: commonNameDer('x'),
  key: signer.spkiDer,
  attributes: attributes(wanted(san)),
  tail: NONE,
};
const infoOf = (changed: Partial<typeof PARTS>): Uint8Array =>
  sequence(...Object.values({ ...PARTS, ...changed }));
async function requestOf(changed: Partial<typeof PARTS>): Promise<Uint8Array> {
  const info = infoOf(changed);
  return sequence(info, algorithm, bitString(await signer.sign(info)));
}

function told(act: () => unknown): { code: string; params?: ErrorParams } {
  try {
    act();
    return { code: 'accepted' };
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return { code: error.code, params: error.params };
  }
}
const parsing = (der: Uint8Array) => told(() => parseCertificateRequest(der));

const info = infoOf({});
const malformed: readonly (readonly [what: string, der: Uint8Array, detail: string])[] = [
  ['that is a set', setOf(info, algorithm, bitString(NONE)), 'a certificate request expected'],
  ['of nothing', sequence(), 'certificationRequestInfo expected'],
  ['without an algorithm', sequence(info, bitString(NONE)), 'the signature algorithm expected'],
  [
    'with an empty algorithm',
    sequence(info, sequence(), bitString(NONE)),
    'the signature algorithm expected',
  ],
  ['without a signature', sequence(info, algorithm), 'the signature expected'],
  [
    'with something after the signature',
    sequence(info, algorithm, bitString(NONE), nullElement),
    'something follows the signature',
  ],
  ['without a version', await requestOf({ version: NONE }), 'the version expected'],
  ['of version 2', await requestOf({ version: smallInteger(1) }), 'it is not of version 1'],
  ['without a subject', await requestOf({ subject: nullElement }), 'the subject expected'],
  ['without a key', await requestOf({ key: nullElement }), 'the key expected'],
  [
    'with something after the attributes',
    await requestOf({ tail: nullElement }),
    'something follows the attributes',
  ],
  [
    'with something in the place of the attributes',
    await requestOf({ attributes: nullElement }),
    'something follows the attributes',
  ],
  [
    'with an attribute that is none',
    await requestOf({ attributes: attributes(nullElement) }),
    'an attribute expected',
  ],
  [
    'with an attribute of no type',
    await requestOf({ attributes: attributes(sequence()) }),
    'an attribute expected',
  ],
  [
    'with an attribute without values',
    await requestOf({ attributes: attributes(sequence(oid(OID.extensionRequest))) }),
    'the values of an attribute expected',
  ],
  [
    'with an attribute that goes on',
    await requestOf({ attributes: attributes(sequence(oid(OID.data), setOf(), nullElement)) }),
    'something follows an attribute',
  ],
  [
    'with seventeen attributes',
    await requestOf({ attributes: attributes(...Array<Uint8Array>(17).fill(challenge)) }),
    'too many attributes',
  ],
  [
    'that asks for extensions twice',
    await requestOf({ attributes: attributes(wanted(san), wanted(san)) }),
    'extensions are requested twice',
  ],
  [
    'with two lists of extensions',
    await requestOf({
      attributes: attributes(attribute(OID.extensionRequest, sequence(san), sequence(san))),
    }),
    'something follows the requested extensions',
  ],
  [
    'of garbage as long as the limit',
    element(TAG.sequence, new Uint8Array(CSR_BYTES_MAX - 4)),
    'a tag that is not allowed',
  ],
];
for (const [what, der, detail] of malformed)
  test(`T-15 a request ${what} is refused: ${detail}`, () => {
    const { code, params } = parsing(der);
    assert.deepEqual([code, params?.['detail']], ['CSR_MALFORMED', detail]);
  });

test('T-15 a request beyond the limit is refused with the limit', () => {
  const tooLarge = { code: 'CSR_TOO_LARGE', params: { limitBytes: 16_384 } };
  assert.deepEqual(parsing(element(TAG.sequence, new Uint8Array(CSR_BYTES_MAX - 3))), tooLarge);
  const longest = 'A'.repeat(CSR_BYTES_MAX * 2);
  assert.equal(requestBytesOfText(longest).length, (CSR_BYTES_MAX * 3) / 2);
  assert.deepEqual(
    told(() => requestBytesOfText(`${longest}A`)),
    tooLarge,
  );
});

test('T-15 the refusal of a key says what is wrong with it', async () => {
  const point = Buffer.alloc(57, 4);
  const weak = sequence(sequence(oid(OID.ecPublicKey), oid(OID.p224)), bitString(point));
  const unknown = sequence(sequence(oid(OID.rsaPss)), bitString(point));
  assert.deepEqual(parsing(await requestOf({ key: weak })), {
    code: 'CSR_KEY_WEAK',
    params: { detail: `curve ${OID.p224}` },
  });
  assert.deepEqual(parsing(await requestOf({ key: unknown })), {
    code: 'CSR_KEY_UNSUPPORTED',
    params: { detail: `algorithm ${OID.rsaPss}` },
  });
});

test('T-15 a request that was changed after it was signed is refused', async () => {
  const signature = bitString(await signer.sign(info));
  assert.deepEqual(parsing(sequence(info, algorithm, signature)), { code: 'accepted' });
  const other = sequence(infoOf({ subject: commonNameDer('y') }), algorithm, signature);
  assert.deepEqual(parsing(other), { code: 'CSR_SIGNATURE_INVALID', params: {} });
});

test('T-10 a request says what it wishes, and nothing that it does not', async () => {
  const der = await requestOf({ attributes: attributes(challenge, wanted(san)) });
  const request = parseCertificateRequest(der);
  assert.deepEqual(
    {
      ...request,
      der: Buffer.from(request.der),
      spkiDer: Buffer.from(request.spkiDer),
      subjectDer: Buffer.from(request.subjectDer),
    },
    {
      der: Buffer.from(der),
      sha256: sha256Hex(der),
      commonName: 'x',
      dns: ['a.example'],
      ips: ['192.0.2.1'],
      uris: ['spiffe://x/y'],
      spkiDer: Buffer.from(signer.spkiDer),
      keyAlgorithm: 'p256',
      wantsServerAuth: false,
      subjectDer: Buffer.from(commonNameDer('x')),
    },
  );
  for (const nothing of [NONE, attributes(), attributes(challenge)]) {
    const { dns, ips, uris, wantsServerAuth } = parseCertificateRequest(
      await requestOf({ attributes: nothing }),
    );
    assert.deepEqual(
      { dns, ips, uris, wantsServerAuth },
      { dns: [], ips: [], uris: [], wantsServerAuth: false },
    );
  }
  const serves = await requestOf({
    attributes: attributes(wanted(extKeyUsage([OID.clientAuth, OID.serverAuth]))),
  });
  assert.equal(parseCertificateRequest(serves).wantsServerAuth, true);
});

test('what was parsed is a copy: changing the bytes afterwards changes nothing', async () => {
  const bytes = Buffer.from(await requestOf({}));
  const request = parseCertificateRequest(bytes);
  const { sha256 } = request;
  bytes.fill(0);
  assert.equal(sha256Hex(request.der), sha256);
});

test('T-15 sixteen attributes are read over', async () => {
  const der = await requestOf({ attributes: attributes(...Array<Uint8Array>(16).fill(challenge)) });
  assert.equal(parseCertificateRequest(der).commonName, 'x');
});

test('T-06 a request comes as PEM under either label, or as base64, and one at a time', async () => {
  const der = await requestOf({});
  const pems = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'].map((label) => toPem(label, der));
  const encoded = inLines(Buffer.from(der).toString('base64'), 64);
  for (const text of [...pems, `subject=x\n${pems[0]}`, encoded, `${encoded}\r\n`])
    assert.deepEqual(Buffer.from(requestBytesOfText(text)), Buffer.from(der));
  const none = { code: 'CSR_MALFORMED', params: { detail: 'not one PEM block CERTIFICATE REQUEST' } };
  for (const text of [pems.join(''), pems[0]!.repeat(2), toPem('CERTIFICATE', der), '-----'])
    assert.deepEqual(
      told(() => requestBytesOfText(text)),
      none,
    );
  for (const [text, detail] of [
    [pems[0]!.replace(/-----END[^]*$/, ''), 'a PEM block does not end'],
    [pems[1]!.replace('\n', '\n!'), 'it is not base64'],
    [`!${encoded}`, 'it is not base64'],
  ] as const)
    assert.deepEqual(
      told(() => requestBytesOfText(text)),
      { code: 'CSR_MALFORMED', params: { detail } },
    );
});

/** The extensions that a request of our own asks for. */
async function asked(wish: Partial<Parameters<typeof createCertificateRequest>[0]>) {
  const der = await createCertificateRequest({ signer, commonName: 'x', ...wish });
  const reader = new DerReader(der).enter(TAG.sequence, '').enter(TAG.sequence, '');
  for (const tag of [TAG.integer, TAG.sequence, TAG.sequence]) reader.take(tag, '');
  const one = reader.enter(contextConstructed(0), '').enter(TAG.sequence, '');
  assert.equal(one.oid(''), OID.extensionRequest);
  const { extKeyUsages, san: names, critical } = readExtensions(one.enter(TAG.set, ''));
  return { extKeyUsages, names, critical };
}

test('a request of our own asks for the names and the role that are wished for', async () => {
  const none = { dns: [], ips: [], uris: [], others: 0 };
  const client = { extKeyUsages: [OID.clientAuth], names: none, critical: [] };
  assert.deepEqual(await asked({}), client);
  assert.deepEqual(await asked({ serverAuth: false }), client);
  assert.deepEqual(await asked({ serverAuth: true }), {
    ...client,
    extKeyUsages: [OID.clientAuth, OID.serverAuth],
  });
  assert.deepEqual(await asked({ dns: ['a'] }), { ...client, names: { ...none, dns: ['a'] } });
  assert.deepEqual(await asked({ ips: ['::1'] }), { ...client, names: { ...none, ips: ['::1'] } });
  assert.deepEqual(await asked({ uris: ['a:b'] }), { ...client, names: { ...none, uris: ['a:b'] } });
  assert.deepEqual(await asked({ dns: ['a'], ips: ['::1'] }), {
    ...client,
    names: { ...none, dns: ['a'], ips: ['::1'] },
  });
});
