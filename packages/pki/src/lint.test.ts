import { AppError } from '@sekisho/core/errors.ts';
import { approve, newDomainId, newHostId, TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Certificate } from './certificate.ts';
import { nullElement } from './der/write.ts';
import * as encode from './extensions.ts';
import { issueHostCertificate, issueIssuingCa, issueRoot, issueServerTls, serialHex } from './issue.ts';
import { generatePrivateKey } from './keys.ts';
import { lintCertificate, type CertificateProfile } from './lint.ts';
import { OID } from './oids.ts';
import { fileSigner, type Signer } from './signer.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const host = await authority.host();
const { root, issuing, domainId, serverId } = authority;

test('T-08 everything a domain issues passes the linter', () => {
  for (const [certificate, profile, issuer] of [
    [root.certificate, 'root', undefined],
    [issuing.certificate, 'issuing-ca', root.certificate],
    [authority.server.certificate, 'server-tls', root.certificate],
    [authority.documentSigner.certificate, 'document-signer', root.certificate],
    [host.certificate, 'host', issuing.certificate],
  ] as const)
    assert.deepEqual(lintCertificate(certificate.tbs, { profile, issuer }), []);
});

test('T-08 no certificate of the domain passes as one of another kind', () => {
  const kinds: readonly (readonly [Certificate, CertificateProfile, Certificate | undefined])[] = [
    [root.certificate, 'root', undefined],
    [issuing.certificate, 'issuing-ca', root.certificate],
    [authority.server.certificate, 'server-tls', root.certificate],
    [authority.documentSigner.certificate, 'document-signer', root.certificate],
    [host.certificate, 'host', issuing.certificate],
  ];
  for (const [certificate, own] of kinds)
    for (const [, profile, issuer] of kinds)
      if (profile !== own) assert.notDeepEqual(lintCertificate(certificate.tbs, { profile, issuer }), []);
});

const rulesOf = (certificate: Certificate, profile: CertificateProfile, issuer?: Certificate): string[] => [
  ...new Set(lintCertificate(certificate.tbs, { profile, issuer }).map(({ rule }) => rule)),
];

const hostUri = `spiffe://${domainId}/host/${host.hostId}`;
const leafExtensions = {
  basicConstraints: encode.basicConstraints(false),
  keyUsage: encode.keyUsage(['digitalSignature']),
  extKeyUsage: encode.extKeyUsage([OID.clientAuth]),
  san: encode.subjectAltName({ uris: [hostUri] }),
  subjectKeyId: encode.subjectKeyId('ab'.repeat(20)),
};
type Named = Partial<Record<keyof typeof leafExtensions | 'extra', Uint8Array | undefined>>;

const forgeHost = (
  replaced: Named,
  other: {
    commonName?: string;
    notBeforeMs?: number;
    notAfterMs?: number;
    issuer?: Certificate;
    spkiDer?: Uint8Array;
  } = {},
): Promise<Certificate> =>
  forgeCertificate({
    signer: issuing.signer,
    issuer: issuing.certificate,
    spkiDer: host.signer.spkiDer,
    commonName: host.hostId,
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + 365 * DAY_MS,
    ...other,
    extensions: Object.values({ ...leafExtensions, ...replaced }).filter((one) => one !== undefined),
  });

const sanOf = (names: Parameters<typeof encode.subjectAltName>[0]): Named => ({
  san: encode.subjectAltName(names),
});

