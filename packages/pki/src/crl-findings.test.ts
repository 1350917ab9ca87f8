import { AppError } from '@sekisho/core/errors.ts';
import { CRL_BYTES_MAX } from '@sekisho/core/limits.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from './certificate.ts';
import { parseCrl, parseCrlTbs, verifyCrl } from './crl.ts';
import { DerError } from './der/read.ts';
import {
  bitString,
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
  time,
} from './der/write.ts';
import { authorityKeyId, extension } from './extensions.ts';
import { uriName } from './general-names.ts';
import { commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const { certificate } = authority.issuing;
const algorithm = SIGNATURE_ALGORITHM_DER.p256;
const signature = bitString(new Uint8Array(64));
const NONE: Uint8Array = new Uint8Array(0);
const number = extension(OID.crlNumber, false, smallInteger(7));
const OWN = '1.3.6.1.4.1.58888.9.1';
const listed = (...extensions: Uint8Array[]): Uint8Array =>
  element(contextConstructed(0), sequence(...extensions));

/** The parts of a TBSCertList that is read. */
const PARTS = {
  version: smallInteger(1),
  algorithm,
  issuer: commonNameDer('CA'),
  thisUpdate: time(NOW_MS),
  nextUpdate: time(NOW_MS + 1000),
  entries: NONE,
  extensions: listed(number),
  tail: NONE,
};
const tbsOf = (changed: Partial<typeof PARTS>): Uint8Array =>
  sequence(...Object.values({ ...PARTS, ...changed }));
const listOf = (changed: Partial<typeof PARTS>): Uint8Array => sequence(tbsOf(changed), algorithm, signature);

function findingOf(act: () => unknown): unknown {
  try {
    act();
    return 'nothing';
  } catch (error) {
    if (error instanceof DerError) return error.message;
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'CRL_MALFORMED');
    return error.params['detail'];
  }
}

const serialOf = (...bytes: number[]): Uint8Array => element(TAG.integer, Uint8Array.from(bytes));
const entry = (serial: Uint8Array, date: Uint8Array, ...more: Uint8Array[]): Uint8Array =>
  sequence(serial, date, ...more);
const reason = (...codes: number[]): Uint8Array =>
  sequence(extension(OID.crlReason, false, element(TAG.enumerated, Uint8Array.from(codes))));
const entries = (...list: Uint8Array[]): Uint8Array => listOf({ entries: sequence(...list) });
const plain = entry(serialOf(0x12, 0x34), time(NOW_MS));
const scope = (...parts: Uint8Array[]): Uint8Array =>
  listOf({ extensions: listed(number, extension(OID.issuingDistributionPoint, true, sequence(...parts))) });
const point = (...names: Uint8Array[]): Uint8Array =>
  element(contextConstructed(0), element(contextConstructed(0), ...names));
const onlyUser = (...content: number[]): Uint8Array => element(contextPrimitive(1), Uint8Array.from(content));
const utc = (digits: string): Uint8Array => element(TAG.utcTime, Buffer.from(digits, 'latin1'));
const many = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => extension(`1.3.6.1.9.${index}`, false, nullElement));

