import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from '@sekisho/core/wire/api-keys.ts';
import { disableAdministrator, enableAdministrator, setGrants } from '@sekisho/core/wire/administrators.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Right } from '@sekisho/core/rules/rights.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { addAdministrator } from '@sekisho/testkit/administrators.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { webRequest } from '@sekisho/testkit/web-client.ts';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

const endings: (() => unknown)[] = [];
const owner = { after: (work: () => unknown) => void endings.push(work) };
after(async () => {
  for (const end of endings) await end();
});

const clock = new FakeClock();
let trust: TrustServer;
let office: AdministratorId;

before(async () => {
  trust = await TrustServer.start(owner, { clock });
  const grants = [{ role: 'operator', groupId: null }] as const;
  office = await addAdministrator(trust.server.context.store, 'office', grants);
  // somebody must stay when office's account is closed
  const everything = [{ role: 'administrator', groupId: null }] as const;
  await addAdministrator(trust.server.context.store, 'chief', everything);
});

const make = (scopes: Right[] = ['host.read', 'job.run'], validSeconds = 3_600) =>
  trust.call(createApiKey, { body: { name: 'script', owner: 'office', scopes, validSeconds } });

/** How the administration port answers to this key. */
async function use(key: string, path = '/v1/hosts', more: { method?: string; body?: unknown } = {}) {
  const { status, body, headers } = await webRequest(trust, { path, key, ...more });
  const parsed = JSON.parse(body) as { code?: string };
  return { status, code: parsed.code, body, headers };
}

test('S-04 a key reads over HTTPS what it may, and nothing without a key', async () => {
  const { key } = await make();
  assert.equal((await use(key)).status, 200);
  assert.equal((await use(key, '/v1/tokens')).code, 'RIGHT_MISSING', 'the owner may, the key may not');
  const stranger = await webRequest(trust, { path: '/v1/hosts' });
  assert.equal(stranger.status, 401);
  assert.match(String(stranger.headers['www-authenticate']), /^Bearer/);
});

test('S-04 an expired, a revoked and an unknown key answer alike, down to the byte', async () => {
  const [expired, revoked, unknown] = [await make(undefined, 60), await make(), await make()];
  await trust.call(revokeApiKey, { params: { id: revoked.id } });
  await trust.server.context.store.db.deleteFrom('api_keys').where('id', '=', unknown.id).execute();
  await clock.advance(60 * SECOND_MS);
  const answers = [];
  for (const { key } of [expired, revoked, unknown]) answers.push(await use(key));
  for (const answer of answers) {
    assert.equal(answer.code, 'API_KEY_REFUSED');
    assert.equal(answer.status, 401);
  }
  const plain = answers.map(({ body }) => body.replace(/"instance":"[^"]*"/, ''));
  assert.equal(new Set(plain).size, 1);
  await trust.server.context.refusals.flush();
  const { rows } = await trust.call(listAudit, { query: {} });
  const reasons = rows.filter(({ act }) => act === 'refuse-api-key').map(({ detail }) => detail['code']);
  assert.deepEqual(reasons.sort(), ['expired', 'revoked', 'unknown']);
});

test('S-04 a key is cut with its owner: by the role, and by the account', async () => {
  const { key } = await make(['host.read', 'host.write']);
  const register = { method: 'POST', body: { name: 'web-01.example' } };
  assert.equal((await use(key, '/v1/known-hosts', register)).status, 200);
  const roles = (role: 'operator' | 'viewer') =>
    trust.call(setGrants, { params: { id: office }, body: { grants: [{ role, group: null }] } });
  await roles('viewer');
  assert.equal((await use(key, '/v1/known-hosts', register)).code, 'RIGHT_MISSING');
  assert.equal((await use(key)).status, 200);
  await trust.call(disableAdministrator, { params: { id: office } });
  assert.equal((await use(key)).code, 'API_KEY_REFUSED');
  await trust.call(enableAdministrator, { params: { id: office } });
  await roles('operator');
  assert.equal((await use(key, '/v1/known-hosts', register)).status, 200);
});

test('S-04 a key in an address is refused whether or not there is such a route, and its owner is told that it leaked', async () => {
  const { key, id } = await make();
  for (const path of [
    `/v1/hosts?key=${key}`,
    `/v1/hosts?key=${key.replace('_', '%5F')}`,
    `/v1/hosts?x=%zz&key=${key.replace('_', '%5F')}`,
    `/v1/hosts/${key}`,
    `/v1/sign-in/oidc?key=${key}`,
    `/v1/no-such-route?key=${key}`,
    `/${key}`,
    `/v1/security/level?key=${key}`,
  ]) {
    const { status, body } = await webRequest(trust, { path });
    assert.equal(status, 400);
    assert.equal((JSON.parse(body) as { code: string }).code, 'API_KEY_IN_ADDRESS', path);
    assert.equal(body.includes(key.slice(4)), false, 'the key is not repeated');
  }
  await trust.server.context.refusals.flush();
  const { rows } = await trust.call(listAudit, { query: {} });
  const leak = rows.find((row) => row.act === 'leak-api-key' && row.subject === id);
  assert.equal(leak?.origin, '127.0.0.1', 'as every other row has it');
  assert.equal(JSON.stringify(rows).includes(key.slice(4)), false);
});

test('S-04 a key makes no key, ends none and changes nothing of the account', async () => {
  const { key, id } = await make();
  const body = { name: 'heir', scopes: ['host.read'], validSeconds: 3_600 };
  assert.equal((await use(key, '/v1/api-keys', { method: 'POST', body })).code, 'API_KEY_MAY_NOT');
  assert.equal((await use(key, `/v1/api-keys/${id}`, { method: 'DELETE' })).code, 'API_KEY_MAY_NOT');
  assert.equal(
    (await use(key, '/v1/me/passkeys/options', { method: 'POST', body: {} })).code,
    'API_KEY_MAY_NOT',
  );
  assert.equal((await use(key, '/v1/sign-out', { method: 'POST' })).code, 'API_KEY_MAY_NOT');
  assert.equal((await use(key, '/v1/me/passkeys')).code, 'API_KEY_MAY_NOT');
  assert.equal((await use(key, '/v1/sessions')).code, 'RIGHT_MISSING', 'nor says where its owner sits');
});

test("S-04 one's own keys are listed, those of others are not there", async () => {
  const shop = await addAdministrator(trust.server.context.store, 'shop', [
    { role: 'operator', groupId: null },
  ]);
  const body = { name: 'of shop', owner: 'shop', scopes: ['host.read'] as Right[], validSeconds: 3_600 };
  const theirs = await trust.call(createApiKey, { body });
  assert.equal(theirs.owner.id, shop);
  const { key, id } = await make();
  const listed = JSON.parse((await use(key, '/v1/api-keys')).body) as { keys: { owner: { name: string } }[] };
  assert.deepEqual([...new Set(listed.keys.map((one) => one.owner.name))], ['office']);
  assert.equal((await use(key, `/v1/api-keys/${theirs.id}`)).code, 'NOT_FOUND');
  assert.equal((await use(key, `/v1/api-keys/${id}`)).status, 200);
  assert.equal((await trust.call(getApiKey, { params: { id } })).usedAtMs, clock.nowMs());
  assert.ok((await trust.call(listApiKeys)).keys.length > listed.keys.length);
});
