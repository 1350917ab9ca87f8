import { AppError } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DOCUMENT_CHAIN_MAX,
  DOCUMENT_HEADER_LENGTH_MAX,
  documentKind,
  readDocumentHeader,
} from './document-header.ts';

const authority = await TestAuthority.create({ nowMs: Date.UTC(2026, 0, 15) });
const der = Buffer.from(authority.documentSigner.certificate.der).toString('base64');
const encode = (header: unknown): string => Buffer.from(JSON.stringify(header)).toString('base64url');
const header = { alg: 'ES256', typ: 'sekisho-list+jws', kid: 'ab', x5c: [der] };

function refusedWith(jws: string, detail: string): void {
  assert.throws(
    () => readDocumentHeader(jws),
    (error) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual([error.code, error.params], ['DOCUMENT_MALFORMED', { detail }]);
      return true;
    },
  );
}

test('a header of the four parameters is read, with its certificates in order', () => {
  const { certificate } = authority.server;
  const x5c = [der, Buffer.from(certificate.der).toString('base64'), der, der];
  assert.equal(x5c.length, DOCUMENT_CHAIN_MAX);
  const read = readDocumentHeader(`${encode({ ...header, x5c })}.e30.c2ln`);
  assert.deepEqual(read.header, { ...header, x5c });
  assert.deepEqual(
    read.chain.slice(0, 2).map(({ fingerprint }) => fingerprint),
    [authority.documentSigner.certificate.fingerprint, certificate.fingerprint],
  );
  assert.equal(documentKind('list'), header.typ);
});

const THREE_PARTS = 'it is not a JWS of three parts';
for (const jws of ['', 'a', 'a.b', 'a..c', 'a.b.', 'a.b.c.d', 'a.b.c.d.e', 'a.b.c.'])
  test(`"${jws}" is no JWS`, () => {
    refusedWith(jws, THREE_PARTS);
  });

test('a header is read up to its limit', () => {
  refusedWith(`${'A'.repeat(DOCUMENT_HEADER_LENGTH_MAX + 1)}.b.c`, THREE_PARTS);
  refusedWith(`${'A'.repeat(DOCUMENT_HEADER_LENGTH_MAX)}.b.c`, 'the header is not JSON');
  assert.equal(DOCUMENT_HEADER_LENGTH_MAX, 65_536);
});

for (const jws of ['.b.c', 'a+b.c.d', 'a.b=.c', 'a.b.c d', ' a.b.c', 'a.b.c\n'])
  test(`${JSON.stringify(jws)} is not base64url`, () => {
    refusedWith(jws, 'it is not base64url');
  });

for (const [json, detail] of [
  ['{', 'the header is not JSON'],
  ['null', 'the header is no object'],
  ['[]', 'the header is no object'],
  ['7', 'the header is no object'],
  ['"x"', 'the header is no object'],
] as const)
  test(`the header ${json} is refused`, () => {
    refusedWith(`${Buffer.from(json).toString('base64url')}.b.c`, detail);
  });

const MISSING = 'alg, typ or kid is missing';
const NO_LIST = 'x5c is not a list of certificates';
const NOT_BASE64 = 'x5c is not base64';
const NO_CERTIFICATE = 'x5c holds no certificate';
for (const [change, detail] of [
  [{ alg: undefined }, MISSING],
  [{ typ: undefined }, MISSING],
  [{ kid: undefined }, MISSING],
  [{ alg: 1 }, MISSING],
  [{ typ: 1 }, MISSING],
  [{ kid: 1 }, MISSING],
  [{ x5c: undefined }, NO_LIST],
  [{ x5c: der }, NO_LIST],
  [{ x5c: { 0: der } }, NO_LIST],
  [{ x5c: [] }, NO_LIST],
  [{ x5c: [der, 1] }, NO_LIST],
  [{ x5c: [der, der, der, der, der] }, NO_LIST],
  [{ x5c: ['AAA'] }, NOT_BASE64],
  [{ x5c: [''] }, NOT_BASE64],
  [{ x5c: ['===='] }, NOT_BASE64],
  [{ x5c: ['A==='] }, NOT_BASE64],
  [{ x5c: ['AA-A'] }, NOT_BASE64],
  [{ x5c: ['AA=A'] }, NOT_BASE64],
  [{ x5c: ['-AAA'] }, NOT_BASE64],
  [{ x5c: ['AAAA'] }, NO_CERTIFICATE],
  [{ x5c: ['AAA='] }, NO_CERTIFICATE],
  [{ x5c: ['AA=='] }, NO_CERTIFICATE],
  [{ x5c: [der, 'AAAA'] }, NO_CERTIFICATE],
  [{ jku: 'x' }, 'the header parameter jku is not allowed'],
  [{ ['x'.repeat(40)]: 1 }, `the header parameter ${'x'.repeat(32)} is not allowed`],
] as const)
  test(`a header with ${JSON.stringify(change).slice(0, 60)} is refused: ${detail}`, () => {
    refusedWith(`${encode({ ...header, ...change })}.b.c`, detail);
  });

test('what is wrong with the JSON or the certificate stays with the refusal, for the log', () => {
  for (const jws of [
    `${Buffer.from('{').toString('base64url')}.b.c`,
    `${encode({ ...header, x5c: ['AAAA'] })}.b.c`,
  ])
    assert.throws(
      () => readDocumentHeader(jws),
      (error) => error instanceof AppError && error.cause instanceof Error,
    );
});
