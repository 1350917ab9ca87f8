import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import { newDomainId, newHostId, TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { parseCertificate, type Certificate } from './certificate.ts';
import { nullElement } from './der/write.ts';
import * as encode from './extensions.ts';
import { generatePrivateKey, KEY_ALGORITHMS } from './keys.ts';
import { OID } from './oids.ts';
import { RevocationSet } from './revocation-set.ts';
import { fileSigner } from './signer.ts';
import { coversName, verifyChain, type PeerRole, type VerifiedChain } from './verify.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const foreign = await TestAuthority.create({ nowMs: NOW_MS });
const { root, issuing, domainId, serverId } = authority;
const client = await authority.host({ name: 'client.example' });
const media = await authority.host({ media: true, name: 'media.example', ips: ['192.0.2.7', '2001:db8::1'] });

const verify = (
  leaf: Certificate,
  role: PeerRole,
  changed: Partial<Parameters<typeof verifyChain>[0]> = {},
): VerifiedChain =>
  verifyChain({
    leaf,
    role,
    intermediates: [issuing.certificate],
    anchors: authority.anchors,
    nowMs: NOW_MS,
    domainId,
    ...changed,
  });

const refused = (code: ErrorCode, act: () => unknown): void => {
  assert.throws(act, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    assert.doesNotMatch(error.message, /\?/, 'a parameter of the words is missing');
    return true;
  });
};

test('T-02 a client, a media server, a management server and a document signer verify in their roles', () => {
  const verified = verify(client.certificate, 'host-client');
  assert.equal(verified.hostId, client.hostId);
  assert.equal(verified.serverId, undefined);
  assert.equal(verified.issuerKeyId, issuing.certificate.keyId);
  assert.deepEqual(
    verified.path.map(({ fingerprint }) => fingerprint),
    [client.certificate, issuing.certificate, root.certificate].map(({ fingerprint }) => fingerprint),
  );
  assert.equal(verify(media.certificate, 'host-media').hostId, media.hostId);
  assert.equal(verify(media.certificate, 'host-client').hostId, media.hostId);
  const server = verify(authority.server.certificate, 'server', { intermediates: [] });
  assert.equal(server.serverId, serverId);
  assert.equal(server.issuerKeyId, root.certificate.keyId);
  assert.deepEqual(verify(authority.documentSigner.certificate, 'document-signer').path.length, 2);
});

for (const keyAlgorithm of KEY_ALGORITHMS)
  test(`T-03 a host with a ${keyAlgorithm} key verifies`, async () => {
    const host = await authority.host({ keyAlgorithm });
    assert.equal(verify(host.certificate, 'host-client').hostId, host.hostId);
    assert.equal(host.certificate.keyUsages.has('keyEncipherment'), keyAlgorithm === 'rsa3072');
  });

test('T-01 T-02 no certificate verifies in a role that is not its own', () => {
  const holders: readonly (readonly [Certificate, readonly PeerRole[]])[] = [
    [client.certificate, ['host-client']],
    [media.certificate, ['host-client', 'host-media']],
    [authority.server.certificate, ['server']],
    [authority.documentSigner.certificate, ['document-signer']],
    [issuing.certificate, []],
  ];
  for (const [certificate, own] of holders)
    for (const role of ['host-client', 'host-media', 'server', 'document-signer'] as const)
      if (!own.includes(role)) refused('PEER_ROLE_WRONG', () => verify(certificate, role));
});

