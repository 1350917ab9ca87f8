import { AppError } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { certificateToPem, type Certificate } from './certificate.ts';
import { contextConstructed, element, octetString, oid, sequence, smallInteger } from './der/write.ts';
import { extension } from './extensions.ts';
import { issueOcspSigner } from './issue.ts';
import { generatePrivateKey } from './keys.ts';
import { OCSP_NONCE_BYTES_MAX, OCSP_QUESTIONS_MAX, parseOcspRequest } from './ocsp-request.ts';
import { isIssuerOf, ocspRefusal, signOcspResponse, type OcspState } from './ocsp-response.ts';
import { OID } from './oids.ts';
import { fileSigner } from './signer.ts';

const run = promisify(execFile);
const NOW_MS = Math.floor(Date.now() / 1000) * 1000;
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS - DAY_MS });
const { issuing } = authority;
const host = await authority.host();

async function responder(validMs = 7 * DAY_MS) {
  const signer = fileSigner(await generatePrivateKey('p256'));
  const certificate = await issueOcspSigner({
    issuer: issuing,
    spkiDer: signer.spkiDer,
    serial: new Uint8Array(16).fill(9),
    notBeforeMs: NOW_MS - 60_000,
    notAfterMs: NOW_MS + validMs,
  });
  return { signer, certificate };
}

/** A request that openssl makes about these certificates. */
async function asked(t: TestContext, certificates: readonly Certificate[], ...options: string[]) {
  const folder = await tempFolder(t);
  const at = (name: string): string => join(folder, name);
  await writeFile(at('ca.pem'), certificateToPem(issuing.certificate.der));
  await writeFile(at('root.pem'), authority.rootPem);
  const named: string[] = [];
  for (const [n, certificate] of certificates.entries()) {
    await writeFile(at(`${n}.pem`), certificateToPem(certificate.der));
    named.push('-cert', at(`${n}.pem`));
  }
  const request = [...options, '-issuer', at('ca.pem'), ...named];
  await run('openssl', ['ocsp', ...request, '-reqout', at('request.der')]);
  /** What openssl says to an answer. */
  const judge = async (der: Uint8Array): Promise<string> => {
    await writeFile(at('response.der'), der);
    const trust = ['-CAfile', at('root.pem'), '-verify_other', at('ca.pem'), '-no_nonce'];
    const about = ['ocsp', '-respin', at('response.der'), ...trust];
    let said = '';
    // with the request it compares the nonce, with the certificates it says their state
    for (const rest of [
      ['-reqin', at('request.der')],
      ['-issuer', at('ca.pem'), ...named],
    ]) {
      const { stdout, stderr } = await run('openssl', [...about, ...rest]).catch(
        (error: unknown) => error as { stdout: string; stderr: string },
      );
      said += `${stdout}${stderr}`;
    }
    return said;
  };
  return { der: await readFile(at('request.der')), judge };
}

const times = { thisUpdateMs: NOW_MS, nextUpdateMs: NOW_MS + 3600_000 };

for (const [what, state, said] of [
  ['good', { state: 'good' }, /: good/],
  ['unknown', { state: 'unknown' }, /: unknown/],
  [
    'revoked',
    { state: 'revoked', revokedAtMs: NOW_MS - 5_000, reason: 'keyCompromise' },
    /: revoked[^]*Reason: keyCompromise[^]*Revocation Time/,
  ],
  [
    'revoked, for no reason that is told',
    { state: 'revoked', revokedAtMs: NOW_MS, reason: 'unspecified' },
    /: revoked/,
  ],
] as const satisfies readonly (readonly [string, OcspState, RegExp])[])
  test(`T-41 openssl reads and verifies the answer "${what}" with its own nonce`, async (t) => {
    const { der, judge } = await asked(t, [host.certificate]);
    const { questions, nonce } = parseOcspRequest(der);
    assert.equal(questions[0]?.serial, host.certificate.serial);
    assert.ok(isIssuerOf(questions[0], issuing.certificate));
    assert.ok(nonce !== undefined && nonce.length > 0);
    const answers = questions.map((question) => ({ question, state }));
    const text = await judge(
      await signOcspResponse({ responder: await responder(), answers, nonce, ...times }),
    );
    assert.match(text, /Response verify OK/);
    assert.match(text, said);
    const other = await signOcspResponse({
      responder: await responder(),
      answers,
      nonce: new Uint8Array(16),
      ...times,
    });
    assert.match(await judge(other), /[Nn]once/);
  });

