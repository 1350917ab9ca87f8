import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { API_KEYS_PER_ADMINISTRATOR_MAX } from '@sekisho/core/limits.ts';
import { reachOf, RIGHTS, type Grant, type Principal, type Right } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { createApiKey as createRoute } from '@sekisho/core/wire/api-keys.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { addAdministrator, addGroup, principalOf } from '@sekisho/testkit/administrators.ts';
import { ADMIN } from '@sekisho/testkit/protection-domain.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { eachStore, type OpenTestStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateAdministrator } from '../administrators/administrator-rows.ts';
import { RefusalBook } from '../audit/refusal-book.ts';
import { selectKeysPage } from './api-keys.store.ts';
import { authenticateApiKey } from './authenticate-api-key.ts';
import { createApiKey } from './create-api-key.ts';
import { makeKeyText } from './key-text.ts';
import { revokeApiKey } from './revoke-api-key.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;
const OPERATOR: Grant = { role: 'operator', groupId: null };
const FROM = '192.0.2.1';

async function scene(t: HasAfter, open: OpenTestStore, grants: readonly Grant[] = [OPERATOR]) {
  const { store, clock, another } = await open(t);
  const log = silentLog();
  const refusals = new RefusalBook({ store, clock, log });
  t.after(() => refusals.stop());
  const context = { store, clock, log, random: new SeededRandom('keys'), refusals };
  const ownerId = await addAdministrator(store, 'office', grants);
  const office = await principalOf(store, ownerId, grants);
  const make = (wish: { scopes?: Right[]; group?: GroupId; seconds?: number; owner?: string }, by = office) =>
    createApiKey(
      context,
      createRoute.body.parse({
        name: 'nightly report',
        scopes: wish.scopes ?? ['host.read'],
        validSeconds: wish.seconds ?? 3_600,
        ...(wish.group === undefined ? {} : { group: wish.group }),
        ...(wish.owner === undefined ? {} : { owner: wish.owner }),
      }),
      by,
    );
  const use = (secret: Secret, on = context) => authenticateApiKey(on, secret, FROM);
  const audited = async (act: string): Promise<Record<string, unknown>[]> => {
    await refusals.flush();
    const rows = await store.db.selectFrom('audit').selectAll().where('act', '=', act).execute();
    return rows.map((row) => ({
      subject: row.subject,
      actor: row.actor,
      ...(JSON.parse(row.detail) as Record<string, unknown>),
    }));
  };
  return { context, store, clock, another, ownerId, office, make, use, audited };
}

