import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { parseGroupId, parseJobId, parseListId } from '@sekisho/core/ids.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { DOCUMENT_TYPES, type DocumentPayload, type DocumentType } from '@sekisho/core/wire/documents.ts';
import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import { newDomainId, newHostId, TestAuthority, type TestLeaf } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { createHmac, randomUUID, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Certificate } from './certificate.ts';
import { resignDocument, signDocument, signerKeyOf, verifyDocument } from './documents.ts';
import * as encode from './extensions.ts';
import { documentSignerUri, issueDocumentSigner } from './issue.ts';
import { generatePrivateKey, sha256Hex, spkiOf } from './keys.ts';
import { OID } from './oids.ts';
import { fileSigner } from './signer.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const foreign = await TestAuthority.create({ nowMs: NOW_MS, domainId: authority.domainId });
const { domainId, root, documentSigner } = authority;
const host = await authority.host({ media: true });

const head = { domain: domainId, serial: 7, issuedAt: NOW_MS };
const group = parseGroupId(randomUUID())!;
const list = parseListId(randomUUID())!;
const payloads: { [T in DocumentType]: DocumentPayload<T> } = {
  bundle: {
    ...head,
    anchors: [
      {
        fingerprint: root.certificate.fingerprint,
        certificate: Buffer.from(root.certificate.der).toString('base64'),
        state: 'active',
      },
    ],
    intermediates: [],
    links: [],
    signers: [],
    crls: [],
    httpPort: 8014,
  },
  'audit-key': { ...head, origin: 'sekisho.test/audit', verifierKey: 'sekisho.test/audit+00000000+AA==' },
  communication: { ...head, bundle: 'a.b.c', list: 'd.e.f' },
  package: {
    ...head,
    version: '1.2.3',
    platform: 'linux-amd64',
    fileName: 'sekisho_1.2.3_amd64.deb',
    sha256: sha256Hex(new Uint8Array()),
    bytes: 1,
    minimumVersion: null,
  },
  list: {
    ...head,
    list,
    servers: [
      {
        priority: 1,
        serverId: authority.serverId,
        address: 'localhost',
        port: 13000,
        protocol: 'https',
        acceptedKeys: [],
      },
    ],
  },
  assignment: {
    ...head,
    hostId: host.hostId,
    name: 'クライアント',
    group,
    list,
    media: null,
    repositories: [],
    readGrants: [],
  },
  policy: {
    ...head,
    group,
    heartbeatSeconds: 60,
    mode: 'push',
    origins: {},
    crlRefreshSeconds: 3600,
    staleCrl: 'open',
    mediaServers: [],
    plans: [],
  },
  order: {
    ...head,
    jobId: parseJobId('a'.repeat(32))!,
    hostId: host.hostId,
    expiresAtMs: NOW_MS + 1000,
    act: {
      what: 'browse',
      repository: `${host.hostId}.1`,
      mediaHostId: host.hostId,
      snapshotId: 'b'.repeat(64),
      path: '/',
      limit: 10,
    },
  } as DocumentPayload<'order'>,
};
const expected = { domainId, anchors: authority.anchors, nowMs: NOW_MS };

const refuses = async (code: ErrorCode, act: Promise<unknown>, detail?: RegExp): Promise<void> => {
  await assert.rejects(act, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    if (detail !== undefined) assert.match(String(error.params['detail']), detail);
    return true;
  });
};