const cases: readonly (readonly [what: string, der: Uint8Array, found: string])[] = [
  ['as it should be', listOf({}), 'nothing'],
  ['that is a set', setOf(), 'a revocation list expected'],
  [
    'with something after it',
    Buffer.concat([listOf({}), nullElement]),
    'something follows the revocation list',
  ],
  ['of nothing', sequence(), 'tbsCertList expected'],
  ['without an algorithm', sequence(tbsOf({}), signature), 'the signature algorithm expected'],
  ['without a signature', sequence(tbsOf({}), algorithm), 'the signature expected'],
  [
    'with something after its signature',
    sequence(tbsOf({}), algorithm, signature, nullElement),
    'something follows the signature',
  ],
  [
    'under another algorithm than the signed one',
    sequence(tbsOf({}), SIGNATURE_ALGORITHM_DER.p384, signature),
    'the signature algorithm is not the one that is signed',
  ],
  ['without a version', listOf({ version: NONE }), 'the version expected'],
  ['of version 1', listOf({ version: smallInteger(0) }), 'it is not of version 2'],
  ['without a signed algorithm', listOf({ algorithm: nullElement }), 'the signature algorithm expected'],
  ['without an issuer', listOf({ issuer: nullElement }), 'the issuer expected'],
  ['with an empty issuer', listOf({ issuer: sequence() }), 'the issuer is empty'],
  ['without its time', listOf({ thisUpdate: nullElement }), 'thisUpdate expected'],
  ['without the time of the next', listOf({ nextUpdate: nullElement }), 'nextUpdate expected'],
  ['with no entry in its list of them', entries(), 'the list of entries is empty'],
  ['without extensions', listOf({ extensions: NONE }), 'the extensions of the list expected'],
  [
    'with extensions that are none',
    listOf({ extensions: element(contextConstructed(0), nullElement) }),
    'the list of extensions expected',
  ],
  ['with no extension', listOf({ extensions: listed() }), 'the list of extensions is empty'],
  [
    'with two lists of extensions',
    listOf({ extensions: element(contextConstructed(0), sequence(number), sequence(number)) }),
    'something follows the extensions of the list',
  ],
  [
    'with something after the extensions',
    listOf({ tail: nullElement }),
    'something follows the extensions of the list',
  ],
  ['with an extension that is none', listOf({ extensions: listed(nullElement) }), 'an extension expected'],
  ['with an extension of nothing', listOf({ extensions: listed(sequence()) }), 'an extension expected'],
  [
    'with an extension that is critical in another way',
    listOf({
      extensions: listed(sequence(oid(OWN), Uint8Array.of(TAG.boolean, 1, 1), octetString(nullElement))),
    }),
    'the critical mark of an extension is not TRUE',
  ],
  [
    'with an extension without a value',
    listOf({ extensions: listed(sequence(oid(OWN), booleanTrue)) }),
    'the value of an extension expected',
  ],
  [
    'with an extension that goes on',
    listOf({ extensions: listed(sequence(oid(OWN), octetString(nullElement), nullElement)) }),
    'something follows an extension',
  ],
  [
    'with two numbers',
    listOf({ extensions: listed(number, number) }),
    `the extension ${OID.crlNumber} comes twice`,
  ],
  ['with sixteen extensions', listOf({ extensions: listed(number, ...many(15)) }), 'nothing'],
  ['with seventeen extensions', listOf({ extensions: listed(number, ...many(16)) }), 'too many extensions'],
  ['without a number', listOf({ extensions: listed(...many(1)) }), 'cRLNumber is missing'],
  [
    'with a number that is none',
    listOf({ extensions: listed(extension(OID.crlNumber, false, nullElement)) }),
    'cRLNumber expected',
  ],
  [
    'with two numbers in one',
    listOf({
      extensions: listed(extension(OID.crlNumber, false, Buffer.concat([smallInteger(1), nullElement]))),
    }),
    'something follows cRLNumber',
  ],
  [
    'with something after the key identifier of the issuer',
    listOf({
      extensions: listed(
        number,
        extension(OID.authorityKeyId, false, Buffer.concat([sequence(), nullElement])),
      ),
    }),
    'something follows authorityKeyIdentifier',
  ],
  [
    'with a critical extension of its own',
    listOf({ extensions: listed(number, extension(OWN, true, nullElement)) }),
    `the critical extension ${OWN} of the list is not known`,
  ],
  // which certificates it speaks for
  [
    'whose scope is optional',
    listOf({ extensions: listed(number, extension(OID.issuingDistributionPoint, false, sequence())) }),
    'issuingDistributionPoint is not critical',
  ],
  [
    'whose scope is none',
    listOf({ extensions: listed(number, extension(OID.issuingDistributionPoint, true, nullElement)) }),
    'issuingDistributionPoint expected',
  ],
  [
    'with something after its scope',
    listOf({
      extensions: listed(
        number,
        extension(OID.issuingDistributionPoint, true, Buffer.concat([sequence(), nullElement])),
      ),
    }),
    'something follows issuingDistributionPoint',
  ],
  [
    'whose scope has a relative name',
    scope(element(contextConstructed(0), element(contextConstructed(1)))),
    'a distribution point without a full name',
  ],
  ['whose scope has an empty name', scope(point()), 'a distribution point is empty'],
  [
    'whose scope has no address',
    scope(point(element(0x82, Buffer.from('x')))),
    'a distribution point without an address',
  ],
  [
    'whose scope has eight addresses',
    scope(point(...Array<Uint8Array>(8).fill(uriName('http://x/')))),
    'nothing',
  ],
  [
    'whose scope has nine addresses',
    scope(point(...Array<Uint8Array>(9).fill(uriName('http://x/')))),
    'a distribution point with too many addresses',
  ],
  [
    'whose scope has two names',
    scope(
      element(
        contextConstructed(0),
        element(contextConstructed(0), uriName('http://x/')),
        element(contextConstructed(0), uriName('http://y/')),
      ),
    ),
    'something follows a distribution point',
  ],
  ['for users, said in another way', scope(onlyUser(1)), 'onlyContainsUserCerts is not TRUE'],
  ['for users, said in no way', scope(onlyUser()), 'onlyContainsUserCerts is not TRUE'],
  ['for users, said twice', scope(onlyUser(0xff, 0xff)), 'onlyContainsUserCerts is not TRUE'],
  [
    'for CAs alone',
    scope(element(contextPrimitive(2), Uint8Array.of(0xff))),
    'something follows issuingDistributionPoint: another scope is not known',
  ],
  // entries
  ['with an entry that is none', entries(plain, nullElement), 'an entry expected'],
  ['with an entry of nothing', entries(sequence()), 'an element is cut off'],
  [
    'with an entry without a serial number',
    entries(sequence(nullElement, time(0))),
    'the serial number expected',
  ],
  ['with serial number zero', entries(entry(serialOf(0), time(0))), 'the serial number is zero'],
  [
    'with a negative serial number',
    entries(entry(serialOf(0x80, 1), time(0))),
    'the serial number is negative',
  ],
  [
    'with a serial number of a zero too many',
    entries(entry(serialOf(0, 0x7f), time(0))),
    'the serial number is not in its shortest form',
  ],
  [
    'with a serial number of 21 bytes',
    entries(entry(serialOf(...new Array<number>(21).fill(1)), time(0))),
    'the serial number is too long',
  ],
  ['with an empty serial number', entries(entry(serialOf(), time(0))), 'the serial number is empty'],
  [
    'with a serial number that is text',
    entries(entry(octetString(Uint8Array.of(1, 2)), time(0))),
    'the serial number expected',
  ],
  ['with an entry that is a set', entries(setOf(serialOf(1, 2), time(0))), 'an entry expected'],
  [
    'with a short date in the long form',
    entries(entry(serialOf(1, 2), element(TAG.generalizedTime, Buffer.from('260101000000Z')))),
    'the revocation date is not a time',
  ],
  [
    'with an entry without a date',
    entries(entry(serialOf(1, 2), nullElement)),
    'the revocation date expected',
  ],
  [
    'with a date of thirteen months',
    entries(entry(serialOf(1, 2), utc('261301000000Z'))),
    'the revocation date is not a time',
  ],
  [
    'with the 29th of February of a common year',
    entries(entry(serialOf(1, 2), utc('260229000000Z'))),
    'the revocation date is not a day of the calendar',
  ],
  [
    'with a date without a Z',
    entries(entry(serialOf(1, 2), utc('2601010000000'))),
    'the revocation date is not a time',
  ],
  [
    'with something after a date',
    entries(entry(serialOf(1, 2), time(0), nullElement)),
    'the list of extensions expected',
  ],
  [
    'with an entry with no extension',
    entries(entry(serialOf(1, 2), time(0), sequence())),
    'the list of extensions is empty',
  ],
  [
    'with an entry that goes on',
    entries(entry(serialOf(1, 2), time(0), reason(1), nullElement)),
    'something follows an entry',
  ],
  [
    'with a reason that is none',
    entries(entry(serialOf(1, 2), time(0), sequence(extension(OID.crlReason, false, smallInteger(1))))),
    'the reason expected',
  ],
  [
    'with something after a reason',
    entries(
      entry(
        serialOf(1, 2),
        time(0),
        sequence(
          extension(
            OID.crlReason,
            false,
            Buffer.concat([element(TAG.enumerated, Uint8Array.of(1)), nullElement]),
          ),
        ),
      ),
    ),
    'something follows the reason',
  ],
  ...[[7], [8], [11], [255], [], [0, 1]].map(
    (codes) =>
      [
        `with the reason ${codes.join('.')}`,
        entries(entry(serialOf(1, 2), time(0), reason(...codes))),
        'a reason that is not known in a full list',
      ] as const,
  ),
  [
    'with an entry with a critical extension',
    entries(entry(serialOf(1, 2), time(0), sequence(extension(OWN, true, nullElement)))),
    `the critical extension ${OWN} of an entry is not known`,
  ],
];
for (const [what, der, found] of cases)
  test(`T-41 reading finds ${found} wrong with a list ${what}`, () => {
    assert.equal(
      findingOf(() => parseCrl(der)),
      found,
    );
  });

