import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import {
  booleanTrue,
  contextConstructed,
  element,
  nullElement,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
} from './der/write.ts';
import { extension } from './extensions.ts';
import { OCSP_NONCE_BYTES_MAX, OCSP_REQUEST_BYTES_MAX, parseOcspRequest } from './ocsp-request.ts';
import { OID } from './oids.ts';

const OWN = '1.3.6.1.4.1.58888.9.1';
const NAME = octetString(Buffer.alloc(20, 1));
const KEY = octetString(Buffer.alloc(20, 2));
const certId = (hash: string = OID.sha1, serial: Uint8Array = smallInteger(7)): Uint8Array =>
  sequence(sequence(oid(hash), nullElement), NAME, KEY, serial);
const question = (...parts: Uint8Array[]): Uint8Array => sequence(certId(), ...parts);
const extensions = (tag: number, ...list: Uint8Array[]): Uint8Array =>
  element(contextConstructed(tag), sequence(...list));
const nonce = (bytes: number): Uint8Array =>
  extensions(2, extension(OID.ocspNonce, false, octetString(Buffer.alloc(bytes, 3))));
const request = (...tbs: Uint8Array[]): Uint8Array => sequence(sequence(...tbs));
const asking = (...questions: Uint8Array[]): Uint8Array => request(sequence(...questions));
const id = (...parts: Uint8Array[]): Uint8Array => asking(sequence(sequence(...parts)));
const SHA1 = sequence(oid(OID.sha1), nullElement);

function findingOf(der: Uint8Array): unknown {
  try {
    parseOcspRequest(der);
    return 'nothing';
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'OCSP_MALFORMED');
    return error.params['detail'];
  }
}

const cases: readonly (readonly [what: string, der: Uint8Array, found: string])[] = [
  ['as it should be', asking(question()), 'nothing'],
  ['about sixteen certificates', asking(...Array<Uint8Array>(16).fill(question())), 'nothing'],
  [
    'with a name and a nonce',
    request(element(contextConstructed(1), nullElement), sequence(question()), nonce(1)),
    'nothing',
  ],
  [
    'with a signature',
    sequence(sequence(sequence(question())), element(contextConstructed(0), nullElement)),
    'nothing',
  ],
  [
    'with a critical nonce',
    request(sequence(question()), extensions(2, extension(OID.ocspNonce, true, octetString(Buffer.of(1))))),
    'nothing',
  ],
  ['with the longest nonce', request(sequence(question()), nonce(OCSP_NONCE_BYTES_MAX)), 'nothing'],
  [
    'with an extension of its own',
    request(sequence(question()), extensions(2, extension(OWN, false, nullElement))),
    'nothing',
  ],
  [
    'with an extension of a question',
    asking(question(extensions(0, extension(OWN, false, nullElement)))),
    'nothing',
  ],
  [
    'without parameters of the hash algorithm',
    id(sequence(oid(OID.sha1)), NAME, KEY, smallInteger(7)),
    'nothing',
  ],
  [
    'with other parameters of the hash algorithm',
    id(sequence(oid(OID.sha1), octetString(Buffer.alloc(2_000, 9))), NAME, KEY, smallInteger(7)),
    'something follows the hash algorithm',
  ],
  [
    'with more behind the parameters',
    id(sequence(oid(OID.sha1), nullElement, octetString(Buffer.of(9))), NAME, KEY, smallInteger(7)),
    'something follows the hash algorithm',
  ],
  ['that is a set', setOf(sequence(question())), 'a request expected'],
  ['of nothing', sequence(), 'tbsRequest expected'],
  ['that goes on', sequence(sequence(sequence(question())), nullElement), 'something follows the request'],
  [
    'of version 2',
    request(element(contextConstructed(0), smallInteger(1)), sequence(question())),
    'it is not of version 1',
  ],
  ['without a list', request(nullElement), 'requestList expected'],
  ['about no certificate', asking(), 'it asks about no certificate'],
  [
    'about seventeen certificates',
    asking(...Array<Uint8Array>(17).fill(question())),
    'too many certificates',
  ],
  ['with a question that is none', asking(nullElement), 'a question expected'],
  ['with an empty question', asking(sequence()), 'a CertID expected'],
  ['without a hash algorithm', id(), 'the hash algorithm expected'],
  ['with an empty hash algorithm', id(sequence()), 'the hash algorithm expected'],
  ['without the hash of a name', id(SHA1), 'issuerNameHash expected'],
  ['without the hash of a key', id(SHA1, NAME), 'issuerKeyHash expected'],
  ['without a serial number', id(SHA1, NAME, KEY), 'the serial number expected'],
  ['about serial number zero', id(SHA1, NAME, KEY, smallInteger(0)), 'the serial number is zero'],
  [
    'with something after a serial number',
    id(SHA1, NAME, KEY, smallInteger(7), nullElement),
    'something follows a CertID',
  ],
  ['with something after a question', asking(question(nullElement)), 'something follows a question'],
  [
    'with something after its list',
    request(sequence(question()), nullElement),
    'something follows tbsRequest',
  ],
  [
    'with a critical extension of a question',
    asking(question(extensions(0, extension(OID.ocspNonce, true, nullElement)))),
    `the critical extension ${OID.ocspNonce} is not known`,
  ],
  [
    'with a critical extension of its own',
    request(sequence(question()), extensions(2, extension(OWN, true, nullElement))),
    `the critical extension ${OWN} is not known`,
  ],
  [
    'with extensions that are none',
    request(sequence(question()), element(contextConstructed(2), nullElement)),
    'the extensions expected',
  ],
  [
    'with two lists of extensions',
    request(sequence(question()), element(contextConstructed(2), sequence(), sequence())),
    'something follows the extensions',
  ],
  [
    'with an extension that is none',
    request(sequence(question()), extensions(2, nullElement)),
    'an extension expected',
  ],
  [
    'with an empty extension',
    request(sequence(question()), extensions(2, sequence())),
    'an extension expected',
  ],
  [
    'with an extension that is critical in another way',
    request(
      sequence(question()),
      extensions(2, sequence(oid(OWN), Uint8Array.of(TAG.boolean, 1, 0), octetString(nullElement))),
    ),
    'the critical mark of an extension is not TRUE',
  ],
  [
    'with an extension without a value',
    request(sequence(question()), extensions(2, sequence(oid(OWN), booleanTrue))),
    'the value of an extension expected',
  ],
  [
    'with an extension that goes on',
    request(sequence(question()), extensions(2, sequence(oid(OWN), octetString(nullElement), nullElement))),
    'something follows an extension',
  ],
  [
    'with an extension twice',
    request(
      sequence(question()),
      extensions(2, extension(OWN, false, nullElement), extension(OWN, false, nullElement)),
    ),
    `the extension ${OWN} comes twice`,
  ],
  [
    'with a nonce that is none',
    request(sequence(question()), extensions(2, extension(OID.ocspNonce, false, nullElement))),
    'the nonce expected',
  ],
  [
    'with something after its nonce',
    request(
      sequence(question()),
      extensions(2, extension(OID.ocspNonce, false, Buffer.concat([octetString(Buffer.of(1)), nullElement]))),
    ),
    'something follows the nonce',
  ],
  ['with an empty nonce', request(sequence(question()), nonce(0)), 'a nonce of wrong length'],
  [
    'with a nonce that is too long',
    request(sequence(question()), nonce(OCSP_NONCE_BYTES_MAX + 1)),
    'a nonce of wrong length',
  ],
  [
    'as long as the limit',
    element(TAG.sequence, new Uint8Array(OCSP_REQUEST_BYTES_MAX - 4)),
    'a tag that is not allowed',
  ],
  [
    'beyond the limit',
    element(TAG.sequence, new Uint8Array(OCSP_REQUEST_BYTES_MAX - 3)),
    'larger than 4096 bytes',
  ],
  ['with something after it', Buffer.concat([asking(question()), nullElement]), 'trailing bytes'],
];
for (const [what, der, found] of cases)
  test(`T-41 reading finds ${found} wrong with an OCSP request ${what}`, () => {
    assert.equal(findingOf(der), found);
  });

