import { getMe, resetAdministrator } from '@sekisho/core/wire/administrators.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { AdminBrowser, administratorWith, type Account } from '@sekisho/testkit/admin-browser.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { SoftwareAuthenticator } from '@sekisho/testkit/software-authenticator.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { PASSKEY_SESSION_AGE_MAX_MS } from './add-passkey.ts';

const endings: (() => unknown)[] = [];
const owner = { after: (work: () => unknown) => void endings.push(work) };
/** Browsers keep connections, for which a server that stops would wait. */
const windows: (() => unknown)[] = [];
const browsers = { after: (work: () => unknown) => void windows.push(work) };
after(async () => {
  for (const end of [...windows, ...endings]) await end();
});

const NAME = 'server.example';
const started = z.object({
  pending: z.string(),
  options: z.object({
    challenge: z.string(),
    rp: z.object({ id: z.string() }).optional(),
    rpId: z.string().optional(),
    user: z.object({ id: z.string() }).optional(),
  }),
});
type Json = Record<string, unknown>;

const clock = new FakeClock();
let trust: TrustServer;
let browser: AdminBrowser;
let account: Account;

before(async () => {
  trust = await TrustServer.start(owner, { clock });
  ({ browser, account } = await administratorWith(browsers, trust, 'office', [
    { role: 'viewer', group: null },
  ]));
});

const originOf = (name = NAME): string => `https://${name}:${trust.server.ports.admin}`;

/** A request under the server's name, as a page of its own sends it. */
async function send(by: AdminBrowser, method: string, path: string, body?: unknown, name = NAME) {
  const host = `${name}:${trust.server.ports.admin}`;
  const answer = await by.request({
    method,
    path,
    headers: { host },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: JSON.parse(answer.body) as Json };
}

/** Makes a passkey; `change` alters what the authenticator is told. */
async function add(
  passkey: SoftwareAuthenticator,
  change: { origin?: string; rpId?: string; challenge?: string } = {},
  by = browser,
) {
  const { pending, options } = started.parse((await send(by, 'POST', '/v1/me/passkeys/options', {})).body);
  passkey.userHandle = options.user?.id ?? null;
  const asked = { challenge: options.challenge, rpId: options.rp?.id ?? '', origin: originOf(), ...change };
  return send(by, 'POST', '/v1/me/passkeys', { pending, name: 'my phone', response: passkey.create(asked) });
}

/** Signs in with one, in a browser of its own. */
async function signIn(
  passkey: SoftwareAuthenticator,
  change: { origin?: string; rpId?: string; challenge?: string } = {},
) {
  const by = new AdminBrowser(browsers, trust);
  const { pending, options } = started.parse(
    (await send(by, 'POST', '/v1/sign-in/passkey/options', {})).body,
  );
  const asked = { challenge: options.challenge, rpId: options.rpId ?? '', origin: originOf(), ...change };
  const sent = { pending, response: passkey.get(asked) };
  return { by, sent, ...(await send(by, 'POST', '/v1/sign-in/passkey', sent)) };
}

const good = new SoftwareAuthenticator();

test('S-04 a passkey is made in a session, and opens another one without a password', async () => {
  const made = await add(good);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { status, by, body } = await signIn(good);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await by.call(getMe)).name, 'office');
  const { passkeys } = (await send(browser, 'GET', '/v1/me/passkeys')).body as { passkeys: Json[] };
  assert.deepEqual(
    passkeys.map((one) => [one['name'], one['usedAtMs'], one['transports']]),
    [['my phone', clock.nowMs(), ['internal']]],
  );
});

test('S-04 a challenge works once, to make a passkey and to sign in', async () => {
  const { by, sent } = await signIn(good);
  assert.equal((await send(by, 'POST', '/v1/sign-in/passkey', sent)).body['code'], 'SIGN_IN_STEP_EXPIRED');
  const late = new SoftwareAuthenticator();
  const { pending, options } = started.parse(
    (await send(browser, 'POST', '/v1/me/passkeys/options', {})).body,
  );
  const response = late.create({ challenge: options.challenge, rpId: NAME, origin: originOf() });
  const wish = { pending, name: 'late', response };
  await clock.advance(600 * SECOND_MS);
  assert.equal((await send(browser, 'POST', '/v1/me/passkeys', wish)).body['code'], 'SIGN_IN_STEP_EXPIRED');
});

const LIES: readonly (readonly [string, { origin?: string; rpId?: string; challenge?: string }])[] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['another port of the same host', { origin: `https://${NAME}:1` }],
  ['plain HTTP', { origin: `http://${NAME}` }],
  ['another server', { rpId: 'evil.example' }],
  ['another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
];
for (const [what, change] of LIES)
  test(`S-04 a passkey's answer for ${what} is refused, to make one and to sign in`, async () => {
    assert.equal((await add(new SoftwareAuthenticator(), change)).body['code'], 'PASSKEY_REFUSED');
    assert.equal((await signIn(good, change)).body['code'] ?? '', 'PASSKEY_REFUSED');
  });

