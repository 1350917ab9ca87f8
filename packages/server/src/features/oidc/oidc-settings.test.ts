import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oidcSettings } from './oidc-settings.ts';

const good = {
  id: 'company',
  name: 'Company',
  issuer: 'https://login.example.com/tenant',
  clientId: 'sekisho',
  clientSecretFile: '/etc/sekisho/oidc-secret',
};

test('S-04 a provider needs its address and a client, and asks for no more than who it is', () => {
  const [provider] = oidcSettings.parse([good]);
  assert.deepEqual(
    [provider?.scopes, provider?.claim, provider?.allowInsecureHttp],
    [['openid'], 'sub', false],
  );
});

const WRONG: readonly (readonly [string, object[]])[] = [
  ['plain HTTP', [{ ...good, issuer: 'http://login.example.com' }]],
  [
    'plain HTTP that is asked for away from the loopback',
    [{ ...good, issuer: 'http://login.example.com', allowInsecureHttp: true }],
  ],
  ['plain HTTP on the loopback that nobody asked for', [{ ...good, issuer: 'http://127.0.0.1:8080' }]],
  ['a query in the issuer', [{ ...good, issuer: 'https://login.example.com/?x=1' }]],
  ['a claim that people can change', [{ ...good, claim: 'email' }]],
  ['scopes without openid', [{ ...good, scopes: ['profile'] }]],
  ['two places of the secret', [{ ...good, clientSecretEnv: 'SECRET' }]],
  ['an ID that is there twice', [good, { ...good, name: 'Again' }]],
  ['an ID that does not fit into an address', [{ ...good, id: '../x' }]],
  ['a secret in the file itself', [{ ...good, clientSecret: 'x' }]],
];
for (const [what, providers] of WRONG)
  test(`S-04 the setting oidc is refused with ${what}`, () => {
    assert.equal(oidcSettings.safeParse(providers).success, false);
  });
