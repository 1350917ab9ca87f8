import { canonicalJson } from '@sekisho/core/canonical-json.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_DETAIL_LENGTH_MAX, encodeDetail } from './redact-detail.ts';

const HUSH = 'q9Zt-hush-hush-7Yx';
/** The ways in which a secret may stand in a detail. */
const secret = fc.constantFrom(
  new Secret(HUSH),
  { password: HUSH },
  { newPassword: HUSH },
  { token: HUSH },
  { apiKey: HUSH },
  { api_key: { value: HUSH } },
  { clientSecret: [HUSH] },
  { passphrase: HUSH },
  { Authorization: `Bearer ${HUSH}` },
  { 'set-cookie': HUSH },
  { totpSecret: HUSH },
  { pem: HUSH },
  { note: `-----BEGIN PRIVATE KEY-----\n${HUSH}` },
  { bytes: Buffer.from(HUSH) },
);

test('S-06 no secret gets into a detail, wherever in it stands', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'detail' },
      secret,
      fc.string(),
      fc.integer(),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 6 }), tie('tree'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tree, secret, (value, last) => {
      const text = encodeDetail({ value, last });
      assert.ok(!text.includes(HUSH), text);
      assert.ok(!text.includes(Buffer.from(HUSH).toString('base64')), text);
      JSON.parse(text);
    }),
  );
});

test('S-06 what only names a secret stays readable', () => {
  const detail = {
    tokenId: 'a',
    tokenName: 'b',
    passwordChanged: true,
    hasPassword: false,
    secrets: 3,
    code: 'C',
  };
  assert.deepEqual(JSON.parse(encodeDetail(detail)), detail);
});

test('S-06 every detail has one text that survives being read and written, within its limit', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()), (detail) => {
      const text = encodeDetail(detail);
      assert.ok(text.length <= AUDIT_DETAIL_LENGTH_MAX);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.ok(text.isWellFormed() && !/\\ud[89ab]/i.test(text.replaceAll(/\\ud[89ab]..\\ud[c-f]../gi, '')));
    }),
  );
});