test('S-04 a passkey that did not verify its user is refused', async () => {
  const careless = new SoftwareAuthenticator();
  careless.verifiesUser = false;
  assert.equal((await add(careless)).body['code'], 'PASSKEY_REFUSED');
  good.verifiesUser = false;
  assert.equal((await answerOf(good)).code, 'PASSKEY_REFUSED');
  good.verifiesUser = true;
});

async function answerOf(passkey: SoftwareAuthenticator): Promise<{ status: number; code: unknown }> {
  const by = new AdminBrowser(browsers, trust);
  const { pending, options } = started.parse(
    (await send(by, 'POST', '/v1/sign-in/passkey/options', {})).body,
  );
  const response = passkey.get({ challenge: options.challenge, rpId: NAME, origin: originOf() });
  const { status, body } = await send(by, 'POST', '/v1/sign-in/passkey', { pending, response });
  return { status, code: body['code'] };
}

test('S-04 a passkey whose counter goes back or stands still was copied, and is refused', async () => {
  assert.equal((await answerOf(good)).status, 200);
  good.counter -= 1;
  assert.equal((await answerOf(good)).code, 'PASSKEY_COPIED');
  good.counter = 1;
  assert.equal((await answerOf(good)).code, 'PASSKEY_COPIED');
  good.counter = 1_000;
  assert.equal((await answerOf(good)).status, 200);
});

test('an authenticator that does not count is no copy', async () => {
  const still = new SoftwareAuthenticator();
  await add(still);
  for (let times = 0; times < 2; times += 1) {
    still.counter = 0;
    assert.equal((await answerOf(still)).status, 200);
  }
});

test('S-04 a passkey nobody knows, and one for somebody else, open nothing', async () => {
  assert.equal((await answerOf(new SoftwareAuthenticator())).code, 'PASSKEY_REFUSED');
  const handle = good.userHandle;
  good.userHandle = Buffer.from('somebody else').toString('base64url');
  assert.equal((await answerOf(good)).code, 'PASSKEY_REFUSED');
  good.userHandle = handle;
});

test('S-04 an address of numbers cannot have passkeys, and says so', async () => {
  const answer = await send(browser, 'POST', '/v1/sign-in/passkey/options', {}, '127.0.0.1');
  assert.equal(answer.body['code'], 'PASSKEY_NEEDS_NAME');
  assert.equal((await send(browser, 'POST', '/v1/me/passkeys/options', {}, '127.0.0.1')).status, 400);
});

test('S-04 the same passkey is registered once', async () => {
  assert.equal((await add(good)).body['code'], 'PASSKEY_KNOWN');
});

test("S-04 passkeys are one's own: another administrator neither sees, renames nor removes them", async () => {
  const shop = await administratorWith(browsers, trust, 'shop', [{ role: 'administrator', group: null }]);
  assert.deepEqual((await send(shop.browser, 'GET', '/v1/me/passkeys')).body, { passkeys: [] });
  const { passkeys } = (await send(browser, 'GET', '/v1/me/passkeys')).body as { passkeys: { id: string }[] };
  const path = `/v1/me/passkeys/${passkeys[0]?.id}`;
  assert.equal((await send(shop.browser, 'PUT', path, { name: 'x' })).body['code'], 'NOT_FOUND');
  assert.equal((await send(shop.browser, 'DELETE', path)).body['code'], 'NOT_FOUND');
  assert.equal((await send(browser, 'PUT', path, { name: 'old phone' })).body['name'], 'old phone');
});

test('S-04 a session that was left open makes no passkey and removes none', async () => {
  await clock.advance(PASSKEY_SESSION_AGE_MAX_MS + 1);
  const again = await send(browser, 'POST', '/v1/me/passkeys/options', {});
  assert.equal(again.body['code'], 'PASSKEY_SIGN_IN_AGAIN');
  const { passkeys } = (await send(browser, 'GET', '/v1/me/passkeys')).body as { passkeys: { id: string }[] };
  const removed = await send(browser, 'DELETE', `/v1/me/passkeys/${passkeys[0]?.id}`);
  assert.equal(removed.body['code'], 'PASSKEY_SIGN_IN_AGAIN', 'nor takes one away');
  await browser.signIn(account);
  assert.equal((await send(browser, 'POST', '/v1/me/passkeys/options', {})).status, 200);
});

test('S-04 a passkey that was removed opens nothing, nor does any after the account was reset', async () => {
  const brief = new SoftwareAuthenticator();
  const { id } = (await add(brief)).body;
  assert.equal((await answerOf(brief)).status, 200);
  assert.equal((await send(browser, 'DELETE', `/v1/me/passkeys/${String(id)}`)).status, 200);
  assert.equal((await answerOf(brief)).code, 'PASSKEY_REFUSED');
  const { code } = await trust.call(resetAdministrator, { params: { id: account.id } });
  await new AdminBrowser(browsers, trust).accept(code, 'office');
  assert.equal((await answerOf(good)).code, 'PASSKEY_REFUSED');
});