test('T-41 an OCSP request says which certificates it asks about, by which hash, and its nonce', () => {
  const ids = [
    certId(),
    certId(OID.sha256, smallInteger(0xabc)),
    certId(OID.sha384),
    certId(OID.sha512),
    certId(OWN),
  ];
  const { questions, nonce: found } = parseOcspRequest(
    request(sequence(...ids.map((one) => sequence(one))), nonce(16)),
  );
  assert.deepEqual(
    questions.map(({ hash, serial }) => [hash, serial]),
    [
      ['sha1', '07'],
      ['sha256', '0abc'],
      ['sha384', '07'],
      ['sha512', '07'],
      [undefined, '07'],
    ],
  );
  for (const [index, { certIdDer, issuerNameHash, issuerKeyHash }] of questions.entries()) {
    assert.deepEqual(Buffer.from(certIdDer), Buffer.from(ids[index]!));
    assert.deepEqual([...issuerNameHash, ...issuerKeyHash], [...Buffer.alloc(20, 1), ...Buffer.alloc(20, 2)]);
  }
  assert.deepEqual([...(found ?? [])], new Array<number>(16).fill(3));
  assert.equal(parseOcspRequest(asking(question())).nonce, undefined);
});

test('T-41 whatever comes is read or refused, never anything else', () => {
  const whole = request(sequence(question(), question()), nonce(16));
  const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(edits, fc.nat(whole.length), fc.uint8Array({ maxLength: 24 }), (changes, cut, tail) => {
      const der = Buffer.from(whole);
      for (const [at, byte] of changes) der[at] = byte;
      findingOf(der);
      findingOf(Buffer.concat([der.subarray(0, cut), tail]));
      findingOf(tail);
    }),
    { numRuns: 2_000 },
  );
});