test('T-02 dates are checked by the clock that is given, for every certificate of the path', async () => {
  const { notBeforeMs, notAfterMs } = client.certificate;
  refused('PEER_CERTIFICATE_NOT_YET_VALID', () =>
    verify(client.certificate, 'host-client', { nowMs: notBeforeMs - 1 }),
  );
  verify(client.certificate, 'host-client', { nowMs: notBeforeMs });
  verify(client.certificate, 'host-client', { nowMs: notAfterMs });
  refused('PEER_CERTIFICATE_EXPIRED', () =>
    verify(client.certificate, 'host-client', { nowMs: notAfterMs + 1 }),
  );
  const leaf = await forge({}, { notAfterMs: issuing.certificate.notAfterMs + 10 * DAY_MS });
  refused('PEER_CERTIFICATE_EXPIRED', () =>
    verify(leaf, 'host-client', { nowMs: issuing.certificate.notAfterMs + DAY_MS }),
  );
});

test('T-02 a certificate of another domain, or one without its issuing CA, leads nowhere', async () => {
  const stranger = await foreign.host();
  refused('PEER_CHAIN_UNTRUSTED', () => verify(stranger.certificate, 'host-client'));
  refused('PEER_CHAIN_UNTRUSTED', () =>
    verify(stranger.certificate, 'host-client', { intermediates: [foreign.issuing.certificate] }),
  );
  refused('PEER_CHAIN_UNTRUSTED', () => verify(client.certificate, 'host-client', { intermediates: [] }));
  refused('PEER_CHAIN_UNTRUSTED', () => verify(client.certificate, 'host-client', { anchors: [] }));
});

test('T-02 an anchor of two domains does not mix them up', () => {
  refused('PEER_DOMAIN_OTHER', () => verify(client.certificate, 'host-client', { domainId: newDomainId() }));
  refused('PEER_DOMAIN_OTHER', () =>
    verify(authority.documentSigner.certificate, 'document-signer', { domainId: newDomainId() }),
  );
});

test('T-02 a certificate whose signature was touched is told from an unknown one', () => {
  const bytes = Buffer.from(client.certificate.der);
  bytes[bytes.length - 1]! ^= 1;
  refused('PEER_SIGNATURE_INVALID', () => verify(parseCertificate(bytes), 'host-client'));
});

test('T-01 a host that issues certificates with its own key is refused', async () => {
  const forged = await forgeCertificate({
    ...plain(),
    signer: client.signer,
    issuer: client.certificate,
    extensions: Object.values(leafParts()),
  });
  refused('PEER_ISSUER_NOT_CA', () =>
    verify(forged, 'host-client', { intermediates: [client.certificate, issuing.certificate] }),
  );
});

test('T-01 a CA below the issuing CA is refused: its path length is zero', async () => {
  const below = fileSigner(await generatePrivateKey('p256'));
  const ca = await forgeCertificate({
    ...plain(),
    signer: issuing.signer,
    issuer: issuing.certificate,
    spkiDer: below.spkiDer,
    commonName: 'CA below',
    extensions: [
      encode.basicConstraints(true),
      encode.keyUsage(['keyCertSign']),
      encode.subjectKeyId('cd'.repeat(20)),
    ],
  });
  const leaf = await forgeCertificate({
    ...plain(),
    signer: below,
    issuer: ca,
    extensions: Object.values(leafParts()),
  });
  refused('PEER_ISSUER_NOT_CA', () =>
    verify(leaf, 'host-client', { intermediates: [ca, issuing.certificate] }),
  );
});

const hostUri = (hostId: string, domain: string = domainId): string => `spiffe://${domain}/host/${hostId}`;

const plain = () => ({
  spkiDer: client.signer.spkiDer,
  commonName: client.hostId as string,
  notBeforeMs: NOW_MS - DAY_MS,
  notAfterMs: NOW_MS + DAY_MS,
});

const leafParts = () => ({
  basicConstraints: encode.basicConstraints(false),
  keyUsage: encode.keyUsage(['digitalSignature']),
  extKeyUsage: encode.extKeyUsage([OID.clientAuth]),
  san: encode.subjectAltName({ uris: [hostUri(client.hostId)] }),
  subjectKeyId: encode.subjectKeyId('ab'.repeat(20)),
});

type Replaced = Partial<Record<keyof ReturnType<typeof leafParts> | 'extra', Uint8Array | undefined>>;

