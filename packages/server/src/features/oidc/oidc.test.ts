import { createAdministrator, getMe, type LinkView } from '@sekisho/core/wire/administrators.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { getAdministrator } from '@sekisho/core/wire/administrators.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { linkOidc, listOidcProviders, startOidcWithLink, unlinkOidc } from '@sekisho/core/wire/oidc.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { addAdministrator } from '@sekisho/testkit/administrators.ts';
import { AdminBrowser, type BrowserAnswer } from '@sekisho/testkit/admin-browser.ts';
import {
  forgedProvider,
  newProviderKey,
  OIDC_CLIENT_ID,
  OIDC_CLIENT_SECRET,
  ProviderPlace,
  realProvider,
  signedToken,
} from '@sekisho/testkit/oidc-provider.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const endings: (() => unknown)[] = [];
const owner = { after: (work: () => unknown) => void endings.push(work) };
/** Browsers keep connections, for which a server that stops would wait. */
const windows: (() => unknown)[] = [];
const browsers = { after: (work: () => unknown) => void windows.push(work) };
after(async () => {
  for (const end of [...windows, ...endings]) await end();
});

/** The machine's clock, moved: the provider's own cannot be. */
let offsetMs = 0;
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs };
const KEY = newProviderKey('one');
const OTHER_KEY = newProviderKey('two');
const SUBJECT = 'office-at-the-provider';
const SECRET_VARIABLE = 'TEST_OIDC_CLIENT_SECRET';

let trust: TrustServer;
let real: ProviderPlace;
let forged: ProviderPlace;
let gone: ProviderPlace;
let office: AdministratorId;

before(async () => {
  [real, forged, gone] = [
    await ProviderPlace.open(owner),
    await ProviderPlace.open(owner),
    await ProviderPlace.open(owner),
  ];
  process.env[SECRET_VARIABLE] = OIDC_CLIENT_SECRET;
  trust = await TrustServer.start(owner, { clock });
  const file = join(trust.dataFolder, 'server.json');
  const provider = (id: string, { issuer }: ProviderPlace) => ({
    id,
    name: `Provider ${id}`,
    issuer,
    clientId: OIDC_CLIENT_ID,
    clientSecretEnv: SECRET_VARIABLE,
    allowInsecureHttp: true,
  });
  const oidc = [provider('real', real), provider('forged', forged), provider('gone', gone)];
  await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), oidc }));
  await trust.restart();
  useRealProvider(KEY);
  const grants = [{ role: 'operator', groupId: null }] as const;
  office = await addAdministrator(trust.server.context.store, 'office', grants, clock.nowMs());
  await trust.call(linkOidc, { params: { id: office }, body: { provider: 'real', subject: SUBJECT } });
});

function useRealProvider(key: typeof KEY): void {
  const redirectUri = `https://127.0.0.1:${trust.server.ports.admin}/v1/sign-in/oidc/real/callback`;
  real.answer = realProvider(real.issuer, { key, redirectUri, subject: SUBJECT });
}

const browser = (): AdminBrowser => new AdminBrowser(browsers, trust);
/** A browser that comes from the provider's pages. */
const FROM_PROVIDER = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };

/** Begins a sign-in; where the provider wants the browser to go. */
async function begin(by: AdminBrowser, provider = 'real'): Promise<URL> {
  const { status, headers, body } = await by.request({ path: `/v1/sign-in/oidc/${provider}` });
  assert.equal(status, 302, body);
  return new URL(headers.location ?? '');
}

/** Goes through the provider's pages until it sends the browser back; returns that address. */
async function throughProvider(start: URL): Promise<URL> {
  const jar = new Map<string, string>();
  let at = start;
  for (let pages = 0; pages < 10 && at.origin === start.origin; pages += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    at = new URL(response.headers.get('location') ?? '', at);
  }
  return at;
}

const comeBack = (by: AdminBrowser, address: URL): Promise<BrowserAnswer> =>
  by.request({ path: address.pathname + address.search, headers: FROM_PROVIDER });
const codeOf = ({ body }: BrowserAnswer): unknown => (JSON.parse(body) as { code?: unknown }).code;

test('S-04 signing in at an OpenID provider opens a session of the account that is tied to the identity', async () => {
  const one = browser();
  assert.deepEqual((await one.call(listOidcProviders)).providers[0], { id: 'real', name: 'Provider real' });
  const start = await begin(one);
  assert.equal(start.searchParams.get('code_challenge_method'), 'S256');
  assert.equal(start.searchParams.get('scope'), 'openid');
  const end = await comeBack(one, await throughProvider(start));
  assert.equal(end.status, 303, end.body);
  assert.equal(end.headers.location, '/');
  const me = await one.call(getMe);
  assert.equal(me.administrator?.name, 'office');
  assert.equal(one.cookies.has('__Host-sekisho-oidc'), false, 'the cookie of the sign-in is gone');
});

