import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from './certificate.ts';
import type { CrlTbs } from './crl.ts';
import { lintCrl } from './lint-crl.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const { root, issuing, server } = authority;
const crl = await authority.crl({
  number: 1,
  entries: ['ab', 'cd'].map((serial) => ({ serial, revokedAtMs: NOW_MS, reason: 'superseded' as const })),
});
const { notBeforeMs, notAfterMs } = issuing.certificate;

function findings(list: Partial<CrlTbs>, issuer: Partial<Certificate>): string[] {
  const properties = Object.fromEntries(Object.entries(issuer).map(([name, value]) => [name, { value }]));
  const by = Object.create(issuing.certificate, properties) as Certificate;
  return lintCrl({ ...crl, ...list }, by).map(({ rule, detail }) => `${rule} ${detail}`);
}
const scope = (...uris: string[]): Partial<CrlTbs> => ({ scope: { uris, onlyUserCertificates: false } });

const cases: readonly (readonly [
  what: string,
  list: Partial<CrlTbs>,
  issuer: Partial<Certificate>,
  found: readonly string[],
])[] = [
  ['as it should be', {}, {}, []],
  ['with an address', scope('http://ca.example/crl', 'http://y/crl'), {}, []],
  ['as old as its issuer', {}, { notBeforeMs: NOW_MS }, []],
  ['that begins when its issuer ends', {}, { notAfterMs: NOW_MS }, []],
  ['valid for a millisecond', { nextUpdateMs: NOW_MS + 1 }, {}, []],
  // time is written in whole seconds
  ['with an entry of the same second', { newestRevokedAtMs: NOW_MS + 999 }, {}, []],
  [
    'under an unknown algorithm',
    { signatureAlgorithm: '1.2.840.10045.4.1' },
    {},
    ['R1 the signature algorithm is not allowed'],
  ],
  [
    'of another issuer',
    {},
    { subjectDer: root.certificate.subjectDer },
    ["R2 the issuer is not the CA's subject"],
  ],
  ['of an issuer that is no CA', {}, { isCa: false }, ['R2 the issuer may not sign lists']],
  [
    'of an issuer of certificates alone',
    {},
    { keyUsages: new Set(['keyCertSign']) },
    ['R2 the issuer may not sign lists'],
  ],
  [
    'without a key identifier',
    { authorityKeyId: undefined },
    {},
    ['R3 authorityKeyIdentifier is missing', 'R3 authorityKeyIdentifier is of another key'],
  ],
  [
    'without a key identifier of an issuer without one',
    { authorityKeyId: undefined },
    { subjectKeyId: undefined },
    ['R3 authorityKeyIdentifier is missing'],
  ],
  [
    'with the key identifier of another',
    { authorityKeyId: server.certificate.subjectKeyId },
    {},
    ['R3 authorityKeyIdentifier is of another key'],
  ],
  ['with number zero', { number: 0 }, {}, ['R4 cRLNumber is not positive']],
  ['that ends when it begins', { nextUpdateMs: NOW_MS }, {}, ['R5 nextUpdate is not after thisUpdate']],
  [
    'that begins before its issuer',
    { thisUpdateMs: notBeforeMs - 1, newestRevokedAtMs: 0 },
    {},
    ['R5 thisUpdate is before its issuer is valid'],
  ],
  [
    'that begins after its issuer',
    { thisUpdateMs: notAfterMs + 1, nextUpdateMs: notAfterMs + 2 },
    {},
    ['R5 thisUpdate is after its issuer expired'],
  ],
  ['with a serial twice', { entryCount: 3 }, {}, ['R6 a serial number comes twice']],
  [
    'with an entry of the next second',
    { newestRevokedAtMs: NOW_MS + 1000 },
    {},
    ['R6 an entry is revoked after thisUpdate'],
  ],
  ...['https://x/y', 'http://x', 'xhttp://x/y', 'http:///y'].map(
    (uri) =>
      [
        `with the address ${uri}`,
        scope('http://x/crl', uri),
        {},
        [`R8 the distribution point ${uri} is not an http URL`],
      ] as const,
  ),
];
for (const [what, list, issuer, found] of cases)
  test(`T-08 the linter has ${found.length === 0 ? 'nothing' : found.join('; ')} against a list ${what}`, () => {
    assert.deepEqual(findings(list, issuer), found);
  });
