import { AppError } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate, ParsedTbs } from './certificate.ts';
import { issueOcspSigner } from './issue.ts';
import { assertNoFindings, lintCertificate, type CertificateProfile } from './lint.ts';
import { OID } from './oids.ts';

const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: Date.UTC(2026, 0, 15) });
const { root, issuing, server, documentSigner } = authority;
const host = await authority.host();
const rsaHost = await authority.host({ keyAlgorithm: 'rsa3072' });
const responder = await issueOcspSigner({
  issuer: issuing,
  spkiDer: host.signer.spkiDer,
  serial: Buffer.alloc(16, 0x55),
  notBeforeMs: host.certificate.notBeforeMs,
  notAfterMs: host.certificate.notBeforeMs + DAY_MS,
});

/** What passes in its profile, under its issuer. */
const KINDS = {
  root: { profile: 'root', certificate: root.certificate, issuer: undefined },
  ca: { profile: 'issuing-ca', certificate: issuing.certificate, issuer: root.certificate },
  server: { profile: 'server-tls', certificate: server.certificate, issuer: root.certificate },
  signer: { profile: 'document-signer', certificate: documentSigner.certificate, issuer: root.certificate },
  host: { profile: 'host', certificate: host.certificate, issuer: issuing.certificate },
  responder: { profile: 'ocsp-signer', certificate: responder, issuer: issuing.certificate },
  rsaHost: { profile: 'host', certificate: rsaHost.certificate, issuer: issuing.certificate },
} as const satisfies Record<
  string,
  { profile: CertificateProfile; certificate: Certificate; issuer: Certificate | undefined }
>;
type Kind = keyof typeof KINDS;

interface Change {
  readonly tbs?: Partial<ParsedTbs>;
  readonly extensions?: Partial<ParsedTbs['extensions']>;
  readonly san?: Partial<ParsedTbs['extensions']['san']>;
  readonly subject?: Partial<ParsedTbs['subject']>;
  /** Parts of the issuer that differ; null: none is given. */
  readonly issuer?: Partial<Certificate> | null;
}

function findings(kind: Kind, change: Change): string[] {
  const { profile, certificate, issuer } = KINDS[kind];
  const { tbs } = certificate;
  const changed: ParsedTbs = {
    ...tbs,
    subject: { ...tbs.subject, ...change.subject },
    ...change.tbs,
    extensions: {
      ...tbs.extensions,
      san: { ...tbs.extensions.san, ...change.san },
      ...change.extensions,
    },
  };
  const properties = Object.fromEntries(
    Object.entries(change.issuer ?? {}).map(([name, value]) => [name, { value }]),
  );
  const by =
    change.issuer === null
      ? undefined
      : change.issuer === undefined
        ? issuer
        : (Object.create(issuer ?? root.certificate, properties) as Certificate);
  return lintCertificate(changed, { profile, issuer: by }).map(({ rule, detail }) => `${rule} ${detail}`);
}

const usages = (...names: string[]): Change => ({ extensions: { keyUsages: new Set(names) } });
const extended = (...oids: string[]): Change => ({ extensions: { extKeyUsages: oids } });
const uri = (...uris: string[]): Change => ({ san: { uris } });
const hostId = host.certificate.subjectCn!;
const [hostUri = ''] = host.certificate.san.uris;
const [serverUri = ''] = server.certificate.san.uris;
const [signerUri = ''] = documentSigner.certificate.san.uris;
const { issuer: hostIssuer, notBeforeMs, notAfterMs } = host.certificate.tbs;
const without = (oid: string): Change => ({
  extensions: { critical: host.certificate.tbs.extensions.critical.filter((one) => one !== oid) },
});
const LONGEST = `${'a.'.repeat(126)}b`;

const NO_HOST_URI = 'H1 its URI is not that of a host';
const NO_SERVER_URI = 'S1 its URI is not that of a server';
const NO_SIGNER_URI = 'D1 its URI is not that of a document signer';
const NOT_ITS_ID = 'H2 its common name is not its host ID';
const NO_HOST_USAGES = 'H3 its extended key usages are not those of a host';
const NO_RESPONDER = 'O1 its extended key usage is not that of a responder alone';
const NO_CA_USAGES = 'A2 keyUsage is not keyCertSign and cRLSign';
const DNS = (name: string) => `C11 ${name} is not a DNS name`;