test('S-04 the cookie of a sign-in goes to this host alone, and comes along from the provider', async () => {
  const { headers } = await browser().request({ path: '/v1/sign-in/oidc/real' });
  const [cookie = ''] = headers['set-cookie'] ?? [];
  assert.match(
    cookie,
    /^__Host-sekisho-oidc=[\w-]{300,1500}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
  );
});

test('S-04 an answer of the provider works once', async () => {
  const one = browser();
  const address = await throughProvider(await begin(one));
  const cookies = new Map(one.cookies);
  assert.equal((await comeBack(one, address)).status, 303);
  for (const [name, value] of cookies) one.cookies.set(name, value);
  assert.equal(codeOf(await comeBack(one, address)), 'SIGN_IN_STEP_EXPIRED');
});

test('S-04 what another browser began ends in no session: neither its state nor its answer', async () => {
  const [mine, theirs] = [browser(), browser()];
  const address = await throughProvider(await begin(theirs));
  assert.equal(codeOf(await comeBack(browser(), address)), 'OIDC_BROWSER_OTHER', 'without a cookie');
  await begin(mine);
  assert.equal(
    codeOf(await comeBack(mine, address)),
    'OIDC_BROWSER_OTHER',
    'with the cookie of another sign-in',
  );
  assert.equal(mine.cookies.has('__Host-sekisho'), false);
});

test('S-04 an answer for one provider is not taken at another', async () => {
  const one = browser();
  const address = await throughProvider(await begin(one));
  address.pathname = address.pathname.replace('/real/', '/gone/');
  assert.equal(codeOf(await comeBack(one, address)), 'OIDC_BROWSER_OTHER');
});

test('S-04 a provider that changes its keys goes on working at once', async () => {
  useRealProvider(OTHER_KEY);
  const one = browser();
  const end = await comeBack(one, await throughProvider(await begin(one)));
  assert.equal(end.status, 303, end.body);
  useRealProvider(KEY);
});

test('S-04 a provider that is down stops its own sign-in and no other', async () => {
  const one = browser();
  gone.answer = (_, response) => response.writeHead(200).end('{'.repeat(700_000));
  assert.equal(codeOf(await one.request({ path: '/v1/sign-in/oidc/gone' })), 'OIDC_PROVIDER_UNREACHABLE');
  await gone.close();
  assert.equal(codeOf(await one.request({ path: '/v1/sign-in/oidc/gone' })), 'OIDC_PROVIDER_UNREACHABLE');
  const signIn = { method: 'POST', path: '/v1/sign-in', body: JSON.stringify({ name: 'x', password: 'y' }) };
  assert.equal(codeOf(await one.request(signIn)), 'SIGN_IN_REFUSED', 'passwords are still asked');
  assert.equal(codeOf(await one.request({ path: '/v1/sign-in/oidc/nobody' })), 'NOT_FOUND');
});

test('S-04 the provider may say no', async () => {
  const one = browser();
  const state = (await begin(one)).searchParams.get('state');
  const path = `/v1/sign-in/oidc/real/callback?error=access_denied&state=${state}`;
  const answer = await one.request({ path, headers: FROM_PROVIDER });
  assert.equal(codeOf(answer), 'OIDC_DENIED');
});

/** A sign-in whose ID token the test writes. */
async function withToken(
  token: (nonce: string, nowSeconds: number) => string,
  keys = [KEY],
): Promise<BrowserAnswer> {
  const one = browser();
  let nonce = '';
  const nowSeconds = Math.floor(systemClock.nowMs() / 1000);
  forged.answer = forgedProvider(forged.issuer, { keys: () => keys, token: () => token(nonce, nowSeconds) });
  const start = await begin(one, 'forged');
  nonce = start.searchParams.get('nonce') ?? '';
  const state = start.searchParams.get('state') ?? '';
  return one.request({
    path: `/v1/sign-in/oidc/forged/callback?code=any&state=${state}`,
    headers: FROM_PROVIDER,
  });
}

const claimsOf = (nonce: string, nowSeconds: number) => ({
  iss: forged.issuer,
  aud: OIDC_CLIENT_ID,
  sub: SUBJECT,
  nonce,
  iat: nowSeconds,
  exp: nowSeconds + 60,
});

test('S-04 a token that is good but of an identity that nobody tied lets nobody in, whatever its e-mail address says', async () => {
  const answer = await withToken((nonce, now) =>
    signedToken(KEY, { ...claimsOf(nonce, now), email: 'office@example.com', email_verified: true }),
  );
  assert.equal(codeOf(answer), 'OIDC_NOT_LINKED', 'the same subject at another issuer is somebody else');
});