for (const [rule, what, replaced, other] of [
  ['C4', 'expires before it begins', {}, { notAfterMs: NOW_MS - 1000 }],
  ['C6', 'has a common name of 65 characters', {}, { commonName: 'x'.repeat(65) }],
  ['C7', 'has an unknown critical extension', { extra: encode.extension('1.2.3', true, nullElement) }, {}],
  ['C8', 'has no subject key identifier', { subjectKeyId: undefined }, {}],
  ['C9', 'has no basicConstraints', { basicConstraints: undefined }, {}],
  [
    'C9',
    'has basicConstraints that are not critical',
    { basicConstraints: encode.extension(OID.basicConstraints, false, Buffer.of(0x30, 0)) },
    {},
  ],
  ['C10', 'has no keyUsage', { keyUsage: undefined }, {}],
  ['C11', 'has a wildcard', sanOf({ uris: [hostUri], dns: ['*.example'] }), {}],
  ['C11', 'has an upper-case name', sanOf({ uris: [hostUri], dns: ['A.example'] }), {}],
  ['C11', 'has an address as DNS name', sanOf({ uris: [hostUri], dns: ['192.0.2.1'] }), {}],
  ['C11', 'has a name twice', sanOf({ uris: [hostUri], dns: ['a.example', 'a.example'] }), {}],
  ['C12', 'has a CRL address that is not http', { extra: encode.crlDistributionPoint(['ldap://x/y']) }, {}],
  ['I1', 'names another issuer', {}, { issuer: root.certificate }],
  ['I4', 'is valid before its issuer', {}, { notBeforeMs: issuing.certificate.notBeforeMs - 1000 }],
  ['I7', 'has the key of its issuer', {}, { spkiDer: issuing.signer.spkiDer }],
  ['L1', 'is a CA', { basicConstraints: encode.basicConstraints(true) }, {}],
  ['L2', 'is valid for 826 days', {}, { notAfterMs: NOW_MS + 826 * DAY_MS }],
  ['L3', 'has two URIs', sanOf({ uris: [hostUri, hostUri] }), {}],
  ['L3', 'has no URI', sanOf({ dns: ['a.example'] }), {}],
  [
    'L4',
    'has anyExtendedKeyUsage',
    { extKeyUsage: encode.extKeyUsage([OID.clientAuth, OID.anyExtKeyUsage]) },
    {},
  ],
  ['L5', 'may sign certificates', { keyUsage: encode.keyUsage(['digitalSignature', 'keyCertSign']) }, {}],
  [
    'L5',
    'enciphers keys with ECDSA',
    { keyUsage: encode.keyUsage(['digitalSignature', 'keyEncipherment']) },
    {},
  ],
  ['H1', 'has the URI of a server', sanOf({ uris: [`spiffe://${domainId}/server/${host.hostId}`] }), {}],
  ['H2', 'has another common name', {}, { commonName: 'x' }],
  ['H3', 'is a server too', { extKeyUsage: encode.extKeyUsage([OID.serverAuth]) }, {}],
  ['H3', 'speaks for the CA', { extKeyUsage: encode.extKeyUsage([OID.clientAuth, OID.cmcRa]) }, {}],
] as const)
  test(`T-08 the linter refuses a host certificate that ${what} (${rule})`, async () => {
    const certificate = await forgeHost(replaced, other);
    assert.ok(rulesOf(certificate, 'host', issuing.certificate).includes(rule));
  });

test('T-08 the linter says nothing against the certificate that those were made from', async () => {
  assert.deepEqual(rulesOf(await forgeHost({}), 'host', issuing.certificate), []);
});

const { tbs } = host.certificate;
for (const [rule, what, changed, issuer] of [
  ['C1', 'a serial of 63 bits', { serialBits: 63 }, issuing.certificate],
  ['C1', 'a serial of 128 bits', { serialBits: 128 }, issuing.certificate],
  ['C2', 'a SHA-1 signature', { signatureAlgorithm: '1.2.840.10045.4.1' }, issuing.certificate],
  ['C3', 'a weak key', { key: { accepted: false, reason: 'weak', detail: 'x' } }, issuing.certificate],
  [
    'C5',
    'no subject and a SAN that is not critical',
    { subject: { ...tbs.subject, isEmpty: true } },
    issuing.certificate,
  ],
  [
    'I2',
    "another CA's key identifier",
    { extensions: { ...tbs.extensions, authorityKeyId: 'ab' } },
    issuing.certificate,
  ],
  [
    'I2',
    'no issuer key identifier',
    { extensions: { ...tbs.extensions, authorityKeyId: undefined } },
    issuing.certificate,
  ],
  ['I3', 'an issuer that is no CA', {}, authority.server.certificate],
] as const)
  test(`T-08 the linter refuses a host certificate with ${what} (${rule})`, () => {
    const findings = lintCertificate({ ...tbs, ...changed }, { profile: 'host', issuer });
    assert.ok(findings.some((finding) => finding.rule === rule));
  });

