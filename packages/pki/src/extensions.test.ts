import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError, DerReader } from './der/read.ts';
import {
  booleanTrue,
  contextConstructed,
  contextPrimitive,
  element,
  nullElement,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
} from './der/write.ts';
import {
  authorityInfoAccess,
  authorityKeyId,
  basicConstraints,
  crlDistributionPoint,
  extension,
  extKeyUsage,
  KEY_USAGES,
  keyUsage,
  ocspNoCheck,
  readExtensions,
  subjectAltName,
  subjectKeyId,
} from './extensions.ts';
import { uriName } from './general-names.ts';
import { OID } from './oids.ts';

const read = (list: Uint8Array) => readExtensions(new DerReader(list));
const readAll = (...extensions: Uint8Array[]) => read(sequence(...extensions));

/** What an extension says that no extension says. */
const NOTHING = {
  isCa: false,
  hasBasicConstraints: false,
  pathLength: undefined,
  hasKeyUsage: false,
  keyUsages: new Set(),
  extKeyUsages: [],
  extKeyUsageCritical: false,
  san: { dns: [], ips: [], uris: [], others: 0 },
  sanCritical: false,
  subjectKeyId: undefined,
  authorityKeyId: undefined,
  crlUrls: [],
  ocspUrls: [],
  hasOcspNoCheck: false,
  critical: [],
  unknownCritical: [],
};
const OWN = '1.3.6.1.4.1.58888.9.1';
const value = (type: string, ...parts: Uint8Array[]): Uint8Array =>
  sequence(extension(type, false, Buffer.concat(parts)));
const bits = (...content: number[]): Uint8Array => element(TAG.bitString, Uint8Array.from(content));
const many = (count: number): Uint8Array =>
  sequence(
    ...Array.from({ length: count }, (_, index) => extension(`1.3.6.1.9.${index}`, false, nullElement)),
  );
const pointOf = (...names: Uint8Array[]): Uint8Array =>
  sequence(element(contextConstructed(0), element(contextConstructed(0), ...names)));

const said: readonly (readonly [what: string, list: Uint8Array, facts: Partial<typeof NOTHING> | object])[] =
  [
    ['an unknown extension', sequence(extension(OWN, false, nullElement)), {}],
    [
      'a critical unknown extension',
      sequence(extension(OWN, true, nullElement)),
      { critical: [OWN], unknownCritical: [OWN] },
    ],
    [
      'basicConstraints of a leaf',
      sequence(basicConstraints(false)),
      { hasBasicConstraints: true, critical: [OID.basicConstraints] },
    ],
    [
      'basicConstraints of a CA',
      sequence(basicConstraints(true)),
      { hasBasicConstraints: true, isCa: true, critical: [OID.basicConstraints] },
    ],
    [
      'basicConstraints of a CA of depth 0',
      sequence(basicConstraints(true, 0)),
      { hasBasicConstraints: true, isCa: true, pathLength: 0, critical: [OID.basicConstraints] },
    ],
    [
      'keyUsage',
      sequence(keyUsage(['cRLSign', 'digitalSignature'])),
      { hasKeyUsage: true, keyUsages: new Set(['digitalSignature', 'cRLSign']), critical: [OID.keyUsage] },
    ],
    ['extKeyUsage', sequence(extKeyUsage([OID.clientAuth])), { extKeyUsages: [OID.clientAuth] }],
    [
      'a critical extKeyUsage',
      sequence(extKeyUsage([OID.clientAuth, OID.serverAuth], true)),
      {
        extKeyUsages: [OID.clientAuth, OID.serverAuth],
        extKeyUsageCritical: true,
        critical: [OID.extKeyUsage],
      },
    ],
    [
      'subjectAltName',
      sequence(subjectAltName({ dns: ['a.example'] })),
      { san: { dns: ['a.example'], ips: [], uris: [], others: 0 } },
    ],
    [
      'a critical subjectAltName',
      sequence(subjectAltName({ uris: ['spiffe://x'] }, true)),
      {
        san: { dns: [], ips: [], uris: ['spiffe://x'], others: 0 },
        sanCritical: true,
        critical: [OID.subjectAltName],
      },
    ],
    ['a key identifier', sequence(subjectKeyId('00ff')), { subjectKeyId: '00ff' }],
    [
      'a key identifier of 64 bytes',
      sequence(subjectKeyId('ab'.repeat(64))),
      { subjectKeyId: 'ab'.repeat(64) },
    ],
    ['the key identifier of the issuer', sequence(authorityKeyId('0102')), { authorityKeyId: '0102' }],
    [
      'the key identifier of the issuer, and its name and serial number',
      value(
        OID.authorityKeyId,
        sequence(
          element(contextPrimitive(0), Uint8Array.of(1)),
          element(contextConstructed(1), nullElement),
          element(contextPrimitive(2), Uint8Array.of(7)),
        ),
      ),
      { authorityKeyId: '01' },
    ],
    ['an issuer that is named in no way', value(OID.authorityKeyId, sequence()), {}],
    [
      'the address of a list',
      value(OID.crlDistributionPoints, sequence(pointOf(uriName('http://x/crl')))),
      { crlUrls: ['http://x/crl'] },
    ],
    [
      'the addresses of one list',
      sequence(crlDistributionPoint(['http://x/crl', 'http://y/crl'])),
      { crlUrls: ['http://x/crl', 'http://y/crl'] },
    ],
    [
      'the addresses of OCSP',
      sequence(authorityInfoAccess(['http://x/ocsp', 'http://y/ocsp'])),
      { ocspUrls: ['http://x/ocsp', 'http://y/ocsp'] },
    ],
    [
      'eight addresses of OCSP',
      sequence(authorityInfoAccess(Array<string>(8).fill('http://x'))),
      { ocspUrls: Array<string>(8).fill('http://x') },
    ],
    [
      'the address of the issuer',
      value(OID.authorityInfoAccess, sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), uriName('http://x')))),
      {},
    ],
    ['that nobody asks for a responder', sequence(ocspNoCheck), { hasOcspNoCheck: true }],
    [
      'eight addresses of lists',
      value(
        OID.crlDistributionPoints,
        sequence(...Array.from({ length: 4 }, () => pointOf(uriName('http://x'), uriName('http://y')))),
      ),
      { crlUrls: Array.from({ length: 4 }, () => ['http://x', 'http://y']).flat() },
    ],
    [
      'points without an address',
      value(
        OID.crlDistributionPoints,
        sequence(
          sequence(),
          sequence(element(contextConstructed(0))),
          sequence(element(contextConstructed(0), element(contextConstructed(1), nullElement))),
          sequence(element(contextConstructed(2), uriName('http://other'))),
        ),
      ),
      {},
    ],
  ];
