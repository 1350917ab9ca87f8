import { AppError } from '@sekisho/core/errors.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from './certificate.ts';
import { parseCrl, WHOLE_SCOPE, type Crl, type CrlScope } from './crl.ts';
import { REVOCATION_LISTS_MAX, RevocationSet } from './revocation-set.ts';
import { signCrl } from './sign-crl.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const { certificate } = authority.issuing;
const { keyId } = certificate;
const { serial } = authority.server.certificate;

const shard = (...uris: string[]): CrlScope => ({ uris, onlyUserCertificates: true });
async function list(
  number: number,
  parts: { scope?: CrlScope; days?: number; serials?: string[] } = {},
): Promise<Crl> {
  const { scope = WHOLE_SCOPE, days = 7, serials = [] } = parts;
  return parseCrl(
    await signCrl({
      issuer: authority.issuing,
      number,
      scope,
      thisUpdateMs: NOW_MS,
      nextUpdateMs: NOW_MS + days * DAY_MS,
      entries: serials.map((one) => ({ serial: one, revokedAtMs: NOW_MS, reason: 'superseded' })),
    }),
  );
}

/** The issuing CA under another key's ID. */
const issuerOf = (otherKeyId: string): Certificate =>
  Object.create(certificate, {
    keyId: { value: otherKeyId },
    publicKey: { value: certificate.publicKey },
  }) as Certificate;

/** What a refusal says. */
function told(act: () => void): unknown {
  try {
    act();
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof AppError);
    return [error.code, error.params];
  }
}

test('T-42 the refusal of a list names its number, and the one that is held', async () => {
  const set = new RevocationSet();
  const held = await list(5);
  for (const same of [held, held, parseCrl(held.der)]) set.add(same, certificate);
  const [lower, reused] = [await list(4), await list(5, { serials: [serial] })];
  assert.deepEqual(
    told(() => set.add(lower, certificate)),
    ['CRL_NUMBER_LOWER', { number: 4, held: 5 }],
  );
  assert.deepEqual(
    told(() => set.add(reused, certificate)),
    ['CRL_NUMBER_REUSED', { number: 5 }],
  );
  assert.equal(set.isRevoked(keyId, serial), false);
  assert.equal(set.isRevoked('ab', serial), false);
});

test('T-42 a list that the CA did not sign is not taken', async () => {
  const set = new RevocationSet();
  const crl = await list(1);
  assert.deepEqual(
    told(() => set.add(crl, authority.root.certificate)),
    ['CRL_ISSUER_WRONG', {}],
  );
  assert.equal(set.held(authority.root.certificate.keyId, WHOLE_SCOPE), undefined);
});

test('T-42 each shard has a list and a number of its own, and a serial is looked for in all of them', async () => {
  const set = new RevocationSet();
  const [one, other] = [shard('http://x/1'), shard('http://x/2')];
  const [first, second] = [await list(9, { scope: one }), await list(3, { scope: other, serials: ['ab'] })];
  set.add(first, certificate);
  assert.equal(set.isRevoked(keyId, 'ab'), false);
  set.add(second, certificate);
  assert.deepEqual([set.held(keyId, one), set.held(keyId, other)], [first, second]);
  assert.equal(set.held(keyId, shard('http://x/1', '')), undefined);
  assert.deepEqual([set.held(keyId, WHOLE_SCOPE), set.held('ab', one)], [undefined, undefined]);
  assert.equal(set.isRevoked(keyId, 'ab'), true);
  assert.equal(set.isRevoked('ab', 'ab'), false);
  assert.equal(set.crlNumber, 9);
  const newer = await list(4, { scope: other });
  set.add(newer, certificate);
  assert.equal(set.isRevoked(keyId, 'ab'), false);
  assert.equal(set.held(keyId, other), newer);
});

test('T-42 the list of a certificate is the shard that it names, or one of all, and the oldest when it names none', async () => {
  const set = new RevocationSet();
  assert.equal(set.listFor(keyId, []), undefined);
  const [late, early] = [
    await list(1, { scope: shard('http://x/1', 'http://y/1'), days: 9 }),
    await list(1, { scope: shard('http://x/2'), days: 8 }),
  ];
  set.add(late, certificate);
  set.add(early, certificate);
  assert.equal(set.listFor(keyId, ['http://y/1', 'http://z/1']), late);
  assert.equal(set.listFor(keyId, ['http://x/2']), early);
  assert.equal(set.listFor(keyId, ['http://x/3']), undefined);
  assert.equal(set.listFor(keyId, []), early);
  assert.equal(set.listFor('ab', []), undefined);
  const whole = await list(1, { days: 10 });
  set.add(whole, certificate);
  assert.equal(set.listFor(keyId, ['http://x/3']), whole);
  assert.equal(set.listFor(keyId, ['http://x/1']), late);
  assert.equal(set.nextUpdateMs, NOW_MS + 8 * DAY_MS);
});

test('T-42 lists that are not wanted any more are let go of', async () => {
  const set = new RevocationSet();
  const crl = await list(1, { serials: ['ab'] });
  set.add(crl, issuerOf('one'));
  set.add(crl, issuerOf('other'));
  const asked: unknown[] = [];
  set.keep((issuerKeyId, found) => {
    asked.push([issuerKeyId, found === crl]);
    return issuerKeyId === 'other';
  });
  assert.deepEqual(asked, [
    ['one', true],
    ['other', true],
  ]);
  assert.deepEqual([set.isRevoked('one', 'ab'), set.isRevoked('other', 'ab')], [false, true]);
  set.keep(() => false);
  assert.deepEqual([set.crlNumber, set.nextUpdateMs], [0, undefined]);
});

test('T-42 a full set takes newer lists in place of its own, none beside them, and another once there is room', async () => {
  const set = new RevocationSet();
  const [older, newer] = [await list(1), await list(2, { serials: [serial] })];
  for (let index = 0; index < REVOCATION_LISTS_MAX; index += 1) set.add(older, issuerOf(`key ${index}`));
  const refusal = ['CRL_MALFORMED', { detail: `more than ${REVOCATION_LISTS_MAX} lists` }];
  assert.deepEqual(
    told(() => set.add(newer, issuerOf('another'))),
    refusal,
  );
  assert.equal(set.isRevoked('another', serial), false);
  for (let index = 0; index < 3; index += 1) set.add(newer, issuerOf(`key ${index}`));
  assert.equal(set.isRevoked('key 2', serial), true);
  assert.equal(set.isRevoked('key 3', serial), false);
  set.keep((issuerKeyId) => issuerKeyId !== 'key 0');
  assert.equal(
    told(() => set.add(newer, issuerOf('another'))),
    'taken',
  );
  assert.deepEqual(
    told(() => set.add(newer, issuerOf('one more'))),
    refusal,
  );
});