test('T-08 the linter refuses CAs that are none, or more than CAs', async () => {
  const forge = (extensions: Uint8Array[]): Promise<Certificate> =>
    forgeCertificate({
      signer: root.signer,
      issuer: root.certificate,
      spkiDer: host.signer.spkiDer,
      commonName: 'Test Issuing CA',
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + DAY_MS,
      extensions: [...extensions, leafExtensions.subjectKeyId],
    });
  const usage = encode.keyUsage(['keyCertSign', 'cRLSign']);
  const ca = encode.basicConstraints(true, 0);
  for (const [rule, extensions] of [
    ['A1', [encode.basicConstraints(false), usage]],
    ['A2', [ca, encode.keyUsage(['keyCertSign', 'cRLSign', 'digitalSignature'])]],
    ['A2', [ca, encode.keyUsage(['cRLSign'])]],
    ['A3', [ca, usage, encode.extKeyUsage([OID.serverAuth])]],
    ['A4', [encode.basicConstraints(true), usage]],
    ['A4', [encode.basicConstraints(true, 1), usage]],
    ['A6', [ca, usage, encode.subjectAltName({ dns: ['ca.example'] })]],
  ] as const)
    assert.ok(rulesOf(await forge([...extensions]), 'issuing-ca', root.certificate).includes(rule), rule);
});

test('T-08 rules of servers and document signers hold', async () => {
  const forge = (commonName: string, extensions: Uint8Array[]): Promise<Certificate> =>
    forgeCertificate({
      signer: root.signer,
      issuer: root.certificate,
      spkiDer: host.signer.spkiDer,
      commonName,
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + DAY_MS,
      extensions: [
        leafExtensions.basicConstraints,
        leafExtensions.keyUsage,
        leafExtensions.subjectKeyId,
        ...extensions,
      ],
    });
  const serverUri = `spiffe://${domainId}/server/${serverId}`;
  const signerUri = `spiffe://${domainId}/document-signer`;
  const serverUsages = [OID.serverAuth, OID.clientAuth, OID.cmcRa];
  for (const [rule, profile, commonName, usages, critical, names] of [
    ['S1', 'server-tls', serverId, serverUsages, false, { uris: [hostUri], dns: ['s'] }],
    ['S2', 'server-tls', 'x', serverUsages, false, { uris: [serverUri], dns: ['s'] }],
    ['S3', 'server-tls', serverId, [OID.serverAuth], false, { uris: [serverUri], dns: ['s'] }],
    ['S4', 'server-tls', serverId, serverUsages, false, { uris: [serverUri] }],
    ['D1', 'document-signer', 'x', [OID.documentSigner], true, { uris: [serverUri] }],
    ['D2', 'document-signer', 'x', [OID.documentSigner], false, { uris: [signerUri] }],
    ['D2', 'document-signer', 'x', [OID.documentSigner, OID.clientAuth], true, { uris: [signerUri] }],
    ['D3', 'document-signer', 'x', [OID.documentSigner], true, { uris: [signerUri], dns: ['s'] }],
  ] as const) {
    const certificate = await forge(commonName, [
      encode.extKeyUsage(usages, critical),
      encode.subjectAltName(names),
    ]);
    assert.ok(rulesOf(certificate, profile, root.certificate).includes(rule), rule);
  }
});

/** A signer that fails the test when it is asked to sign. */
const untouchable = (signer: Signer): Signer => ({
  ...signer,
  sign: () => assert.fail('it was signed'),
});

const isLintRefusal = (rule: RegExp) => (error: unknown) =>
  error instanceof AppError &&
  error.code === 'ISSUANCE_LINT_REFUSED' &&
  rule.test(String(error.params['findings']));