test('T-41 several certificates in one request are answered in their order, also when they are named by SHA-1', async (t) => {
  const second = await authority.host();
  const { der, judge } = await asked(t, [host.certificate, second.certificate], '-no_nonce');
  const { questions, nonce } = parseOcspRequest(der);
  assert.equal(nonce, undefined);
  assert.deepEqual(
    questions.map(({ hash }) => hash),
    ['sha1', 'sha1'],
  );
  const answers = questions.map((question, n) => ({
    question,
    state: n === 0 ? ({ state: 'good' } as const) : ({ state: 'unknown' } as const),
  }));
  const text = await judge(
    await signOcspResponse({ responder: await responder(), answers, nonce, ...times }),
  );
  assert.match(text, /0\.pem: good[^]*1\.pem: unknown/);
});

test('T-41 an issuer may be named by SHA-256, and another CA is not taken for it', async (t) => {
  const [question] = parseOcspRequest((await asked(t, [host.certificate], '-sha256')).der).questions;
  assert.equal(question?.hash, 'sha256');
  assert.ok(isIssuerOf(question, issuing.certificate));
  assert.ok(!isIssuerOf(question, authority.root.certificate));
});

test('T-41 an answer of a responder that the CA did not name is not believed', async (t) => {
  const { der, judge } = await asked(t, [host.certificate]);
  const { questions, nonce } = parseOcspRequest(der);
  const answers = questions.map((question) => ({ question, state: { state: 'good' } as const }));
  const impostor = { signer: host.signer, certificate: host.certificate };
  assert.doesNotMatch(
    await judge(await signOcspResponse({ responder: impostor, answers, nonce, ...times })),
    /Response verify OK/,
  );
});

test('T-08 a responder certificate that lives too long, or that a root signs, is not signed', async () => {
  await assert.rejects(responder(32 * DAY_MS), /O3/);
  const { signer } = await responder();
  await assert.rejects(
    issueOcspSigner({
      issuer: authority.root,
      spkiDer: signer.spkiDer,
      serial: new Uint8Array(16).fill(9),
      notBeforeMs: NOW_MS,
      notAfterMs: NOW_MS + DAY_MS,
    }),
    /I5/,
  );
});

const certId = sequence(
  sequence(oid(OID.sha256)),
  octetString(new Uint8Array(32)),
  octetString(new Uint8Array(32)),
  smallInteger(7),
);
const nonceOf = (bytes: number) =>
  element(
    contextConstructed(2),
    sequence(extension(OID.ocspNonce, false, octetString(new Uint8Array(bytes)))),
  );
const requestOf = (questions: readonly Uint8Array[], ...rest: Uint8Array[]) =>
  sequence(sequence(sequence(...questions.map((id) => sequence(id))), ...rest));

for (const [what, der] of [
  ['with a nonce of no bytes', requestOf([certId], nonceOf(0))],
  ['with a nonce that is too long', requestOf([certId], nonceOf(OCSP_NONCE_BYTES_MAX + 1))],
  ['about no certificate', requestOf([])],
  ['about too many', requestOf(Array.from({ length: OCSP_QUESTIONS_MAX + 1 }, () => certId))],
  [
    'with a critical extension that is not known',
    requestOf(
      [certId],
      element(contextConstructed(2), sequence(extension('1.2.3', true, octetString(new Uint8Array(1))))),
    ),
  ],
  [
    'of another version',
    sequence(sequence(element(contextConstructed(0), smallInteger(1)), sequence(sequence(certId)))),
  ],
  ['with something after it', Buffer.concat([requestOf([certId]), Buffer.of(0)])],
  ['of a megabyte', new Uint8Array(1024 * 1024)],
] as const)
  test(`T-41 an OCSP request ${what} is refused`, () => {
    assert.throws(
      () => parseOcspRequest(der),
      (error: unknown) => error instanceof AppError && error.code === 'OCSP_MALFORMED',
    );
  });

test('T-41 whatever bytes come, reading a request gives questions or OCSP_MALFORMED', () => {
  const original = requestOf([certId, certId], nonceOf(OCSP_NONCE_BYTES_MAX));
  assert.equal(parseOcspRequest(original).questions.length, 2);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(original.length - 1),
      (changes, cut) => {
        const bytes = Buffer.from(original);
        for (const [offset, value] of changes) bytes[offset] = value;
        for (const one of [bytes, bytes.subarray(0, cut)])
          try {
            parseOcspRequest(one);
          } catch (error) {
            assert.ok(error instanceof AppError && error.code === 'OCSP_MALFORMED', String(error));
          }
      },
    ),
    { numRuns: 500 },
  );
});

test('T-41 a refusal is a status without a signature', () => {
  assert.deepEqual([...ocspRefusal('unauthorized')], [0x30, 3, 0x0a, 1, 6]);
});