test('T-41 a list beyond the limit is refused unread', () => {
  assert.equal(
    findingOf(() => parseCrl(new Uint8Array(CRL_BYTES_MAX + 1))),
    `larger than ${CRL_BYTES_MAX} bytes`,
  );
});

test('T-41 the signed part is one element', () => {
  assert.equal(
    findingOf(() => parseCrlTbs(setOf())),
    'tbsCertList expected',
  );
  assert.equal(
    findingOf(() => parseCrlTbs(Buffer.concat([tbsOf({}), nullElement]))),
    'something follows tbsCertList',
  );
});

test('T-41 a list says of itself what was written, and nothing that was not', () => {
  const { entries: none, serials, ...crl } = parseCrl(listOf({}));
  assert.deepEqual([...none()], []);
  assert.deepEqual([...serials], []);
  assert.deepEqual(
    [
      crl.number,
      crl.thisUpdateMs,
      crl.nextUpdateMs,
      crl.authorityKeyId,
      crl.entryCount,
      crl.newestRevokedAtMs,
    ],
    [7, NOW_MS, NOW_MS + 1000, undefined, 0, 0],
  );
  assert.deepEqual(crl.scope, { uris: [], onlyUserCertificates: false });
  assert.deepEqual(crl.signatureAlgorithm, OID.ecdsaSha256);
  assert.deepEqual(Buffer.from(crl.issuerDer), Buffer.from(commonNameDer('CA')));
  const named = parseCrl(listOf({ extensions: listed(authorityKeyId('0aff'), number) }));
  assert.equal(named.authorityKeyId, '0aff');
});

