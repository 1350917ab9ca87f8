import { AppError } from '@sekisho/core/errors.ts';
import { ROLE_RIGHTS, ROLES, type Role } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import {
  createAdministrator,
  disableAdministrator,
  enableAdministrator,
  endSession,
  getAdministrator,
  getMe,
  listAdministrators,
  listSessions,
  makeFirstLink,
  resetAdministrator,
  setGrants,
  type GrantView,
} from '@sekisho/core/wire/administrators.ts';
import { createApiKey } from '@sekisho/core/wire/api-keys.ts';
import { openLink, signIn, signInWithTotp } from '@sekisho/core/wire/sign-in.ts';
import { listHosts } from '@sekisho/core/wire/trust.ts';
import { AdminBrowser, administratorWith, type Account } from '@sekisho/testkit/admin-browser.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SESSION_COOKIE } from '../../http/cookies.ts';
import type { DialectName } from '../../store/transaction-context.ts';
import { rightsOfAdministrator } from './administrator-rights.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, expected);
  return true;
};
const DOMAIN: GrantView[] = [{ role: 'administrator', group: null }];

// a suite of its own: the server stops before its database's server does
eachStore((dialect) => {
  describe('administrators', () => {
    administrators(dialect);
  });
});

function administrators(dialect: DialectName): void {
  const ends: (() => unknown)[] = [];
  const shared = { after: (end: () => unknown) => ends.push(end) };
  const clock = new FakeClock();
  let trust: TrustServer;
  let first: { browser: AdminBrowser; account: Account };
  let names = 0;

  before(async () => {
    trust = await TrustServer.start(shared, { clock, dialect });
    const browser = new AdminBrowser(shared, trust);
    first = { browser, account: await browser.accept(trust.firstCode, 'first') };
  });
  after(async () => {
    for (const end of ends) await end();
  });
  const join = (grants: readonly GrantView[]): Promise<{ browser: AdminBrowser; account: Account }> => {
    names += 1;
    return administratorWith(shared, trust, `joined-${names}`, grants);
  };
  const idParams = ({ account }: { account: Account }) => ({ params: { id: account.id } });
  const rootGroup = async (): Promise<string> =>
    (await trust.server.context.store.db.selectFrom('groups').select('id').executeTakeFirstOrThrow()).id;

  test('S-04 the last one who administers the domain stays, and so does the link for the first spent', async () => {
    await assert.rejects(trust.call(disableAdministrator, idParams(first)), code('LAST_ADMINISTRATOR'));
    await assert.rejects(
      trust.call(setGrants, { ...idParams(first), body: { grants: [{ role: 'operator', group: null }] } }),
      code('LAST_ADMINISTRATOR'),
    );
    // one who was only invited cannot sign in, and so does not count
    await trust.call(createAdministrator, {
      body: { name: 'invited', displayName: 'Invited', grants: DOMAIN },
    });
    await assert.rejects(trust.call(disableAdministrator, idParams(first)), code('LAST_ADMINISTRATOR'));
    await assert.rejects(trust.call(makeFirstLink), code('FIRST_ADMINISTRATOR_EXISTS'));
    await assert.rejects(first.browser.call(makeFirstLink), code('LOCAL_SOCKET_ONLY'));
    const { grants } = await trust.call(getAdministrator, idParams(first));
    assert.deepEqual(grants, DOMAIN);
  });

  test('S-04 two who take the role from each other at once: one of them keeps it', async () => {
    const [one, other] = [await join(DOMAIN), await join(DOMAIN)];
    const demote = [{ role: 'viewer' as const, group: null }];
    await one.browser.call(setGrants, { ...idParams(first), body: { grants: demote } });
    const results = await Promise.allSettled([
      one.browser.call(setGrants, { ...idParams(other), body: { grants: demote } }),
      other.browser.call(disableAdministrator, idParams(one)),
    ]);
    const done = results.filter(({ status }) => status === 'fulfilled');
    assert.equal(done.length, 1, JSON.stringify(results));
    const [{ administrators: all }] = [await trust.call(listAdministrators)];
    const left = all.filter(
      ({ grants, state }) => state === 'active' && grants.some(({ role }) => role === 'administrator'),
    );
    assert.equal(left.length, 1);
    await trust.call(setGrants, { ...idParams(first), body: { grants: DOMAIN } });
    clock.jump(MINUTE_MS);
    await first.browser.signIn(first.account);
  });

  test('S-04 roles give their rights and no others, and only the administrator makes administrators', async () => {
    for (const role of ROLES) {
      const { browser } = await join([{ role, group: null }]);
      const { rights } = await browser.call(getMe);
      assert.deepEqual(rights.map(({ right }) => right).sort(), [...ROLE_RIGHTS[role]].sort());
      assert.ok(rights.every(({ groups }) => groups === null));
      const made = browser.call(createAdministrator, {
        body: { name: `by-${role}`, displayName: 'x', grants: [] },
      });
      if (role === 'administrator') await made;
      else await assert.rejects(made, code('RIGHT_MISSING'));
      const mayRead = (ROLE_RIGHTS[role] as readonly string[]).includes('administrator.read');
      const listed = browser.call(listAdministrators);
      if (mayRead) await listed;
      else await assert.rejects(listed, code('RIGHT_MISSING'));
    }
  });

  test('S-04 a role in a group reaches that group alone', async () => {
    const group = (await rootGroup()) as NonNullable<GrantView['group']>;
    const { browser } = await join([{ role: 'administrator' as Role, group }]);
    const { rights } = await browser.call(getMe);
    assert.ok(rights.every(({ groups }) => groups?.length === 1 && groups[0] === group));
    // whoever made administrators in a group could make one of the domain
    await assert.rejects(
      browser.call(createAdministrator, { body: { name: 'sneaky', displayName: 'x', grants: DOMAIN } }),
      code('RIGHT_MISSING'),
    );
    await assert.rejects(
      trust.call(createAdministrator, {
        body: {
          name: 'nowhere',
          displayName: 'x',
          grants: [{ role: 'viewer', group: '99999999-9999-4999-8999-999999999999' }],
        },
      }),
      code('NOT_FOUND'),
    );
  });

  test('S-04 nobody raises themselves, and nobody acts for another through a key', async () => {
    const me = await join([{ role: 'security-administrator', group: null }]);
    const grants = { ...idParams(me), body: { grants: DOMAIN } };
    await assert.rejects(me.browser.call(setGrants, grants), code('RIGHT_MISSING'));
    const boss = await join(DOMAIN);
    await assert.rejects(
      boss.browser.call(setGrants, { ...idParams(boss), body: { grants: DOMAIN } }),
      code('OWN_GRANTS'),
    );
    const made = await boss.browser.call(createApiKey, {
      body: { name: 'script', scopes: ['host.read', 'administrator.read'], validSeconds: 3600 },
    });
    const byKey = async (method: string, path: string, body?: string) => {
      const headers = { cookie: undefined, authorization: `Bearer ${made.key}` };
      const answer = await boss.browser.request({
        method,
        path,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      return [answer.status, (JSON.parse(answer.body) as { code?: string }).code];
    };
    assert.deepEqual(await byKey('GET', '/v1/administrators'), [200, undefined]);
    const { sessions } = await boss.browser.call(listSessions);
    assert.equal((await byKey('DELETE', `/v1/sessions/${sessions[0]!.id}`))[1], 'API_KEY_MAY_NOT');
    assert.equal((await byKey('POST', '/v1/sign-out', '{}'))[1], 'API_KEY_MAY_NOT');
    assert.equal(
      (await byKey('PUT', '/v1/me/password', '{"password":"a","newPassword":"b"}'))[1],
      'API_KEY_MAY_NOT',
    );
    assert.equal((await byKey('POST', '/v1/administrators', '{}'))[1], 'RIGHT_MISSING');
    await trust.call(disableAdministrator, idParams(boss));
    assert.equal((await byKey('GET', '/v1/administrators'))[0], 401, 'the key of a disabled administrator');
  });

  test('S-04 other roles, a disabled account and an ended session take effect at once', async () => {
    const target = await join([{ role: 'operator', group: null }]);
    const { id } = target.account;
    await target.browser.call(listHosts);
    await trust.call(setGrants, { params: { id }, body: { grants: [{ role: 'viewer', group: null }] } });
    await assert.rejects(target.browser.call(listHosts), code('SESSION_EXPIRED'));
    clock.jump(MINUTE_MS);
    await target.browser.signIn(target.account);
    assert.ok(!(await target.browser.call(getMe)).rights.some(({ right }) => right === 'host.write'));
    const { link } = await trust
      .call(resetAdministrator, { params: { id } })
      .then((made) => ({ link: made }));
    await trust.call(disableAdministrator, { params: { id } });
    await assert.rejects(target.browser.call(getMe), code('SESSION_EXPIRED'));
    assert.equal(await rightsOfAdministrator(trust.server.context.store.db, id), undefined);
    const { name, password } = target.account;
    await assert.rejects(
      target.browser.call(signIn, { body: { name, password } }),
      code('ADMINISTRATOR_DISABLED'),
    );
    await assert.rejects(
      target.browser.call(signIn, { body: { name, password: 'wrong' } }),
      code('SIGN_IN_REFUSED'),
      'whoever does not know the password does not hear that the account is disabled',
    );
    await assert.rejects(target.browser.call(openLink, { body: { code: link.code } }), code('LINK_UNKNOWN'));
    await trust.call(enableAdministrator, { params: { id } });
    clock.jump(MINUTE_MS);
    await target.browser.signIn(target.account);
    const { sessions } = await target.browser.call(listSessions);
    assert.equal(sessions.length, 1);
    await assert.rejects(target.browser.call(listSessions, { query: { of: 'all' } }), code('RIGHT_MISSING'));
    await trust.call(endSession, { params: { id: sessions[0]!.id } });
    await assert.rejects(target.browser.call(getMe), code('SESSION_EXPIRED'));
  });

  test('S-04 one cannot end the session of another, nor see that there is one', async () => {
    const [one, other] = [await join([{ role: 'operator', group: null }]), await join(DOMAIN)];
    const { sessions } = await other.browser.call(listSessions);
    const params = { id: sessions[0]!.id };
    await assert.rejects(one.browser.call(endSession, { params }), code('NOT_FOUND'));
    await other.browser.call(getMe);
    const seen = await other.browser.call(listSessions, { query: { administrator: one.account.id } });
    await other.browser.call(endSession, { params: { id: seen.sessions[0]!.id } });
    await assert.rejects(one.browser.call(getMe), code('SESSION_EXPIRED'));
  });

  test('S-04 of two who edit the same account the later one hears of the earlier', async () => {
    const target = await join([{ role: 'viewer', group: null }]);
    const path = `/v1/administrators/${target.account.id}`;
    clock.jump(MINUTE_MS);
    await first.browser.signIn(first.account);
    const { headers } = await first.browser.request({ path });
    const change = (role: string) =>
      first.browser.request({
        method: 'PUT',
        path: `${path}/grants`,
        headers: { 'if-match': String(headers.etag) },
        body: JSON.stringify({ grants: [{ role, group: null }] }),
      });
    assert.equal((await change('operator')).status, 200);
    const late = await change('viewer');
    assert.equal(late.status, 412);
    assert.match(late.body, /first/);
  });

  // only PostgreSQL serves several processes
  if (dialect === 'postgres')
    test('S-04 S-07 two server processes: a session, its end, other roles and a used code are of both', async (t) => {
      const server = await trust.second(t);
      const other = { clock, server, call: trust.call };

      const { browser: owner, account } = await administratorWith(t, trust, 'owner', DOMAIN);
      const there = new AdminBrowser(t, other);
      there.cookies.set(SESSION_COOKIE, owner.cookies.get(SESSION_COOKIE) ?? '');
      assert.equal((await there.call(getMe)).name, 'owner');

      const { browser, account: operator } = await administratorWith(t, trust, 'abroad', [
        { role: 'operator', group: null },
      ]);
      const abroad = new AdminBrowser(t, other);
      abroad.cookies.set(SESSION_COOKIE, browser.cookies.get(SESSION_COOKIE) ?? '');
      await abroad.call(getMe);
      const grants = [{ role: 'viewer' as const, group: null }];
      await owner.call(setGrants, { params: { id: operator.id }, body: { grants } });
      await assert.rejects(abroad.call(getMe), code('SESSION_EXPIRED'));

      // one code, at both at once
      clock.jump(MINUTE_MS);
      const { name, password } = operator;
      const begun = await Promise.all(
        [browser, abroad].map(async (one) => (await one.call(signIn, { body: { name, password } })).pending),
      );
      const typed = browser.code(operator.totpSecret, 0);
      const results = await Promise.allSettled(
        [browser, abroad].map((one, at) =>
          one.call(signInWithTotp, { body: { pending: begun[at] ?? '', code: typed } }),
        ),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      const [winner] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.ok(winner?.rights.every(({ right }) => right !== 'host.write'));

      const { sessions } = await owner.call(listSessions);
      await owner.call(endSession, { params: { id: sessions[0]!.id } });
      await assert.rejects(there.call(getMe), code('SESSION_EXPIRED'));

      // a process that has lost sight of what was changed lets nobody in
      clock.jump(MINUTE_MS);
      await there.signIn(account);
      await server.context.feed.stop();
      await assert.rejects(there.call(getMe), code('SERVER_STOPPING'));
    });

  test('S-04 every act on an account stands in the audit log, without its secrets', async () => {
    const rows = await trust.server.context.store.db
      .selectFrom('audit')
      .select(['act', 'actor', 'origin', 'outcome', 'detail'])
      .where('category', '=', 'LOGIN')
      .execute();
    const done = new Set(rows.filter(({ outcome }) => outcome === 'done').map(({ act }) => act));
    for (const act of [
      'make-link',
      'use-link',
      'sign-in',
      'set-totp',
      'create-administrator',
      'set-grants',
      'disable-administrator',
      'enable-administrator',
      'end-session',
    ])
      assert.ok(done.has(act), act);
    assert.ok(
      rows.some(({ act, actor, origin }) => act === 'sign-in' && actor === 'first' && origin === '127.0.0.1'),
    );
    for (const { detail } of rows) assert.doesNotMatch(detail, /argon2|[A-Z2-7]{32}|#/);
  });
}