const cases: readonly (readonly [kind: Kind, what: string, change: Change, found: readonly string[]])[] = [
  // what passes
  ...(['root', 'ca', 'server', 'signer', 'responder', 'host', 'rsaHost'] as const).map(
    (kind) => [kind, 'that is as it should be', {}, []] as const,
  ),
  ['host', 'with a serial of 64 bits', { tbs: { serialBits: 64 } }, []],
  ['host', 'with a serial of 127 bits', { tbs: { serialBits: 127 } }, []],
  ['host', 'valid for a millisecond', { tbs: { notAfterMs: notBeforeMs + 1 } }, []],
  ['host', 'valid for 825 days', { tbs: { notAfterMs: notBeforeMs + 825 * DAY_MS } }, []],
  ['host', 'as long as its issuer', { issuer: { notBeforeMs, notAfterMs } }, []],
  ['host', 'with the longest DNS name', { san: { dns: [LONGEST] } }, []],
  ['host', 'with a label of 63 characters', { san: { dns: [`${'a'.repeat(63)}.b`] } }, []],
  ['host', 'with an underscore', { san: { dns: ['_a_.b-c'] } }, []],
  ['host', 'that serves, too', extended(OID.serverAuth, OID.clientAuth), []],
  ['host', 'with a CRL address', { extensions: { crlUrls: ['http://ca.example/x.crl'] } }, []],
  ['server', 'with an address alone', { san: { dns: [], ips: ['192.0.2.1'] } }, []],
  ['server', 'with a name alone', { san: { dns: ['s.example'], ips: [] } }, []],
  ['ca', 'under an issuer of any depth', { issuer: { pathLength: undefined } }, []],
  ['rsaHost', 'that enciphers keys', usages('digitalSignature', 'keyEncipherment'), []],
  // all kinds
  [
    'host',
    'with a serial of 63 bits',
    { tbs: { serialBits: 63 } },
    ['C1 the serial number has too few bits'],
  ],
  [
    'host',
    'with a serial of 128 bits',
    { tbs: { serialBits: 128 } },
    ['C1 the serial number is longer than 16 bytes'],
  ],
  [
    'host',
    'under an unknown algorithm',
    { tbs: { signatureAlgorithm: '1.2.840.10045.4.1' } },
    ['C2 the signature algorithm is not allowed'],
  ],
  [
    'host',
    'with a weak key',
    { tbs: { key: { accepted: false, reason: 'weak', detail: 'x' } as ParsedTbs['key'] } },
    ['C3 the key is not of an accepted kind'],
  ],
  [
    'host',
    'that ends when it begins',
    { tbs: { notAfterMs: notBeforeMs } },
    ['C4 it expires before it is valid'],
  ],
  [
    'host',
    'without a subject',
    { subject: { isEmpty: true } },
    ['C5 an empty subject needs a critical subjectAltName'],
  ],
  [
    'ca',
    'with a common name of 65 characters',
    { subject: { commonName: 'x'.repeat(65) } },
    ['C6 the common name is longer than 64 characters'],
  ],
  ['ca', 'with a common name of 64 characters', { subject: { commonName: 'x'.repeat(64) } }, []],
  [
    'host',
    'with a critical extension of its own',
    { extensions: { unknownCritical: ['1.2.3'] } },
    ['C7 a critical extension is not of the profile'],
  ],
  [
    'host',
    'without key identifier',
    { extensions: { subjectKeyId: undefined } },
    ['C8 subjectKeyIdentifier is missing'],
  ],
  [
    'host',
    'without basicConstraints',
    { extensions: { hasBasicConstraints: false } },
    ['C9 basicConstraints is missing'],
  ],
  [
    'host',
    'with optional basicConstraints',
    without(OID.basicConstraints),
    ['C9 basicConstraints is not critical'],
  ],
  ['host', 'without keyUsage', { extensions: { hasKeyUsage: false } }, ['C10 keyUsage is missing']],
  [
    'host',
    'with an empty keyUsage',
    usages(),
    ['C10 keyUsage is missing', 'L5 keyUsage digitalSignature is missing'],
  ],
  ['host', 'with an optional keyUsage', without(OID.keyUsage), ['C10 keyUsage is not critical']],
  ...[
    '*.example',
    'A.example',
    '192.0.2.1',
    '-a',
    'a-',
    'a b',
    'a..b',
    '',
    `${LONGEST}b`,
    'a'.repeat(64),
  ].map(
    (name) =>
      ['host', `with the DNS name "${name.slice(0, 12)}"`, { san: { dns: [name] } }, [DNS(name)]] as const,
  ),
  [
    'host',
    'with a name of another kind',
    { san: { others: 1 } },
    ['C11 subjectAltName has a name of another kind'],
  ],
  [
    'host',
    'with a DNS name twice',
    { san: { dns: ['a.example', 'a.example'] } },
    ['C11 a DNS name comes twice'],
  ],
  [
    'host',
    'with an address twice',
    { san: { ips: ['192.0.2.1', '192.0.2.1'] } },
    ['C11 an address comes twice'],
  ],
  ...['https://x/y', 'http://x', 'xhttp://x/y', 'http:///y', 'ldap://x/y'].map(
    (url) =>
      [
        'host',
        `with the CRL address ${url}`,
        { extensions: { crlUrls: ['http://ca.example/x.crl', url] } },
        [`C12 ${url} is not an http URL`],
      ] as const,
  ),
  // issuers
  ['root', 'with another issuer', { issuer: {} }, ['I1 a root has no other issuer']],
  ['root', 'that names another issuer', { tbs: { issuer: hostIssuer } }, ['I1 a root is its own issuer']],
  ['host', 'without an issuer', { issuer: null }, ['I1 the issuer is missing']],
  [
    'host',
    'that names another issuer',
    { tbs: { issuer: root.certificate.tbs.subject } },
    ["I1 the issuer is not the CA's subject"],
  ],
  [
    'host',
    'without the key identifier of its issuer',
    { extensions: { authorityKeyId: undefined } },
    ['I2 authorityKeyIdentifier is missing', 'I2 authorityKeyIdentifier is of another key'],
  ],
  [
    'host',
    'with the key identifier of another',
    { extensions: { authorityKeyId: 'ab' } },
    ['I2 authorityKeyIdentifier is of another key'],
  ],
  [
    'host',
    'that has no key identifier of an issuer without one',
    { extensions: { authorityKeyId: undefined }, issuer: { subjectKeyId: undefined } },
    ['I2 authorityKeyIdentifier is missing'],
  ],
  [
    'host',
    'of an issuer that is no CA',
    { issuer: { isCa: false } },
    ['I3 the issuer may not sign certificates'],
  ],
  [
    'host',
    'of an issuer for lists alone',
    { issuer: { keyUsages: new Set(['cRLSign']) } },
    ['I3 the issuer may not sign certificates'],
  ],
  [
    'host',
    'older than its issuer',
    { issuer: { notBeforeMs: notBeforeMs + 1 } },
    ['I4 it is valid before its issuer'],
  ],
  [
    'host',
    'that outlives its issuer',
    { issuer: { notAfterMs: notAfterMs - 1 } },
    ['I4 it is valid longer than its issuer'],
  ],
  [
    'host',
    'of a root',
    { issuer: { issuerDer: issuing.certificate.subjectDer } },
    ['I5 a root signs no host'],
  ],
  [
    'server',
    'of an issuing CA',
    { issuer: { issuerDer: issuing.certificate.subjectDer } },
    ['I5 only a root signs it'],
  ],
  [
    'ca',
    'below a CA of depth 0',
    { issuer: { pathLength: 0 } },
    ["I6 the issuer's path length forbids a CA"],
  ],
  ['server', 'below a CA of depth 0', { issuer: { pathLength: 0 } }, []],
  [
    'host',
    'with the key of its issuer',
    { issuer: { spkiDer: host.certificate.tbs.spkiDer } },
    ['I7 it has the key of its issuer'],
  ],
  // CAs
  ['ca', 'that is none', { extensions: { isCa: false } }, ['A1 it is no CA']],
  ['root', 'that is none', { extensions: { isCa: false } }, ['A1 it is no CA']],
  ['ca', 'that signs lists alone', usages('cRLSign'), [NO_CA_USAGES]],
  ['ca', 'that signs certificates alone', usages('keyCertSign'), [NO_CA_USAGES]],
  ['ca', 'that signs more', usages('keyCertSign', 'cRLSign', 'digitalSignature'), [NO_CA_USAGES]],
  ['ca', 'that signs other things', usages('keyCertSign', 'digitalSignature'), [NO_CA_USAGES]],
  ['ca', 'with an extended key usage', extended(OID.serverAuth), ['A3 a CA has no extended key usage']],
  ['ca', 'of any depth', { extensions: { pathLength: undefined } }, ['A4 an issuing CA has path length 0']],
  ['ca', 'of depth 1', { extensions: { pathLength: 1 } }, ['A4 an issuing CA has path length 0']],
  ['root', 'of depth 1', { extensions: { pathLength: 1 } }, []],
  ['ca', 'without a common name', { subject: { commonName: undefined } }, ['A5 a CA has a common name']],
  ['ca', 'with a URI', uri('spiffe://x'), ['A6 a CA has no names']],
  ['ca', 'with a DNS name', { san: { dns: ['ca.example'] } }, ['A6 a CA has no names']],
  ['ca', 'with an address', { san: { ips: ['192.0.2.1'] } }, ['A6 a CA has no names']],
  [
    'ca',
    'with a URI and a DNS name',
    { san: { uris: ['spiffe://x'], dns: ['ca.example'] } },
    ['A6 a CA has no names'],
  ],
  [
    'ca',
    'with a DNS name and an address',
    { san: { dns: ['ca.example'], ips: ['192.0.2.1'] } },
    ['A6 a CA has no names'],
  ],
  // leaves
  ...(['host', 'server', 'signer', 'responder'] as const).map(
    (kind) => [kind, 'that is a CA', { extensions: { isCa: true } }, ['L1 it is a CA']] as const,
  ),
  [
    'host',
    'valid for a millisecond more than 825 days',
    { tbs: { notAfterMs: notBeforeMs + 825 * DAY_MS + 1 } },
    ['L2 it is valid longer than 825 days'],
  ],
  ['host', 'with two URIs', uri(hostUri, hostUri), ['L3 it has not exactly one URI']],
  ['host', 'without a URI', uri(), ['L3 it has not exactly one URI', NO_HOST_URI, NOT_ITS_ID]],
  [
    'host',
    'for anything',
    extended(OID.clientAuth, OID.anyExtKeyUsage),
    ['L4 anyExtendedKeyUsage is not allowed', NO_HOST_USAGES],
  ],
  [
    'host',
    'that enciphers keys without RSA',
    usages('digitalSignature', 'keyEncipherment'),
    ['L5 keyUsage keyEncipherment does not fit the key or the role'],
  ],
  [
    'rsaHost',
    'that signs certificates',
    usages('digitalSignature', 'keyCertSign'),
    ['L5 keyUsage keyCertSign does not fit the key or the role'],
  ],
  [
    'rsaHost',
    'that only enciphers keys',
    usages('keyEncipherment'),
    ['L5 keyUsage digitalSignature is missing'],
  ],
  // roles
  ...[serverUri, `x${hostUri}`, `${hostUri}/x`, `spiffe://x/host/${hostId}`, `${hostUri}0`].map(
    (name) =>
      [
        'host',
        `with the URI ${name.replaceAll(/[0-9a-f-]{36}/g, '…')}`,
        uri(name),
        name.includes('host') && !/^x|\/x$/.test(name) && name !== `${hostUri}0`
          ? [NO_HOST_URI]
          : [NO_HOST_URI, NOT_ITS_ID],
      ] as const,
  ),
  ['host', 'of a domain with a digit more', uri(hostUri.replace('//', '//0')), [NO_HOST_URI]],
  ['host', 'with another common name', { subject: { commonName: 'x' } }, [NOT_ITS_ID]],
  ['host', 'that serves alone', extended(OID.serverAuth), [NO_HOST_USAGES]],
  ['host', 'that speaks for the CA', extended(OID.clientAuth, OID.cmcRa), [NO_HOST_USAGES]],
  ['host', 'without usage', extended(), [NO_HOST_USAGES]],
  [
    'host',
    'with a critical usage',
    { extensions: { extKeyUsageCritical: true } },
    ['H3 its extended key usage is critical'],
  ],
  [
    'server',
    'with the URI of a host',
    uri(hostUri),
    [NO_SERVER_URI, 'S2 its common name is not its server ID'],
  ],
  [
    'server',
    'with something before its URI',
    uri(`x${serverUri}`),
    [NO_SERVER_URI, 'S2 its common name is not its server ID'],
  ],
  [
    'server',
    'with something after its URI',
    uri(`${serverUri}/x`),
    [NO_SERVER_URI, 'S2 its common name is not its server ID'],
  ],
  ['server', 'of a domain that is none', uri(serverUri.replace(/\/\/[^/]+/, '//x')), [NO_SERVER_URI]],
  [
    'server',
    'with an ID that is none',
    uri(serverUri.replace(/[^/]+$/, 'x')),
    [NO_SERVER_URI, 'S2 its common name is not its server ID'],
  ],
  [
    'server',
    'with another common name',
    { subject: { commonName: 'x' } },
    ['S2 its common name is not its server ID'],
  ],
  [
    'server',
    'that does not speak for the CA',
    extended(OID.serverAuth, OID.clientAuth),
    ['S3 its extended key usages are not those of a server'],
  ],
  [
    'server',
    'with another usage instead',
    extended(OID.serverAuth, OID.clientAuth, OID.documentSigner),
    ['S3 its extended key usages are not those of a server'],
  ],
  ['server', 'without an address', { san: { dns: [], ips: [] } }, ['S4 it has no address']],
  ['signer', 'with the URI of a host', uri(hostUri), [NO_SIGNER_URI]],
  ['signer', 'with something before its URI', uri(`x${signerUri}`), [NO_SIGNER_URI]],
  ['signer', 'with something after its URI', uri(`${signerUri}/x`), [NO_SIGNER_URI]],
  ['signer', 'of a domain that is none', uri('spiffe://x/document-signer'), [NO_SIGNER_URI]],
  ['signer', 'without a URI', uri(), ['L3 it has not exactly one URI', NO_SIGNER_URI]],
  [
    'signer',
    'that is a client',
    extended(OID.documentSigner, OID.clientAuth),
    ['D2 its extended key usage is not that of a document signer alone'],
  ],
  [
    'signer',
    'that is not critical',
    { extensions: { extKeyUsageCritical: false } },
    ['D2 its extended key usage is not critical'],
  ],
  ['signer', 'with a DNS name', { san: { dns: ['s.example'] } }, ['D3 it has addresses']],
  ['signer', 'with an address', { san: { ips: ['192.0.2.1'] } }, ['D3 it has addresses']],
  [
    'signer',
    'with a name and an address',
    { san: { dns: ['s.example'], ips: ['192.0.2.1'] } },
    ['D3 it has addresses'],
  ],
  [
    'responder',
    'of a root',
    { issuer: { issuerDer: issuing.certificate.subjectDer } },
    ['I5 a root signs no ocsp-signer'],
  ],
  ['responder', 'without usage', extended(), [NO_RESPONDER]],
  ['responder', 'that is a client', extended(OID.clientAuth), [NO_RESPONDER]],
  ['responder', 'that is a client, too', extended(OID.ocspSigning, OID.clientAuth), [NO_RESPONDER]],
  [
    'responder',
    'that may be revoked',
    { extensions: { hasOcspNoCheck: false } },
    ['O2 ocsp-nocheck is missing'],
  ],
  ['responder', 'valid for 31 days', { tbs: { notAfterMs: notBeforeMs + 31 * DAY_MS } }, []],
  [
    'responder',
    'valid for a millisecond more than 31 days',
    { tbs: { notAfterMs: notBeforeMs + 31 * DAY_MS + 1 } },
    ['O3 a responder is valid for 31 days at most'],
  ],
  ...[
    { uris: ['spiffe://x'] },
    { dns: ['r.example'] },
    { ips: ['192.0.2.1'] },
    { uris: ['spiffe://x'], dns: ['r.example'] },
    { dns: ['r.example'], ips: ['192.0.2.1'] },
  ].map(
    (san) =>
      [
        'responder',
        `with the names ${JSON.stringify(san)}`,
        { san },
        ['O4 a responder has no names'],
      ] as const,
  ),
];
for (const [kind, what, change, found] of cases)
  test(`T-08 the linter has ${found.length === 0 ? 'nothing' : found.join('; ')} against a certificate (${kind}) ${what}`, () => {
    assert.deepEqual(findings(kind, change), found);
  });

test('T-08 an empty subject is allowed where the names are critical', () => {
  assert.deepEqual(findings('host', { subject: { isEmpty: true }, extensions: { sanCritical: true } }), []);
});

test('T-08 a refusal lists every finding with the number of its rule', () => {
  assertNoFindings([]);
  assert.throws(
    () =>
      assertNoFindings([
        { rule: 'C1', detail: 'one' },
        { rule: 'L2', detail: 'two' },
      ]),
    (error) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual(
        [error.code, error.params],
        ['ISSUANCE_LINT_REFUSED', { findings: '[C1] one; [L2] two' }],
      );
      return true;
    },
  );
});