for (const [what, der, said] of [
  ['nothing', scope(), { uris: [], onlyUserCertificates: false }],
  ['users', scope(onlyUser(0xff)), { uris: [], onlyUserCertificates: true }],
  [
    'addresses',
    scope(point(uriName('http://x/'), uriName('http://y/'))),
    { uris: ['http://x/', 'http://y/'], onlyUserCertificates: false },
  ],
  [
    'an address and users',
    scope(point(uriName('http://x/')), onlyUser(0xff)),
    { uris: ['http://x/'], onlyUserCertificates: true },
  ],
] as const)
  test(`T-41 the scope of a list that says ${what} is read`, () => {
    assert.deepEqual(parseCrl(der).scope, said);
  });

test('T-41 entries of every form are read alike, in their order', () => {
  const other = extension(OWN, false, nullElement);
  const forms: readonly (readonly [Uint8Array, string, number, string])[] = [
    [entry(serialOf(7), time(1000)), '07', 1000, 'unspecified'],
    [entry(serialOf(0x12, 0x34), time(2000)), '1234', 2000, 'unspecified'],
    [entry(serialOf(0, 0x80), time(3000)), '80', 3000, 'unspecified'],
    [entry(serialOf(...new Array<number>(20).fill(0x7f)), time(4000)), '7f'.repeat(20), 4000, 'unspecified'],
    [entry(serialOf(1, 1), time(5000), reason(0)), '0101', 5000, 'unspecified'],
    [entry(serialOf(1, 2), time(6000), reason(1)), '0102', 6000, 'keyCompromise'],
    [entry(serialOf(1, 3), time(NOW_MS), reason(10)), '0103', NOW_MS, 'aACompromise'],
    [entry(serialOf(1, 4), time(7000), sequence(other)), '0104', 7000, 'unspecified'],
    [
      entry(
        serialOf(1, 5),
        time(8000),
        sequence(extension(OID.crlReason, true, element(TAG.enumerated, Uint8Array.of(4)))),
      ),
      '0105',
      8000,
      'superseded',
    ],
    [entry(serialOf(1, 6), utc('240229235959Z')), '0106', Date.UTC(2024, 1, 29, 23, 59, 59), 'unspecified'],
    [entry(serialOf(1, 7), utc('700101000000Z')), '0107', 0, 'unspecified'],
    [entry(serialOf(1, 8), utc('500228000000Z')), '0108', Date.UTC(1950, 1, 28), 'unspecified'],
    [entry(serialOf(1, 9), utc('491231235959Z')), '0109', Date.UTC(2049, 11, 31, 23, 59, 59), 'unspecified'],
    [
      entry(serialOf(1, 10), element(TAG.generalizedTime, Buffer.from('20500101000000Z')), reason(5)),
      '010a',
      Date.UTC(2050, 0, 1),
      'cessationOfOperation',
    ],
  ];
  for (const list of [forms, forms.toReversed(), ...forms.map((one) => [one])]) {
    const crl = parseCrl(entries(...list.map(([der]) => der)));
    assert.deepEqual(
      [...crl.entries()],
      list.map(([, serial, revokedAtMs, why]) => ({ serial, revokedAtMs, reason: why })),
    );
    assert.deepEqual(
      [...crl.serials],
      list.map(([, serial]) => serial),
    );
    assert.ok(list.every(([, serial]) => crl.serials.has(serial)));
    assert.equal(crl.entryCount, list.length);
    assert.equal(crl.newestRevokedAtMs, Math.max(0, ...list.map(([, , revokedAtMs]) => revokedAtMs)));
  }
});