/** A leaf with chosen parts, truly signed by the issuing CA: as if the linter had been passed by. */
const forge = (
  replaced: Replaced,
  other: { commonName?: string; notAfterMs?: number; spkiDer?: Uint8Array; issuer?: typeof issuing } = {},
): Promise<Certificate> => {
  const { issuer = issuing, ...fields } = other;
  return forgeCertificate({
    ...plain(),
    ...fields,
    signer: issuer.signer,
    issuer: issuer.certificate,
    extensions: Object.values({ ...leafParts(), ...replaced }).filter((one) => one !== undefined),
  });
};
const san = (...uris: string[]): Replaced => ({ san: encode.subjectAltName({ uris }) });
const usages = (...oids: string[]): Replaced => ({ extKeyUsage: encode.extKeyUsage(oids) });

test('T-02 the leaf that the following are made from verifies', async () => {
  assert.equal(verify(await forge({}), 'host-client').hostId, client.hostId);
});

const serverUri = `spiffe://${domainId}/server/${client.hostId}`;
const signerUri = `spiffe://${domainId}/document-signer`;
for (const [code, role, what, replaced, other] of [
  [
    'PEER_NAME_WRONG',
    'host-client',
    'with two SPIFFE IDs',
    san(hostUri(client.hostId), hostUri(media.hostId)),
    {},
  ],
  ['PEER_NAME_WRONG', 'host-client', 'without a URI', { san: encode.subjectAltName({ dns: ['x'] }) }, {}],
  ['PEER_NAME_WRONG', 'host-client', 'without a SAN', { san: undefined }, {}],
  ['PEER_NAME_WRONG', 'host-client', "with another host's common name", {}, { commonName: newHostId() }],
  ['PEER_ROLE_WRONG', 'host-client', 'with a URI that is no SPIFFE ID', san('https://x/'), {}],
  ['PEER_ROLE_WRONG', 'host-client', 'with a host ID that is none', san(hostUri('x')), {}],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'with something after the host ID',
    san(`${hostUri(client.hostId)}/x`),
    {},
  ],
  [
    'PEER_DOMAIN_OTHER',
    'host-client',
    'of another domain under the same CA',
    san(hostUri(client.hostId, newDomainId())),
    {},
  ],
  ['PEER_ROLE_WRONG', 'host-client', 'without extended key usage', { extKeyUsage: undefined }, {}],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'with anyExtendedKeyUsage',
    usages(OID.clientAuth, OID.anyExtKeyUsage),
    {},
  ],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'that is a document signer as well',
    usages(OID.clientAuth, OID.documentSigner),
    {},
  ],
  ['PEER_ROLE_WRONG', 'host-media', 'for clients only', {}, {}],
  ['PEER_ROLE_WRONG', 'host-client', 'that is a CA', { basicConstraints: encode.basicConstraints(true) }, {}],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'that may sign certificates',
    { keyUsage: encode.keyUsage(['digitalSignature', 'keyCertSign']) },
    {},
  ],
  [
    'PEER_KEY_USAGE_WRONG',
    'host-client',
    'without digitalSignature',
    { keyUsage: encode.keyUsage(['keyAgreement']) },
    {},
  ],
  ['PEER_KEY_USAGE_WRONG', 'host-client', 'without keyUsage', { keyUsage: undefined }, {}],
  [
    'PEER_EXTENSION_UNKNOWN',
    'host-client',
    'with an unknown critical extension',
    { extra: encode.extension('1.2.3.4', true, nullElement) },
    {},
  ],
  // everything a host would need to pose as more, signed by the issuing CA itself: still refused
  [
    'PEER_ROLE_WRONG',
    'server',
    'with all of a server but its signer',
    { ...san(serverUri), ...usages(OID.serverAuth, OID.clientAuth, OID.cmcRa) },
    {},
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'with all of a document signer but its signer',
    { ...san(signerUri), extKeyUsage: encode.extKeyUsage([OID.documentSigner], true) },
    {},
  ],
  // signed by the root, but not as the role wants it
  ['PEER_ROLE_WRONG', 'host-client', 'of a host, signed by the root', {}, { issuer: root }],
  [
    'PEER_ROLE_WRONG',
    'server',
    'of a server that does not speak for the CA',
    { ...san(serverUri), ...usages(OID.serverAuth) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'of a document signer that is not critical',
    { ...san(signerUri), ...usages(OID.documentSigner) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'of a document signer that is a client too',
    { ...san(signerUri), extKeyUsage: encode.extKeyUsage([OID.documentSigner, OID.clientAuth], true) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'that may sign revocation lists',
    { keyUsage: encode.keyUsage(['digitalSignature', 'cRLSign']) },
    {},
  ],
  [
    'PEER_ROLE_WRONG',
    'host-client',
    'with something before its SPIFFE ID',
    san(`x${hostUri(client.hostId)}`),
    {},
  ],
  ['PEER_ROLE_WRONG', 'host-client', 'with a domain that is none', san(hostUri(client.hostId, 'x')), {}],
  ['PEER_ROLE_WRONG', 'host-client', 'of no kind', san(`spiffe://${domainId}/${client.hostId}`), {}],
  ['PEER_ROLE_WRONG', 'host-client', 'of a server', san(serverUri), {}],
  ['PEER_ROLE_WRONG', 'host-media', 'of a server', { ...san(serverUri), ...usages(OID.serverAuth) }, {}],
  [
    'PEER_ROLE_WRONG',
    'host-media',
    'of a host, signed by the root',
    usages(OID.serverAuth),
    { issuer: root },
  ],
  ['PEER_ROLE_WRONG', 'server', 'of a host', usages(OID.serverAuth, OID.cmcRa), { issuer: root }],
  [
    'PEER_ROLE_WRONG',
    'server',
    'of a server that serves nobody',
    { ...san(serverUri), ...usages(OID.cmcRa) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'server',
    'of a server that signs documents',
    { ...san(serverUri), ...usages(OID.serverAuth, OID.cmcRa, OID.documentSigner) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'server',
    'of a server for anything',
    { ...san(serverUri), ...usages(OID.serverAuth, OID.cmcRa, OID.anyExtKeyUsage) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'server',
    'with a server ID that is none',
    { ...san(`spiffe://${domainId}/server/x`), ...usages(OID.serverAuth, OID.cmcRa) },
    { issuer: root },
  ],
  [
    'PEER_NAME_WRONG',
    'server',
    "with another server's common name",
    { ...san(serverUri), ...usages(OID.serverAuth, OID.cmcRa) },
    { issuer: root, commonName: newHostId() },
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'of something after a document signer',
    { ...san(`${signerUri}/x`), extKeyUsage: encode.extKeyUsage([OID.documentSigner], true) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'of a document signer for clients',
    { ...san(signerUri), extKeyUsage: encode.extKeyUsage([OID.clientAuth], true) },
    { issuer: root },
  ],
  [
    'PEER_ROLE_WRONG',
    'document-signer',
    'of a server',
    { ...san(serverUri), extKeyUsage: encode.extKeyUsage([OID.documentSigner], true) },
    { issuer: root },
  ],
] as const)
  test(`T-02 as ${role}, a certificate ${what} is refused (${code})`, async () => {
    const leaf = await forge(replaced, other);
    refused(code, () => verify(leaf, role));
  });

for (const [what, key] of [
  ['RSA of 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
] as const)
  test(`T-03 a certificate for ${what} is refused even when a CA signed it`, async () => {
    const leaf = await forge({}, { spkiDer: key().publicKey.export({ format: 'der', type: 'spki' }) });
    refused('PEER_KEY_UNSUPPORTED', () => verify(leaf, 'host-client'));
  });

test('T-02 the name that was dialled must stand in the certificate', () => {
  for (const name of [
    'media.example',
    'MEDIA.Example.',
    '192.0.2.7',
    '::ffff:192.0.2.7',
    '2001:DB8:0::1',
    '[2001:db8::1]',
  ])
    assert.equal(verify(media.certificate, 'host-media', { name }).hostId, media.hostId, name);
  for (const name of ['other.example', 'x.media.example', '192.0.2.8', '', media.hostId, 'media.example\0'])
    refused('PEER_NAME_WRONG', () => verify(media.certificate, 'host-media', { name }));
  assert.equal(coversName(media.certificate, 'localhost'), true);
});

test('T-42 a revocation counts by issuer key and serial, for the leaf and for its CA', async () => {
  const revocations = new RevocationSet();
  revocations.add(await authority.crl({ revoke: [client.certificate] }), issuing.certificate);
  refused('PEER_REVOKED', () => verify(client.certificate, 'host-client', { revocations }));
  verify(media.certificate, 'host-client', { revocations });
  const ofRoot = {
    isRevoked: (issuerKeyId: string, serial: string) =>
      issuerKeyId === root.certificate.keyId && serial === issuing.certificate.serial,
  };
  refused('PEER_REVOKED', () => verify(media.certificate, 'host-client', { revocations: ofRoot }));
});

test('T-02 crafted chains can not buy work: eight CAs of one name and key are given up on quickly', async () => {
  const signer = fileSigner(await generatePrivateKey('p256'));
  const extensions = [
    encode.basicConstraints(true),
    encode.keyUsage(['keyCertSign']),
    encode.subjectKeyId('ef'.repeat(20)),
  ];
  const loop: Certificate[] = [];
  for (let index = 0; index < 40; index += 1)
    loop.push(
      await forgeCertificate({
        ...plain(),
        signer,
        issuer: loop[0],
        spkiDer: signer.spkiDer,
        commonName: 'Loop',
        extensions,
      }),
    );
  const leaf = await forgeCertificate({
    ...plain(),
    signer,
    issuer: loop[0],
    extensions: Object.values(leafParts()),
  });
  refused('PEER_CHAIN_UNTRUSTED', () => verify(leaf, 'host-client', { intermediates: loop }));
});

test('a root that is sent along as an intermediate does no harm', () => {
  const again = parseCertificate(root.certificate.der);
  verify(client.certificate, 'host-client', { intermediates: [again, issuing.certificate] });
  verify(authority.server.certificate, 'server', { intermediates: [again] });
});

/** A CA with chosen parts and the key of its own. */
async function forgeCa(
  issuer: { readonly signer: typeof root.signer; readonly certificate: Certificate },
  wish: {
    readonly commonName?: string;
    readonly usages?: readonly ('keyCertSign' | 'cRLSign')[];
    readonly extensions?: readonly Uint8Array[];
    readonly keyId?: string;
    readonly spkiDer?: Uint8Array;
  } = {},
) {
  const signer = fileSigner(await generatePrivateKey('p256'));
  const certificate = await forgeCertificate({
    ...plain(),
    signer: issuer.signer,
    issuer: issuer.certificate,
    spkiDer: wish.spkiDer ?? signer.spkiDer,
    commonName: wish.commonName ?? `CA ${newHostId()}`,
    extensions: wish.extensions ?? [
      encode.basicConstraints(true),
      encode.keyUsage(wish.usages ?? ['keyCertSign']),
      encode.subjectKeyId(wish.keyId ?? newHostId().replaceAll('-', '').padEnd(40, '0')),
    ],
  });
  return { signer, certificate };
}
const leafOf = (issuer: typeof root): Promise<Certificate> => forge({}, { issuer });

test('T-02 a path has room for two CAs below the anchor, and no more', async () => {
  const upper = await forgeCa(root);
  const lower = await forgeCa(upper);
  const lowest = await forgeCa(lower);
  const intermediates = [lowest, lower, upper].map(({ certificate }) => certificate);
  assert.equal(verify(await leafOf(lower), 'host-client', { intermediates }).path.length, 4);
  const deep = await leafOf(lowest);
  refused('PEER_CHAIN_UNTRUSTED', () => verify(deep, 'host-client', { intermediates }));
});

test('T-02 eight intermediate certificates are looked at, and no more', async () => {
  const others: Certificate[] = [];
  for (let index = 0; index < 8; index += 1) others.push((await forgeCa(root)).certificate);
  verify(client.certificate, 'host-client', { intermediates: [...others.slice(1), issuing.certificate] });
  refused('PEER_CHAIN_UNTRUSTED', () =>
    verify(client.certificate, 'host-client', { intermediates: [...others, issuing.certificate] }),
  );
});

test('T-02 at most sixteen signatures are checked for one peer', async () => {
  const loop = fileSigner(await generatePrivateKey('p256'));
  let checked = 0;
  const cas: Certificate[] = [];
  for (let index = 0; index < 8; index += 1) {
    const made: Certificate = await forgeCertificate({
      ...plain(),
      signer: loop,
      issuer: cas[0],
      spkiDer: loop.spkiDer,
      commonName: 'Loop',
      extensions: [encode.basicConstraints(true), encode.keyUsage(['keyCertSign'])],
    });
    cas.push(
      Object.create(made, {
        publicKey: {
          get() {
            checked += 1;
            return made.publicKey;
          },
        },
      }) as Certificate,
    );
  }
  const leaf = await forgeCertificate({
    ...plain(),
    signer: loop,
    issuer: cas[0],
    extensions: Object.values(leafParts()),
  });
  refused('PEER_CHAIN_UNTRUSTED', () => verify(leaf, 'host-client', { intermediates: cas }));
  // each of two CAs costs eight checks: the leaf's, and its own against the seven others, of which one is calculated
  assert.equal(checked, 4);
});

test('T-02 an issuer is found by its name and, where both say it, by its key identifier', async () => {
  const shown = (certificate: Certificate, subjectKeyId: string | undefined): Certificate =>
    Object.create(certificate, { subjectKeyId: { value: subjectKeyId } }) as Certificate;
  const nameless = shown(issuing.certificate, undefined);
  const without = await forge({}, { issuer: { ...issuing, certificate: nameless } });
  assert.equal(without.authorityKeyId, undefined);
  verify(without, 'host-client');
  const silent = await forgeCa(root, {
    extensions: [encode.basicConstraints(true), encode.keyUsage(['keyCertSign'])],
  });
  const named = shown(silent.certificate, 'ab'.repeat(20));
  const leaf = await forge({}, { issuer: { ...silent, certificate: named } });
  verify(leaf, 'host-client', { intermediates: [silent.certificate] });
  const other = shown(issuing.certificate, 'cd'.repeat(20));
  const wrong = await forge({}, { issuer: { ...issuing, certificate: other } });
  refused('PEER_CHAIN_UNTRUSTED', () => verify(wrong, 'host-client'));
});

test('T-01 a CA that may not sign certificates, or has a key that is not accepted, issues nothing', async () => {
  const crlOnly = await forgeCa(root, { usages: ['cRLSign'] });
  const leaf = await leafOf(crlOnly);
  refused('PEER_ISSUER_NOT_CA', () => verify(leaf, 'host-client', { intermediates: [crlOnly.certificate] }));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const strange = await forgeCa(root, { spkiDer: publicKey.export({ format: 'der', type: 'spki' }) });
  const below = await leafOf(strange);
  refused('PEER_ISSUER_NOT_CA', () => verify(below, 'host-client', { intermediates: [strange.certificate] }));
});

test('T-02 what was refused for its signature is refused again, leaf or CA', async () => {
  const touched = (certificate: Certificate): Certificate => {
    const bytes = Buffer.from(certificate.der);
    bytes[bytes.length - 1]! ^= 1;
    return parseCertificate(bytes);
  };
  const [leaf, ca] = [touched(client.certificate), touched(issuing.certificate)];
  for (let time = 0; time < 2; time += 1) {
    refused('PEER_SIGNATURE_INVALID', () => verify(leaf, 'host-client'));
    refused('PEER_SIGNATURE_INVALID', () =>
      verify(client.certificate, 'host-client', { intermediates: [ca] }),
    );
  }
});

test('T-02 a CA that one anchor signed is not believed under another of the same name and key identifier', async () => {
  verify(client.certificate, 'host-client');
  const impostor = await forgeCa(root, {
    commonName: root.certificate.subjectCn!,
    keyId: root.certificate.subjectKeyId!,
  });
  assert.deepEqual(impostor.certificate.subjectDer, root.certificate.subjectDer);
  refused('PEER_SIGNATURE_INVALID', () =>
    verify(client.certificate, 'host-client', { anchors: [impostor.certificate] }),
  );
  verify(client.certificate, 'host-client');
});

test('T-02 a dialled name is compared whole', () => {
  for (const name of [
    'media.example..',
    '.media.example',
    '[2001:db8::1',
    '2001:db8::1]',
    '2001:db8::[1]',
    '[2001:db8::]1',
    '[media.example]',
  ])
    assert.equal(coversName(media.certificate, name), false, name);
});

test('T-02 a CA certificate that leads nowhere does not hide another of the same CA', async () => {
  const cross = await forgeCa(foreign.root, {
    commonName: issuing.certificate.subjectCn!,
    keyId: issuing.certificate.subjectKeyId!,
    spkiDer: issuing.signer.spkiDer,
  });
  assert.deepEqual(cross.certificate.subjectDer, issuing.certificate.subjectDer);
  verify(client.certificate, 'host-client', { intermediates: [cross.certificate, issuing.certificate] });
});

test('T-03 a signature of an unknown kind is told from a wrong one', () => {
  const { tbs } = client.certificate;
  const strange = Object.create(client.certificate, {
    tbs: { value: { ...tbs, signatureAlgorithm: nullElement } },
  }) as Certificate;
  refused('PEER_KEY_UNSUPPORTED', () => verify(strange, 'host-client'));
});

test('T-02 a refusal says which certificate it means, and what is wrong with it', async () => {
  const subject = client.hostId;
  for (const [replaced, params] of [
    [{ keyUsage: undefined }, { subject, missing: 'digitalSignature' }],
    [{ san: undefined }, { subject, expected: `spiffe://${domainId}/…` }],
    [san(hostUri(newHostId())), undefined],
    [usages(OID.serverAuth), { subject, role: 'host-client' }],
    [{ extra: encode.extension('1.2.3.4', true, nullElement) }, { subject, oid: '1.2.3.4' }],
  ] as const) {
    const leaf = await forge(replaced);
    assert.throws(
      () => verify(leaf, 'host-client'),
      (error) => {
        assert.ok(error instanceof AppError);
        const expected = params ?? { subject, expected: leaf.san.uris[0]?.split('/').at(-1) };
        assert.deepEqual(error.params, expected);
        return true;
      },
    );
  }
  const { notBeforeMs, notAfterMs } = client.certificate;
  const iso = (atMs: number): string => new Date(atMs).toISOString();
  for (const [nowMs, params] of [
    [notBeforeMs - 1, { subject, notBefore: iso(notBeforeMs) }],
    [notAfterMs + 1, { subject, notAfter: iso(notAfterMs) }],
  ] as const)
    assert.throws(
      () => verify(client.certificate, 'host-client', { nowMs }),
      (error) => {
        assert.ok(error instanceof AppError);
        assert.deepEqual(error.params, params);
        return true;
      },
    );
});