test('T-08 nothing is signed that the linter refuses', async () => {
  const issuer = { certificate: issuing.certificate, signer: untouchable(issuing.signer) };
  const plan = {
    hostId: newHostId(),
    domainId: newDomainId(),
    dns: ['a.example'],
    ips: [],
    media: false,
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + DAY_MS,
  };
  const wish = { issuer, spkiDer: host.signer.spkiDer, serial: randomBytes(16) };
  for (const [rule, changed] of [
    [/I4/, { notAfterMs: issuing.certificate.notAfterMs + 1000 }],
    [/L2/, { notAfterMs: NOW_MS + 900 * DAY_MS }],
    [/C4/, { notAfterMs: NOW_MS }],
    [/C11/, { dns: ['*'] }],
  ] as const)
    await assert.rejects(
      issueHostCertificate({ ...wish, plan: approve({ ...plan, ...changed }) }),
      isLintRefusal(rule),
    );
  await assert.rejects(
    issueHostCertificate({ ...wish, plan: approve(plan), serial: Buffer.alloc(16) }),
    isLintRefusal(/zero/),
  );
  await assert.rejects(
    issueHostCertificate({ ...wish, plan: approve(plan), serial: Buffer.alloc(4, 1) }),
    isLintRefusal(/C1/),
  );
  await assert.rejects(
    issueHostCertificate({
      ...wish,
      plan: approve(plan),
      issuer: { ...issuer, signer: untouchable(root.signer) },
    }),
    isLintRefusal(/I8/),
  );
});

test('T-01 the root signs no host, and the issuing CA no CA and no role certificate', async () => {
  const dates = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + DAY_MS, serial: randomBytes(16) };
  const plan = approve({ ...dates, hostId: newHostId(), domainId, dns: [], ips: [], media: false });
  const spki = { spkiDer: host.signer.spkiDer };
  await assert.rejects(issueHostCertificate({ ...spki, ...dates, plan, issuer: root }), isLintRefusal(/I5/));
  await assert.rejects(
    issueServerTls({ ...spki, ...dates, domainId, serverId, dns: ['s.example'], ips: [], issuer: issuing }),
    isLintRefusal(/I5/),
  );
  await assert.rejects(
    issueIssuingCa({ ...spki, ...dates, name: 'x', issuer: issuing }),
    isLintRefusal(/I6/),
  );
});

test('T-03 serial numbers keep 127 random bits, and are known before signing', async () => {
  const serial = Buffer.alloc(16, 0xff);
  const plan = approve({
    hostId: newHostId(),
    domainId,
    dns: [],
    ips: [],
    media: false,
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + DAY_MS,
  });
  const issued = await issueHostCertificate({ plan, serial, spkiDer: host.signer.spkiDer, issuer: issuing });
  assert.equal(issued.serial, `7f${'ff'.repeat(15)}`);
  assert.equal(serialHex(serial), issued.serial);
  assert.equal(serialHex(Buffer.from('8000a1', 'hex')), 'a1');
});

test('T-01 two domains of one name have roots of different names, and a long name gives way', async () => {
  const make = async (name: string): Promise<Certificate> =>
    issueRoot({
      name,
      signer: fileSigner(await generatePrivateKey('p256')),
      serial: randomBytes(16),
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + DAY_MS,
    });
  const [one, two, long] = [await make('本社'), await make('本社'), await make('拠点'.repeat(50))];
  assert.match(one.subjectCn!, /^本社 Root CA [0-9a-f]{8}$/);
  assert.notEqual(one.subjectCn, two.subjectCn);
  assert.equal(long.subjectCn!.length, 64);
});

test('T-08 the published profile and the linter name the same rules', () => {
  const page = readFileSync(
    new URL('../../../docs/reference/certificate-profile.md', import.meta.url),
    'utf8',
  );
  const published = new Set([...page.matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, rule]) => rule!));
  const sources = ['lint.ts', 'lint-crl.ts', 'build-crl.ts', 'sign-crl.ts', 'issue.ts']
    .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n');
  const checked = new Set(
    [...sources.matchAll(/'([A-Z]\d+)',|\[([A-Z]\d+)\] /g)].map(([, one, two]) => one ?? two!),
  );
  assert.deepEqual([...checked].sort(), [...published].sort());
});