const FORGERIES: readonly (readonly [string, (nonce: string, now: number) => string])[] = [
  ['another issuer', (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), iss: real.issuer })],
  ['another audience', (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), aud: 'another-client' })],
  ['another nonce', (_, now) => signedToken(KEY, claimsOf('another', now))],
  ['no nonce', (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), nonce: undefined })],
  [
    'a foreign key under a known name',
    (nonce, now) => signedToken({ ...OTHER_KEY, id: KEY.id }, claimsOf(nonce, now)),
  ],
  ['a key that is not published', (nonce, now) => signedToken(OTHER_KEY, claimsOf(nonce, now))],
  ['no signature', (nonce, now) => signedToken(KEY, claimsOf(nonce, now), { alg: 'none' })],
  ['an end two minutes ago', (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), exp: now - 120 })],
  [
    'a day that has not come',
    (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), iat: now + 86_400, exp: now + 90_000 }),
  ],
  ['no subject', (nonce, now) => signedToken(KEY, { ...claimsOf(nonce, now), sub: undefined })],
];
for (const [what, token] of FORGERIES)
  test(`S-04 a token with ${what} is refused`, async () => {
    assert.equal(codeOf(await withToken(token)), 'OIDC_ANSWER_INVALID');
  });

test('S-04 clocks that are off by less than a minute do no harm; ten minutes do', async () => {
  const good = (nonce: string, now: number) => signedToken(KEY, claimsOf(nonce, now));
  for (const [seconds, code] of [
    [50, 'OIDC_NOT_LINKED'],
    [-50, 'OIDC_NOT_LINKED'],
    [700, 'OIDC_ANSWER_INVALID'],
    [-700, 'OIDC_ANSWER_INVALID'],
  ] as const) {
    offsetMs = seconds * 1000;
    assert.equal(codeOf(await withToken(good)), code, String(seconds));
  }
  offsetMs = 0;
});

test('S-04 a description that names another issuer is not believed', async () => {
  const place = await ProviderPlace.open(owner);
  const { OidcProviders } = await import('./oidc-providers.ts');
  place.answer = forgedProvider(place.issuer, {
    keys: () => [KEY],
    token: () => '',
    claims: { issuer: real.issuer },
  });
  const { oidcProvider } = await import('./oidc-settings.ts');
  const provider = oidcProvider.parse({
    id: 'mixed',
    name: 'Mixed',
    issuer: place.issuer,
    clientId: 'x',
    allowInsecureHttp: true,
  });
  const providers = new OidcProviders({ providers: [provider], clock, environment: {} });
  await assert.rejects(providers.open(provider), { code: 'OIDC_PROVIDER_UNREACHABLE' });
});

test('S-04 an invitation is taken up with an identity, once; a link for the first administrator is not', async () => {
  const invite = async (name: string): Promise<LinkView> =>
    (await trust.call(createAdministrator, { body: { name, displayName: name, grants: [] } })).link;
  const { code } = await invite('shop');
  await trust.call(unlinkOidc, { params: { id: office } });
  const one = browser();
  const { location } = await one.call(startOidcWithLink, { params: { provider: 'real' }, body: { code } });
  assert.equal((await comeBack(one, await throughProvider(new URL(location)))).status, 303);
  const me = await one.call(getMe);
  assert.equal(me.administrator?.name, 'shop');
  assert.deepEqual(me.administrator?.oidc, { issuer: real.issuer, subject: SUBJECT });
  assert.equal(me.administrator?.state, 'active');
  const again = one.call(startOidcWithLink, { params: { provider: 'real' }, body: { code } });
  await assert.rejects(again, { code: 'LINK_USED' });
  await assert.rejects(
    one.call(startOidcWithLink, { params: { provider: 'real' }, body: { code: 'no-such-code' } }),
    { code: 'LINK_UNKNOWN' },
  );
  await assert.rejects(
    trust.call(linkOidc, { params: { id: office }, body: { provider: 'real', subject: SUBJECT } }),
    { code: 'OIDC_IDENTITY_TAKEN' },
  );
});

test('S-04 an identity that is untied lets nobody in, and ends the sessions it opened', async () => {
  const shop = await trust.server.context.store.db
    .selectFrom('administrators')
    .select('id')
    .where('name', '=', 'shop')
    .executeTakeFirstOrThrow();
  const id = shop.id as AdministratorId;
  const one = browser();
  assert.equal((await comeBack(one, await throughProvider(await begin(one)))).status, 303);
  assert.equal((await trust.call(unlinkOidc, { params: { id } })).oidc, null);
  await assert.rejects(one.call(getMe));
  assert.equal(codeOf(await comeBack(one, await throughProvider(await begin(one)))), 'OIDC_NOT_LINKED');
  assert.equal((await trust.call(getAdministrator, { params: { id } })).oidc, null);
  const acts = await trust.server.context.store.db
    .selectFrom('audit')
    .select('act')
    .where('subject', '=', id)
    .execute();
  assert.deepEqual(
    ['link-oidc', 'sign-in', 'unlink-oidc'].filter((act) => !acts.some((row) => row.act === act)),
    [],
  );
});