test('T-02 a list is of the CA that it names, by name and by key, and that may sign lists', async () => {
  const crl = await authority.crl({ number: 1 });
  const told = (list: typeof crl, changed: Partial<Certificate>): unknown => {
    const properties = { publicKey: certificate.publicKey, ...changed };
    const issuer = Object.create(
      certificate,
      Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }])),
    ) as Certificate;
    try {
      verifyCrl(list, issuer);
      return 'verified';
    } catch (error) {
      assert.ok(error instanceof AppError);
      return error.code;
    }
  };
  const { publicKey } = authority.root.certificate;
  assert.equal(told(crl, {}), 'verified');
  assert.equal(told({ ...crl, authorityKeyId: undefined }, {}), 'verified');
  assert.equal(told({ ...crl, authorityKeyId: undefined }, { subjectKeyId: undefined }), 'verified');
  assert.equal(told(crl, { subjectDer: commonNameDer('x') }), 'CRL_ISSUER_WRONG');
  assert.equal(told(crl, { subjectKeyId: 'ab' }), 'CRL_ISSUER_WRONG');
  assert.equal(told(crl, { isCa: false }), 'CRL_ISSUER_WRONG');
  assert.equal(told(crl, { keyUsages: new Set(['keyCertSign']) }), 'CRL_ISSUER_WRONG');
  assert.equal(told(crl, { publicKey }), 'CRL_SIGNATURE_INVALID');
});