for (const [what, list, facts] of said)
  test(`T-02 ${what} is read as it was written`, () => {
    assert.deepEqual(read(list), { ...NOTHING, ...facts });
  });

test('T-02 as many extensions are read as are allowed', () => {
  assert.deepEqual(read(many(32)), NOTHING);
  assert.deepEqual(readAll(extKeyUsage(Array<string>(32).fill(OID.clientAuth))).extKeyUsages.length, 32);
});

test('T-02 every set of key usages comes back', () => {
  for (let mask = 1; mask < 2 ** KEY_USAGES.length; mask += 1) {
    const usages = KEY_USAGES.filter((_, bit) => (mask >> bit) & 1);
    assert.deepEqual([...readAll(keyUsage(usages)).keyUsages], usages);
  }
});

const refused: readonly (readonly [what: string, list: Uint8Array, found: string])[] = [
  ['that are none', nullElement, 'the list of extensions expected'],
  ['of none', sequence(), 'the list of extensions is empty'],
  ['one of which is none', sequence(nullElement), 'an extension expected'],
  ['one of which is empty', sequence(sequence()), 'an extension expected'],
  [
    'one of which is critical in another way',
    sequence(sequence(oid(OWN), Uint8Array.of(TAG.boolean, 1, 1), octetString(nullElement))),
    'the critical mark of an extension is not TRUE',
  ],
  [
    'one of which has no value',
    sequence(sequence(oid(OWN), booleanTrue)),
    'the value of an extension expected',
  ],
  [
    'one of which goes on',
    sequence(sequence(oid(OWN), octetString(nullElement), nullElement)),
    'something follows an extension',
  ],
  [
    'one of which comes twice',
    sequence(extension(OWN, false, nullElement), extension(OWN, true, nullElement)),
    `the extension ${OWN} comes twice`,
  ],
  ['of which there are 33', many(33), 'too many extensions'],
  [
    'with something after a value',
    value(OID.subjectKeyId, octetString(Uint8Array.of(1)), nullElement),
    'something follows the value of an extension',
  ],
  ['without basicConstraints in them', value(OID.basicConstraints, nullElement), 'basicConstraints expected'],
  [
    'with basicConstraints of FALSE',
    value(OID.basicConstraints, sequence(Uint8Array.of(TAG.boolean, 1, 0))),
    'basicConstraints is not TRUE',
  ],
  [
    'with a depth that is no number',
    value(OID.basicConstraints, sequence(booleanTrue, nullElement)),
    'pathLenConstraint expected',
  ],
  [
    'with a depth but no CA',
    value(OID.basicConstraints, sequence(smallInteger(0))),
    'a pathLenConstraint without CA',
  ],
  [
    'with two depths',
    value(OID.basicConstraints, sequence(booleanTrue, smallInteger(0), smallInteger(0))),
    'something follows basicConstraints',
  ],
  ['with a key usage that is none', value(OID.keyUsage, nullElement), 'keyUsage expected'],
  ['with a key usage of nothing', value(OID.keyUsage, bits()), 'keyUsage is not a list of its bits'],
  ['with a key usage of no bits', value(OID.keyUsage, bits(0)), 'keyUsage is not a list of its bits'],
  [
    'with a key usage of eight unused bits',
    value(OID.keyUsage, bits(8, 0x80)),
    'keyUsage is not a list of its bits',
  ],
  [
    'with a key usage of three bytes',
    value(OID.keyUsage, bits(0, 1, 1, 1)),
    'keyUsage is not a list of its bits',
  ],
  ['with an empty key usage', value(OID.keyUsage, bits(7, 0)), 'keyUsage is not in its shortest form'],
  [
    'with a key usage that ends in a zero bit',
    value(OID.keyUsage, bits(0, 0x82)),
    'keyUsage is not in its shortest form',
  ],
  [
    'with a key usage with an unused bit set',
    value(OID.keyUsage, bits(7, 0xc0)),
    'keyUsage is not in its shortest form',
  ],
  ['with an extended key usage that is none', value(OID.extKeyUsage, nullElement), 'extKeyUsage expected'],
  ['with an extended key usage of nothing', value(OID.extKeyUsage, sequence()), 'extKeyUsage is empty'],
  [
    'with an extended key usage of another kind',
    value(OID.extKeyUsage, sequence(nullElement)),
    'extKeyUsage expected',
  ],
  [
    'with 33 extended key usages',
    sequence(extKeyUsage(Array<string>(33).fill(OID.clientAuth))),
    'extKeyUsage has too many entries',
  ],
  ['with names that are none', value(OID.subjectAltName, nullElement), 'subjectAltName expected'],
  ['with no names', value(OID.subjectAltName, sequence()), 'subjectAltName is empty'],
  [
    'with a key identifier that is none',
    value(OID.subjectKeyId, nullElement),
    'subjectKeyIdentifier expected',
  ],
  ['with an empty key identifier', sequence(subjectKeyId('')), 'a key identifier of wrong length'],
  [
    'with a key identifier of 65 bytes',
    sequence(subjectKeyId('ab'.repeat(65))),
    'a key identifier of wrong length',
  ],
  [
    'with an empty key identifier of the issuer',
    sequence(authorityKeyId('')),
    'a key identifier of wrong length',
  ],
  [
    'with a key identifier of the issuer that is none',
    value(OID.authorityKeyId, setOf()),
    'authorityKeyIdentifier expected',
  ],
  [
    'with something after the key identifier of the issuer',
    value(OID.authorityKeyId, sequence(nullElement)),
    'something follows authorityKeyIdentifier',
  ],
  [
    'with points that are none',
    value(OID.crlDistributionPoints, nullElement),
    'cRLDistributionPoints expected',
  ],
  [
    'with a point that is none',
    value(OID.crlDistributionPoints, sequence(nullElement)),
    'a distribution point expected',
  ],
  [
    'with a point of no name',
    value(OID.crlDistributionPoints, sequence(pointOf())),
    'a distribution point is empty',
  ],
  [
    'with accesses that are none',
    value(OID.authorityInfoAccess, nullElement),
    'authorityInfoAccess expected',
  ],
  [
    'with an access that is none',
    value(OID.authorityInfoAccess, sequence(nullElement)),
    'an access description expected',
  ],
  [
    'with an access of no method',
    value(OID.authorityInfoAccess, sequence(sequence())),
    'an access method expected',
  ],
  [
    'with an access without an address',
    value(OID.authorityInfoAccess, sequence(sequence(oid(OID.ocsp)))),
    'an access description is empty',
  ],
  [
    'with nine addresses of OCSP',
    sequence(authorityInfoAccess(Array<string>(9).fill('http://x'))),
    'authorityInfoAccess has too many addresses',
  ],
  ['with ocsp-nocheck of something', value(OID.ocspNoCheck, sequence()), 'ocsp-nocheck expected'],
  [
    'with nine addresses of lists',
    value(
      OID.crlDistributionPoints,
      sequence(...Array.from({ length: 9 }, () => pointOf(uriName('http://x')))),
    ),
    'too many distribution points',
  ],
];
for (const [what, list, found] of refused)
  test(`T-02 extensions ${what} are refused: ${found}`, () => {
    assert.throws(
      () => read(list),
      (error) => {
        assert.ok(error instanceof DerError);
        assert.equal(error.message, found);
        return true;
      },
    );
  });