/** A JWS of one's own making: any header over any payload, signed by any key, the way an attacker would. */
function rawJws(
  header: Record<string, unknown>,
  payload: unknown,
  signature: (input: Buffer) => Buffer,
): string {
  const part = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${signature(Buffer.from(input)).toString('base64url')}`;
}
const es256 = (key: KeyObject) => (input: Buffer) =>
  sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });

const headerOf = (type: string, chain: readonly Certificate[]): Record<string, unknown> => ({
  alg: 'ES256',
  typ: `sekisho-${type}+jws`,
  kid: chain[0]!.keyId,
  x5c: chain.map(({ der }) => Buffer.from(der).toString('base64')),
});
const policyBy = (
  leaf: TestLeaf,
  header: Record<string, unknown> = {},
  payload: unknown = payloads.policy,
): string => rawJws({ ...headerOf('policy', [leaf.certificate]), ...header }, payload, es256(leaf.key));

for (const type of DOCUMENT_TYPES)
  test(`T-01 a ${type} that the domain signed verifies, with the hash of its content`, async () => {
    const jws = await authority.signDocument(type, payloads[type]);
    const verified = await verifyDocument(jws, { ...expected, type });
    assert.deepEqual(verified.payload, payloads[type]);
    const again = await verifyDocument(await authority.signDocument(type, payloads[type]), {
      ...expected,
      type,
    });
    assert.equal(again.contentSha256, verified.contentSha256);
    assert.equal(verified.contentSha256, sha256Hex(Buffer.from(jws.split('.')[1]!, 'base64url')));
  });

test('a JWS that was put together by hand in the same way is accepted: the following differ in one thing', async () => {
  await verifyDocument(policyBy(documentSigner), { ...expected, type: 'policy' });
});

for (const algorithm of ['p384', 'ed25519'] as const)
  test(`a document signer with a ${algorithm} key signs documents`, async () => {
    const signer = fileSigner(await generatePrivateKey(algorithm));
    const certificate = await issueDocumentSigner({
      domainId,
      spkiDer: signer.spkiDer,
      issuer: root,
      serial: Buffer.alloc(16, 0x55),
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + 86_400_000,
    });
    const jws = await signDocument({
      type: 'policy',
      payload: payloads.policy,
      signer,
      chain: [certificate],
    });
    await verifyDocument(jws, { ...expected, type: 'policy' });
  });

test('T-01 a document of one type is none of another', async () => {
  for (const type of DOCUMENT_TYPES)
    for (const other of DOCUMENT_TYPES)
      if (other !== type)
        await refuses(
          'DOCUMENT_TYPE_WRONG',
          verifyDocument(await authority.signDocument(type, payloads[type]), { ...expected, type: other }),
        );
});

test('T-01 a bundle is signed by an anchor itself: the document signer may not, nor another root', async () => {
  const verify = (jws: string) => verifyDocument(jws, { ...expected, type: 'bundle' });
  for (const leaf of [documentSigner, authority.server, host])
    await refuses(
      'DOCUMENT_SIGNER_WRONG',
      verify(
        rawJws(headerOf('bundle', [leaf.certificate, root.certificate]), payloads.bundle, es256(leaf.key)),
      ),
      /PEER_CHAIN_UNTRUSTED/,
    );
  await refuses('DOCUMENT_SIGNER_WRONG', verify(await foreign.signDocument('bundle', payloads.bundle)));
  await refuses(
    'DOCUMENT_SIGNATURE_INVALID',
    verify(rawJws(headerOf('bundle', [root.certificate]), payloads.bundle, es256(host.key))),
  );
});

test('T-01 invariant 10: a host leaf, a server and an issuing CA sign no document of any type', async () => {
  const leaves = [host, authority.server, { certificate: authority.issuing.certificate, key: host.key }];
  for (const type of DOCUMENT_TYPES)
    for (const { certificate, key } of leaves)
      for (const chain of [[certificate], [certificate, authority.issuing.certificate, root.certificate]])
        await refuses(
          'DOCUMENT_SIGNER_WRONG',
          verifyDocument(rawJws(headerOf(type, chain), payloads[type], es256(key)), { ...expected, type }),
        );
});

test('T-01 a document signer that a host made for itself is refused', async () => {
  const certificate = await forgeCertificate({
    signer: host.signer,
    issuer: host.certificate,
    spkiDer: host.signer.spkiDer,
    commonName: 'Document Signer',
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + 86_400_000,
    extensions: [
      encode.basicConstraints(false),
      encode.keyUsage(['digitalSignature']),
      encode.extKeyUsage([OID.documentSigner], true),
      encode.subjectAltName({ uris: [documentSignerUri(domainId)] }),
    ],
  });
  const chain = [certificate, host.certificate, authority.issuing.certificate];
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    verifyDocument(rawJws(headerOf('policy', chain), payloads.policy, es256(host.key)), {
      ...expected,
      type: 'policy',
    }),
    /PEER_ISSUER_NOT_CA/,
  );
});

test('T-01 the signer of another root is refused, whatever domain it claims', async () => {
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    verifyDocument(await foreign.signDocument('policy', payloads.policy), { ...expected, type: 'policy' }),
  );
});

test('T-01 a document of another domain is refused', async () => {
  const other = newDomainId();
  const jws = await authority.signDocument('policy', { ...payloads.policy, domain: other });
  await refuses('DOCUMENT_DOMAIN_OTHER', verifyDocument(jws, { ...expected, type: 'policy' }));
  const own = await authority.signDocument('policy', payloads.policy);
  await refuses(
    'DOCUMENT_DOMAIN_OTHER',
    verifyDocument(own, { ...expected, type: 'policy', domainId: other }),
  );
});

test('an expired signer is refused by the clock that is given, and one of tomorrow', async () => {
  const { notBeforeMs, notAfterMs } = documentSigner.certificate;
  const jws = await authority.signDocument('policy', payloads.policy);
  const at = (nowMs: number) => verifyDocument(jws, { ...expected, type: 'policy', nowMs });
  await refuses('DOCUMENT_SIGNER_WRONG', at(notAfterMs + 1000), /PEER_CERTIFICATE_EXPIRED/);
  await refuses('DOCUMENT_SIGNER_WRONG', at(notBeforeMs - 1000), /PEER_CERTIFICATE_NOT_YET_VALID/);
  const bundle = await authority.signDocument('bundle', payloads.bundle);
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    verifyDocument(bundle, { ...expected, type: 'bundle', nowMs: root.certificate.notAfterMs + 1000 }),
    /PEER_CERTIFICATE_EXPIRED/,
  );
});

for (const [what, header] of [
  ['a key of its own (jwk)', { jwk: spkiJwk(documentSigner.key) }],
  ['a key address (jku)', { jku: 'https://evil.example/keys' }],
  ['a certificate address (x5u)', { x5u: 'https://evil.example/cert' }],
  ['an unknown crit', { crit: ['exp'], exp: 1 }],
  ['a crit that is known to libraries (b64)', { crit: ['b64'], b64: false }],
  ['an empty crit', { crit: [] }],
  ['a content type', { cty: 'JWT' }],
  ['a certificate hash', { 'x5t#S256': 'x' }],
  ['no chain', { x5c: undefined }],
  ['an empty chain', { x5c: [] }],
  [
    'a chain of five',
    { x5c: Array.from({ length: 5 }, () => Buffer.from(root.certificate.der).toString('base64')) },
  ],
  ['a chain of garbage', { x5c: ['AAAA'] }],
  ['a chain that is not text', { x5c: [1] }],
  ['a chain in base64url', { x5c: [Buffer.from(documentSigner.certificate.der).toString('base64url')] }],
  ['the key ID of another', { kid: host.signer.keyId }],
  ['no key ID', { kid: undefined }],
  ['no type', { typ: undefined }],
] as const)
  test(`a document whose header has ${what} is refused`, async () => {
    await refuses(
      'DOCUMENT_MALFORMED',
      verifyDocument(policyBy(documentSigner, header), { ...expected, type: 'policy' }),
    );
  });

function spkiJwk(key: KeyObject): unknown {
  const { d: _, ...jwk } = key.export({ format: 'jwk' });
  return jwk;
}

for (const [alg, signature] of [
  ['none', () => Buffer.from('x')],
  ['HS256', (input: Buffer) => createHmac('sha256', spkiOf(documentSigner.key)).update(input).digest()],
  ['HS256', (input: Buffer) => createHmac('sha256', documentSigner.certificate.der).update(input).digest()],
  ['RS256', es256(documentSigner.key)],
  ['ES384', es256(documentSigner.key)],
  ['ES256K', es256(documentSigner.key)],
  ['es256', es256(documentSigner.key)],
] as const)
  test(`a document under alg ${alg} is refused`, async () => {
    const header = { ...headerOf('policy', [documentSigner.certificate]), alg };
    await refuses(
      'DOCUMENT_SIGNATURE_INVALID',
      verifyDocument(rawJws(header, payloads.policy, signature), { ...expected, type: 'policy' }),
    );
  });

test('an algorithm that is not that of the key is refused before anything verifies by it', async () => {
  for (const alg of ['none', 'HS256', 'ES384', 'es256']) {
    const act = verifyDocument(policyBy(documentSigner, { alg }), { ...expected, type: 'policy' });
    await assert.rejects(act, (error) => error instanceof AppError && error.cause === undefined, alg);
  }
});

test('an unsigned document is refused', async () => {
  const jws = await authority.signDocument('policy', payloads.policy);
  await refuses(
    'DOCUMENT_MALFORMED',
    verifyDocument(jws.replace(/[^.]+$/, ''), { ...expected, type: 'policy' }),
  );
});

test('a document whose payload or header was changed is refused', async () => {
  const [header, , signature] = (await authority.signDocument('policy', payloads.policy)).split('.');
  const richer = Buffer.from(JSON.stringify({ ...payloads.policy, serial: 8 })).toString('base64url');
  await refuses(
    'DOCUMENT_SIGNATURE_INVALID',
    verifyDocument(`${header}.${richer}.${signature}`, { ...expected, type: 'policy' }),
  );
});

for (const [what, payload] of [
  ['that is not JSON', 'not json'],
  ['that is a number', '7'],
  ['without a domain', { ...payloads.policy, domain: undefined }],
  ['without a serial', { ...payloads.policy, serial: undefined }],
  ['with a negative serial', { ...payloads.policy, serial: -1 }],
  ['of another type', payloads.order],
] as const)
  test(`a signed payload ${what} is refused`, async () => {
    await refuses(
      'DOCUMENT_MALFORMED',
      verifyDocument(policyBy(documentSigner, {}, payload), { ...expected, type: 'policy' }),
    );
  });

test('a document over the limit is refused unread', async () => {
  await refuses(
    'DOCUMENT_MALFORMED',
    verifyDocument('x'.repeat(DOCUMENT_BYTES_MAX + 1), { ...expected, type: 'policy' }),
    /larger/,
  );
});

test('what the domain would not believe is not signed either', async () => {
  const order = { type: 'order', payload: payloads.order } as const;
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    signDocument({ ...order, signer: host.signer, chain: [host.certificate] }),
  );
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    signDocument({ ...order, signer: host.signer, chain: [documentSigner.certificate] }),
  );
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    signDocument({
      type: 'bundle',
      payload: payloads.bundle,
      signer: documentSigner.signer,
      chain: [documentSigner.certificate],
    }),
  );
  await refuses(
    'DOCUMENT_MALFORMED',
    authority.signDocument('order', { ...payloads.order, expiresAtMs: -1 }),
    /expiresAtMs/,
  );
});

test('a cut-off or changed document is refused, whatever was cut or changed', async () => {
  const jws = await authority.signDocument('assignment', { ...payloads.assignment, hostId: newHostId() });
  const characters = fc.constantFrom(...'ABYZaz09-_.=+ é\n\0');
  await fc.assert(
    fc.asyncProperty(
      fc.nat(jws.length - 1),
      fc.nat(jws.length - 1),
      characters,
      async (cut, at, character) => {
        const changed = `${jws.slice(0, at)}${character}${jws.slice(at + 1)}`;
        for (const text of [jws.slice(0, cut), changed]) {
          // the last character of the signature carries bits that base64url drops
          if (
            text === jws ||
            (Buffer.from(text.split('.')[2] ?? '', 'base64url').equals(
              Buffer.from(jws.split('.')[2]!, 'base64url'),
            ) &&
              text.startsWith(jws.slice(0, jws.lastIndexOf('.') + 1)))
          )
            continue;
          await assert.rejects(
            verifyDocument(text, { ...expected, type: 'assignment' }),
            (error) => error instanceof AppError && error.code.startsWith('DOCUMENT_'),
          );
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('a refused document says what was expected, what was found, and which check of the signer failed', async () => {
  const told = async (act: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await act.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof AppError);
    return [error.code, error.params];
  };
  const policy = { ...expected, type: 'policy' } as const;
  const other = newDomainId();
  const { certificate } = documentSigner;
  assert.deepEqual(await told(verifyDocument(policyBy(documentSigner, { typ: 'x'.repeat(80) }), policy)), [
    'DOCUMENT_TYPE_WRONG',
    { expected: 'sekisho-policy+jws', found: 'x'.repeat(64) },
  ]);
  assert.deepEqual(
    await told(verifyDocument(policyBy(documentSigner, {}, { ...payloads.policy, domain: other }), policy)),
    ['DOCUMENT_DOMAIN_OTHER', { expected: domainId, found: other }],
  );
  assert.deepEqual(await told(verifyDocument(policyBy(documentSigner), { ...policy, domainId: other })), [
    'DOCUMENT_DOMAIN_OTHER',
    { expected: other, found: domainId },
  ]);
  assert.deepEqual(
    await told(verifyDocument(policyBy(documentSigner), { ...policy, nowMs: certificate.notAfterMs + 1 })),
    ['DOCUMENT_SIGNER_WRONG', { detail: 'PEER_CERTIFICATE_EXPIRED' }],
  );
  const bundle = await authority.signDocument('bundle', payloads.bundle);
  assert.deepEqual(
    await told(verifyDocument(bundle, { ...policy, type: 'bundle', nowMs: root.certificate.notAfterMs + 1 })),
    ['DOCUMENT_SIGNER_WRONG', { detail: 'PEER_CERTIFICATE_EXPIRED' }],
  );
  assert.deepEqual(await told(verifyDocument(policyBy(documentSigner, { kid: 'x' }), policy)), [
    'DOCUMENT_MALFORMED',
    { detail: 'kid is not the key of the certificate' },
  ]);
  assert.deepEqual(await told(verifyDocument(policyBy(documentSigner, {}, 'not json'), policy)), [
    'DOCUMENT_MALFORMED',
    { detail: 'the payload is not JSON' },
  ]);
  const long = 'x'.repeat(DOCUMENT_BYTES_MAX + 1);
  assert.deepEqual(await told(verifyDocument(long, policy)), [
    'DOCUMENT_MALFORMED',
    { detail: `larger than ${DOCUMENT_BYTES_MAX} bytes` },
  ]);
  assert.deepEqual(await told(verifyDocument(policyBy(documentSigner, { alg: 'ES384' }), policy)), [
    'DOCUMENT_SIGNATURE_INVALID',
    {},
  ]);
  const badPath = { ...payloads.list, servers: [{ ...payloads.list.servers[0], port: 'x' }] };
  const list = rawJws(headerOf('list', [certificate]), badPath, es256(documentSigner.key));
  const [code, params] = (await told(verifyDocument(list, { ...expected, type: 'list' }))) as [
    string,
    { detail: string },
  ];
  assert.equal(code, 'DOCUMENT_MALFORMED');
  assert.match(params.detail, /^servers\.0\.port: Invalid input/);
});

test('T-01 what is refused for its signer or its content keeps the reason as its cause', async () => {
  const causeOf = (act: Promise<unknown>): Promise<unknown> =>
    act.then(
      () => assert.fail('allowed'),
      (error: unknown) => (error as Error).cause,
    );
  const policy = { ...expected, type: 'policy' } as const;
  const byHost = await causeOf(
    verifyDocument(rawJws(headerOf('bundle', [host.certificate]), payloads.bundle, es256(host.key)), {
      ...expected,
      type: 'bundle',
    }),
  );
  assert.ok(byHost instanceof AppError);
  assert.deepEqual([byHost.code, byHost.params], ['PEER_CHAIN_UNTRUSTED', { subject: host.hostId }]);
  for (const [jws, ofDomain, code] of [
    [policyBy(documentSigner), newDomainId(), 'PEER_DOMAIN_OTHER'],
    [policyBy(host), domainId, 'PEER_CHAIN_UNTRUSTED'],
  ] as const) {
    const cause = await causeOf(verifyDocument(jws, { ...policy, domainId: ofDomain }));
    assert.ok(cause instanceof AppError);
    assert.equal(cause.code, code);
  }
  for (const jws of [
    rawJws(headerOf('policy', [documentSigner.certificate]), payloads.policy, es256(host.key)),
    policyBy(documentSigner, {}, 'not json'),
    policyBy(documentSigner, {}, '7'),
  ])
    assert.ok((await causeOf(verifyDocument(jws, policy))) instanceof Error);
});

test('T-01 a document brings along the chain that it was signed with, whatever was signed before', async () => {
  const { signer, certificate } = documentSigner;
  const one = [certificate];
  const two = [certificate, root.certificate];
  for (const chain of [two, one, two, one]) {
    const jws = await signDocument({ type: 'list', payload: payloads.list, signer, chain });
    const header: unknown = JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString('utf8'));
    assert.deepEqual(header, headerOf('list', chain));
  }
});

test('T-01 a bundle is believed from any of the anchors', async () => {
  const anchors = [foreign.root.certificate, root.certificate];
  const bundle = await authority.signDocument('bundle', payloads.bundle);
  await verifyDocument(bundle, { ...expected, anchors, type: 'bundle' });
});

test('T-01 a document is not signed without a certificate, or by a key that signs no documents', async () => {
  const wrong = { detail: 'the certificate is not that of the signing key or role' };
  const { signer, certificate } = documentSigner;
  for (const wish of [
    { type: 'policy', payload: payloads.policy, signer, chain: [] },
    { type: 'bundle', payload: payloads.bundle, signer: root.signer, chain: [] },
    {
      type: 'policy',
      payload: payloads.policy,
      signer: { ...signer, algorithm: 'rsa3072' },
      chain: [certificate],
    },
  ] as const)
    await assert.rejects(signDocument(wish), (error) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual([error.code, error.params], ['DOCUMENT_SIGNER_WRONG', wrong]);
      return true;
    });
});

for (const [what, signature, detail] of [
  ['no signature', Buffer.of(4, 0), 'the signature expected'],
  ['a signature of nothing', Buffer.of(0x30, 0), 'r expected'],
  ['half a signature', Buffer.of(0x30, 3, 2, 1, 1), 's expected'],
] as const)
  test(`T-07 ${what} from a signer makes no document`, async () => {
    const { signer, certificate } = documentSigner;
    await refuses(
      'DOCUMENT_SIGNATURE_INVALID',
      signDocument({
        type: 'policy',
        payload: payloads.policy,
        signer: { ...signer, sign: () => Promise.resolve(signature) },
        chain: [certificate],
      }),
      new RegExp(`^${detail}$`),
    );
  });

test('a document is signed up to the limit and no further, and read', async () => {
  const paths = Array.from({ length: 785 }, () => `/${'x'.repeat(4000)}`);
  const payloadOf = (length: number, serial: number): DocumentPayload<'order'> => ({
    ...payloads.order,
    serial,
    act: {
      what: 'restore',
      repository: `${host.hostId}.1`,
      mediaHostId: host.hostId,
      snapshotId: 'b'.repeat(64),
      paths: [...paths, `/${'x'.repeat(length)}`],
      targetFolder: null,
      conflict: 'skip',
    } as DocumentPayload<'order'>['act'],
  });
  // three characters of the payload are four of the document, so that not every length can be reached
  const least = await authority.signDocument('order', payloadOf(1, 7));
  const missing = DOCUMENT_BYTES_MAX - least.length;
  const longest = payloadOf(1 + Math.floor((missing * 3) / 4), 7);
  const jws = await authority.signDocument('order', longest);
  assert.ok(jws.length <= DOCUMENT_BYTES_MAX && jws.length > DOCUMENT_BYTES_MAX - 3, `${jws.length}`);
  await verifyDocument(jws, { ...expected, type: 'order' });
  await refuses(
    'DOCUMENT_MALFORMED',
    authority.signDocument('order', { ...longest, serial: 77_777 }),
    new RegExp(`^larger than ${DOCUMENT_BYTES_MAX} bytes$`),
  );
});

test('a document as long as the limit is read', async () => {
  const padding = 'x'.repeat(DOCUMENT_BYTES_MAX);
  await refuses(
    'DOCUMENT_MALFORMED',
    verifyDocument(padding, { ...expected, type: 'policy' }),
    /^it is not a JWS of three parts$/,
  );
});

test('a payload that is not UTF-8 is refused', async () => {
  const input = `${Buffer.from(JSON.stringify(headerOf('policy', [documentSigner.certificate]))).toString('base64url')}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}`;
  const jws = `${input}.${es256(documentSigner.key)(Buffer.from(input)).toString('base64url')}`;
  await refuses('DOCUMENT_MALFORMED', verifyDocument(jws, { ...expected, type: 'policy' }), /not JSON/);
});

test('F-30 F-37 where the bundle names signers, no other key signs; one from outside counts by its key and its dates', async () => {
  const policy = policyBy(documentSigner);
  const named = (keyId: string, outside = false) => ({ signers: [{ keyId, outside }] });
  const wish = { ...expected, type: 'policy' } as const;
  const { keyId } = documentSigner.certificate;
  await verifyDocument(policy, { ...wish, ...named(keyId) });
  await verifyDocument(policy, { ...wish, signers: [] });
  await refuses('DOCUMENT_SIGNER_WRONG', verifyDocument(policy, { ...wish, ...named('0'.repeat(64)) }));
  // the same key without an anchor: only as one from outside
  await refuses('DOCUMENT_SIGNER_WRONG', verifyDocument(policy, { ...wish, anchors: [], ...named(keyId) }));
  await verifyDocument(policy, { ...wish, anchors: [], ...named(keyId, true) });
  const late = { ...wish, nowMs: documentSigner.certificate.notAfterMs + 1 };
  await refuses(
    'DOCUMENT_SIGNER_WRONG',
    verifyDocument(policy, { ...late, anchors: [], ...named(keyId, true) }),
  );
});

test('F-30 a document that another key signs again is the same document, byte for byte', async () => {
  const first = await authority.signDocument('policy', payloads.policy);
  const signer = fileSigner(await generatePrivateKey('p256'));
  const { notBeforeMs, notAfterMs } = documentSigner.certificate;
  const validity = { notBeforeMs, notAfterMs, serial: Buffer.alloc(16, 7) };
  const certificate = await issueDocumentSigner({
    ...validity,
    domainId,
    spkiDer: signer.spkiDer,
    issuer: root,
  });
  const again = await resignDocument(first, { type: 'policy', signer, chain: [certificate] });
  const read = (jws: string) => verifyDocument(jws, { ...expected, type: 'policy' });
  assert.equal((await read(again)).contentSha256, (await read(first)).contentSha256);
  assert.deepEqual(
    [signerKeyOf(first) === signerKeyOf(again), signerKeyOf(again)],
    [false, certificate.keyId],
  );
  assert.equal(signerKeyOf('nothing'), undefined);
});