eachStore((_dialect, open) => {
  test('S-04 a key acts for its owner with its scopes and nothing else, and only its hash is stored', async (t) => {
    const { make, use, store, ownerId, audited } = await scene(t, open);
    const { key, secret } = await make({ scopes: ['host.read', 'job.run'] });
    const principal = await use(secret);
    assert.equal(principal?.kind, 'api-key');
    assert.equal(principal?.administratorId, ownerId);
    assert.equal(principal?.name, 'office (key nightly report)');
    assert.deepEqual([...principal!.rights.keys()].sort(), ['host.read', 'job.run']);
    const stored = JSON.stringify(await store.db.selectFrom('api_keys').selectAll().execute());
    assert.equal(stored.includes(secret.reveal().slice(4)), false);
    assert.deepEqual((await audited('create-api-key'))[0]?.subject, key.id);
  });

  test('S-04 a key that is expired, revoked, unknown or mistyped is refused alike; the reason is in the audit log', async (t) => {
    const { make, use, clock, context, audited, office } = await scene(t, open);
    const short = await make({ seconds: 60 });
    const gone = await make({});
    await clock.advance(60 * SECOND_MS - 1);
    assert.notEqual(await use(short.secret), undefined, 'its last millisecond');
    await clock.advance(1);
    await revokeApiKey(context, gone.key.id, office);
    const mistyped = new Secret(gone.secret.reveal().replace(/.$/, (last) => (last === '0' ? '1' : '0')));
    for (const secret of [short.secret, gone.secret, makeKeyText(context.random), mistyped])
      await assert.rejects(
        use(secret),
        (error: unknown) =>
          error instanceof AppError &&
          error.code === 'API_KEY_REFUSED' &&
          Object.keys(error.params).length === 0,
      );
    assert.deepEqual(
      (await audited('refuse-api-key')).map(({ code: why, subject }) => [why, subject]),
      [
        ['expired', short.key.id],
        ['revoked', gone.key.id],
        ['unknown', 'unknown'],
        ['malformed', 'malformed'],
      ],
    );
    assert.equal(await use(new Secret('session-secret-of-another-kind')), undefined);
  });

  test('S-04 a key loses at once what its owner loses, and everything when the owner is disabled', async (t) => {
    const { make, use, store, ownerId, audited } = await scene(t, open);
    const { secret } = await make({ scopes: ['host.read', 'job.run'] });
    await store.db.updateTable('administrator_grants').set({ role: 'viewer' }).execute();
    assert.deepEqual([...(await use(secret))!.rights.keys()], ['host.read']);
    await store.transaction((tx) => updateAdministrator(tx, ownerId, { disabledAtMs: 1 }));
    await assert.rejects(use(secret), code('API_KEY_REFUSED'));
    assert.equal((await audited('refuse-api-key'))[0]?.['code'], 'owner-disabled');
    await store.transaction((tx) => updateAdministrator(tx, ownerId, { disabledAtMs: null }));
    assert.notEqual(await use(secret), undefined);
  });

  test('S-04 a key of a group reaches that group and those below it, as far as its owner does', async (t) => {
    const { make, use, store, ownerId } = await scene(t, open, []);
    const top = await addGroup(store, 'All', null);
    const branch = await addGroup(store, 'branch', top);
    const shop = await addGroup(store, 'shop', branch);
    const other = await addGroup(store, 'other', top);
    const grants: Grant[] = [{ role: 'operator', groupId: branch }];
    await store.db
      .insertInto('administrator_grants')
      .values({ administrator_id: ownerId, role: 'operator', group_id: branch })
      .execute();
    const owner = await principalOf(store, ownerId, grants);
    const reach = async (secret: Secret) => reachOf((await use(secret))!, 'job.run');
    assert.deepEqual(
      await reach((await make({ scopes: ['job.run'] }, owner)).secret),
      new Set([branch, shop]),
    );
    const narrow = await make({ scopes: ['job.run'], group: shop }, owner);
    assert.deepEqual(await reach(narrow.secret), new Set([shop]));
    for (const group of [other, top])
      await assert.rejects(make({ scopes: ['job.run'], group }, owner), code('NOT_FOUND'));
    await store.db.updateTable('administrator_grants').set({ group_id: other }).execute();
    assert.deepEqual(await reach(narrow.secret), new Set(), 'the owner was moved to another branch');
  });

  test('S-04 a scope that the maker does not hold is refused by name', async (t) => {
    const { make } = await scene(t, open);
    await assert.rejects(
      make({ scopes: ['host.read', 'ca.write'] }),
      (error: unknown) =>
        error instanceof AppError &&
        error.code === 'API_KEY_SCOPE_TOO_WIDE' &&
        error.params['right'] === 'ca.write',
    );
  });

  test('S-04 no key makes keys or administrators, whoever makes it', async (t) => {
    const { make, use, store, ownerId } = await scene(t, open, [{ role: 'administrator', groupId: null }]);
    await assert.rejects(make({ scopes: ['administrator.write'] }), code('API_KEY_SCOPE_NEVER'));
    const { secret, key } = await make({ scopes: RIGHTS.filter((right) => right !== 'administrator.write') });
    const principal = (await use(secret)) as Principal;
    await assert.rejects(make({}, principal), code('API_KEY_MAY_NOT'));
    // a row that came from elsewhere gives it none the less
    await store.db
      .updateTable('api_keys')
      .set({ scopes: JSON.stringify(RIGHTS) })
      .where('id', '=', key.id)
      .execute();
    assert.equal((await use(secret))!.rights.has('administrator.write'), false);
    assert.equal(ownerId, principal.administratorId);
  });

  test('S-04 on the own socket a key is made for an administrator who is named; signed in, for oneself alone', async (t) => {
    const { make, use, ownerId, store } = await scene(t, open);
    await addAdministrator(store, 'shop', [OPERATOR]);
    await assert.rejects(make({}, ADMIN), code('API_KEY_OWNER_NEEDED'));
    await assert.rejects(make({ owner: 'nobody' }, ADMIN), code('NOT_FOUND'));
    await assert.rejects(make({ owner: 'shop' }), code('API_KEY_OWNER_OTHER'));
    const { secret } = await make({ owner: 'Office' }, ADMIN);
    assert.equal((await use(secret))?.administratorId, ownerId);
    await assert.rejects(
      make({ owner: 'office', scopes: ['ca.write'] }, ADMIN),
      code('API_KEY_SCOPE_TOO_WIDE'),
    );
  });

  test('S-04 a revoked key is refused by every server of the domain, and is revoked once', async (t) => {
    const { make, use, context, another, office, audited, store } = await scene(t, open);
    const { key, secret } = await make({});
    const taroId = await addAdministrator(store, 'shop', [OPERATOR]);
    const shop = await principalOf(store, taroId, [OPERATOR]);
    await assert.rejects(revokeApiKey(context, key.id, shop), code('NOT_FOUND'));
    const first = await revokeApiKey(context, key.id, office);
    assert.deepEqual(await revokeApiKey(context, key.id, office), first);
    assert.equal((await audited('revoke-api-key')).length, 1);
    const changes = await store.db.selectFrom('change_feed').select(['kind', 'key']).execute();
    assert.ok(
      changes.some((change) => change.kind === 'administrator' && change.key === office.administratorId),
    );
    if (store.dialect === 'sqlite') return; // one server alone
    const elsewhere = { ...context, store: await another() };
    await assert.rejects(use(secret, elsewhere), code('API_KEY_REFUSED'));
  });

  test('S-04 the last use is noted, once a minute at most', async (t) => {
    const { make, use, clock, store } = await scene(t, open);
    const { secret } = await make({});
    const usedAtMs = async () =>
      (await store.db.selectFrom('api_keys').select('used_at_ms').executeTakeFirstOrThrow()).used_at_ms;
    assert.equal(await usedAtMs(), null);
    const startMs = clock.nowMs();
    await use(secret);
    assert.equal(await usedAtMs(), startMs);
    await clock.advance(MINUTE_MS);
    await use(secret);
    assert.equal(await usedAtMs(), startMs);
    await clock.advance(1);
    await use(secret);
    assert.equal(await usedAtMs(), startMs + MINUTE_MS + 1);
  });

  test('strangers who try keys without end fill neither the audit log nor the time of its writer', async (t) => {
    const { use, context, store } = await scene(t, open);
    for (let tries = 0; tries < 60; tries += 1)
      await assert.rejects(use(makeKeyText(context.random)), code('API_KEY_REFUSED'));
    const rows = await store.db.selectFrom('audit').select('seq').execute();
    assert.ok(rows.length <= 10, `${rows.length} rows`);
  });

  test('keys of one administrator have a limit, pages are full, and others see none of them', async (t) => {
    const { make, store, ownerId } = await scene(t, open);
    await assert.rejects(async () => {
      for (let made = 0; made <= API_KEYS_PER_ADMINISTRATOR_MAX; made += 1)
        await make({ seconds: 366 * 86_400 });
    }, code('API_KEYS_TOO_MANY'));
    const seen = new Set<string>();
    let after: { ms: number; id: string } | undefined;
    for (;;) {
      const page = await selectKeysPage(store.db, { limit: 30, after, owner: ownerId });
      for (const { id } of page) seen.add(id);
      const last = page.at(-1);
      if (last === undefined || page.length < 30) break;
      after = { ms: last.createdAtMs, id: last.id };
    }
    assert.equal(seen.size, API_KEYS_PER_ADMINISTRATOR_MAX);
    const shop = await addAdministrator(store, 'shop', [OPERATOR]);
    assert.deepEqual(await selectKeysPage(store.db, { limit: 30, after: undefined, owner: shop }), []);
  });
});
