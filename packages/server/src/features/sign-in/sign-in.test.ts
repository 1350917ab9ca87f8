import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import {
  endSession,
  getMe,
  listSessions,
  makeFirstLink,
  resetAdministrator,
  createAdministrator,
} from '@sekisho/core/wire/administrators.ts';
import { createApiKey, listApiKeys } from '@sekisho/core/wire/api-keys.ts';
import { listHosts } from '@sekisho/core/wire/trust.ts';
import {
  acceptLink,
  changePassword,
  changeTotp,
  confirmTotp,
  openLink,
  signIn,
  signInWithTotp,
  signOut,
} from '@sekisho/core/wire/sign-in.ts';
import { AdminBrowser, TEST_PASSWORD, type Account } from '@sekisho/testkit/admin-browser.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TEST_PASSWORD_COST, TrustServer } from '@sekisho/testkit/trust-server.ts';
import type { FastifyRequest } from 'fastify';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEVICE_COOKIE, SESSION_COOKIE } from '../../http/cookies.ts';
import { readSession } from '../admin-sessions/read-session.ts';
import { revokeSessions } from '../admin-sessions/session-rows.ts';
import type { Tx } from '../../store/tables.ts';
import { findAdministrator, updateAdministrator } from '../administrators/administrator-rows.ts';
import { noteRefusal } from './note-refusal.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, expected);
  return true;
};
const STEP_MS = 30 * SECOND_MS;

describe('signing in at the administration port', () => {
  const ends: (() => unknown)[] = [];
  const shared = { after: (end: () => unknown) => ends.push(end) };
  after(async () => {
    for (const end of ends) await end();
  });
  const clock = new FakeClock();
  let trust: TrustServer;
  let account: Account;

  const browser = (options: { localAddress?: string } = {}): AdminBrowser =>
    new AdminBrowser(shared, trust, options);
  /** A browser in which the first administrator is signed in. */
  const signedIn = async (): Promise<AdminBrowser> => {
    clock.jump(2 * STEP_MS);
    const one = browser();
    await one.signIn(account);
    return one;
  };
  const invitation = async (name: string): Promise<string> => {
    const body = { name, displayName: name, grants: [{ role: 'administrator', group: null }] } as const;
    return (await trust.call(createAdministrator, { body: { ...body, grants: [...body.grants] } })).link.code;
  };
  const refusals = async (): Promise<{ act: string; subject: string; code: unknown }[]> => {
    await trust.server.context.refusals.flush();
    const rows = await trust.server.context.store.db
      .selectFrom('audit')
      .select(['act', 'subject', 'detail'])
      .where('outcome', '=', 'refused')
      .orderBy('seq')
      .execute();
    return rows.map(({ detail, ...row }) => ({
      ...row,
      code: (JSON.parse(detail) as Record<string, unknown>)['code'],
    }));
  };

  /** Refused sign-ins of an account, those that are merged and not yet written among them. */
  const countRefused = async (id: string): Promise<number> => {
    await trust.server.context.refusals.flush();
    const merges = await trust.server.context.store.db
      .selectFrom('audit_merges')
      .select('count')
      .where('subject', '=', id)
      .where('act', '=', 'sign-in')
      .execute();
    return merges.reduce((sum, row) => sum + row.count, 0);
  };

  before(async () => {
    trust = await TrustServer.start(shared, { clock });
  });

  test('S-04 the first administrator is made with the one-time link of the initialisation, which works once', async () => {
    const one = browser();
    await assert.rejects(one.call(getMe), code('SIGN_IN_REQUIRED'));
    assert.match((await one.request({ path: '/first' })).body, /administrators\.md/);
    const opened = await one.call(openLink, { body: { code: trust.firstCode } });
    assert.deepEqual([opened.purpose, opened.name], ['first', null]);
    const wish = { code: trust.firstCode, pending: opened.pending, name: 'Head.Office' };
    const totp = (): string => one.code(opened.totp.secret, 0);
    const accept = (over: object): Promise<unknown> =>
      one.call(acceptLink, { body: { ...wish, password: TEST_PASSWORD, totp: totp(), ...over } });
    await assert.rejects(accept({ password: 'too short' }), code('PASSWORD_TOO_SHORT'));
    await assert.rejects(accept({ password: 'head.office2026' }), code('PASSWORD_LIKE_NAME'));
    await assert.rejects(accept({ name: 'local' }), code('ADMINISTRATOR_NAME_INVALID'));
    await assert.rejects(accept({ name: undefined }), code('BODY_INVALID'));
    await assert.rejects(accept({ totp: one.code(opened.totp.secret, 7) }), code('TOTP_CLOCK_DRIFT'));
    await assert.rejects(accept({ pending: 'unknown' }), code('SIGN_IN_STEP_EXPIRED'));
    const tries = await Promise.allSettled([accept({}), accept({})]);
    assert.deepEqual(
      tries.map(({ status }) => status).sort(),
      ['fulfilled', 'rejected'],
      'of two at once one wins',
    );
    const me = await one.call(getMe);
    assert.equal(me.name, 'head.office');
    assert.deepEqual(me.administrator?.grants, [{ role: 'administrator', group: null }]);
    const { id, name } = me.administrator!;
    account = { id, name, password: TEST_PASSWORD, totpSecret: opened.totp.secret };
    await assert.rejects(browser().call(openLink, { body: { code: trust.firstCode } }), code('LINK_USED'));
    await assert.rejects(trust.call(makeFirstLink), code('FIRST_ADMINISTRATOR_EXISTS'));
  });

  test('S-04 neither code, password nor second factor lies readable in the database', async () => {
    const { db } = trust.server.context.store;
    const rows = JSON.stringify([
      await db.selectFrom('administrators').selectAll().execute(),
      await db.selectFrom('sign_in_links').selectAll().execute(),
      await db.selectFrom('spent_sign_in_steps').selectAll().execute(),
      await db.selectFrom('admin_sessions').selectAll().execute(),
      await db.selectFrom('audit').selectAll().execute(),
      await db.selectFrom('idempotency_keys').selectAll().execute(),
    ]);
    assert.match(rows, /\$argon2id\$v=19\$/);
    for (const secret of [TEST_PASSWORD, account.totpSecret, trust.firstCode])
      assert.ok(!rows.includes(secret));
  });

  test('S-04 a sign-in takes password and code, and its cookie opens the routes', async () => {
    const one = await signedIn();
    assert.equal((await one.call(getMe)).name, 'head.office');
    assert.deepEqual((await one.call(listHosts)).hosts.length, 1);
    const answer = await one.request({ method: 'POST', path: '/v1/sign-out', body: '{}' });
    assert.equal(answer.status, 200);
    assert.equal(one.cookies.has(SESSION_COOKIE), false);
    await assert.rejects(one.call(getMe), code('SIGN_IN_REQUIRED'));
  });

  test('S-04 the cookie is of this host alone, read by no script, sent by no other site', async () => {
    const one = await signedIn();
    clock.jump(2 * STEP_MS);
    const first = await one.call(signIn, { body: { name: account.name, password: account.password } });
    const body = JSON.stringify({ pending: first.pending, code: one.code(account.totpSecret, 0) });
    const { headers, body: text } = await one.request({ method: 'POST', path: '/v1/sign-in/totp', body });
    const [session = '', device = ''] = headers['set-cookie'] ?? [];
    assert.match(
      session,
      new RegExp(`^${SESSION_COOKIE}=[\\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict$`),
    );
    assert.match(device, new RegExp(`^${DEVICE_COOKIE}=[\\w-]+; Path=/; Secure; HttpOnly; SameSite=Strict;`));
    assert.ok(!text.includes(one.cookies.get(SESSION_COOKIE) ?? '?'));
  });

  test('S-04 session fixation: a session that was planted is not the one that opens', async () => {
    const attacker = await signedIn();
    const planted = attacker.cookies.get(SESSION_COOKIE)!;
    clock.jump(2 * STEP_MS);
    const victim = browser();
    victim.cookies.set(SESSION_COOKIE, planted);
    await victim.signIn(account);
    assert.notEqual(victim.cookies.get(SESSION_COOKIE), planted);
    await assert.rejects(attacker.call(getMe), code('SESSION_EXPIRED'));
    const made = browser();
    made.cookies.set(SESSION_COOKIE, 'A'.repeat(43));
    await assert.rejects(made.call(getMe), code('SESSION_EXPIRED'));
    const twice = await victim.request({
      path: '/v1/me',
      headers: {
        cookie: `${SESSION_COOKIE}=${'A'.repeat(43)}; ${SESSION_COOKIE}=${victim.cookies.get(SESSION_COOKIE)}`,
      },
    });
    assert.equal(twice.status, 401, 'two cookies of the name: somebody slipped one in');
  });

  test('S-04 CSRF: what another site has a browser send does nothing', async () => {
    const one = await signedIn();
    const port = trust.server.ports.admin;
    const own = `127.0.0.1:${port}`;
    const status = async (headers: Record<string, string | undefined>): Promise<unknown> => {
      const answer = await one.request({ method: 'PUT', path: '/v1/security', body: '{}', headers });
      return answer.status === 200 ? 200 : (JSON.parse(answer.body) as { code: string }).code;
    };
    const none = { 'sec-fetch-site': undefined };
    assert.equal(await status({}), 200);
    assert.equal(await status({ 'sec-fetch-site': 'none' }), 200);
    assert.equal(await status({ ...none, origin: `https://${own}` }), 200);
    assert.equal(
      await status({ ...none, host: `SERVER.example.:${port}`, origin: `https://server.example.:${port}` }),
      200,
    );
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      none,
      { ...none, origin: 'null' },
      { ...none, origin: 'https://evil.example' },
      { ...none, origin: `http://${own}` },
      { ...none, origin: `https://127.0.0.1:${port + 1}` },
      { origin: 'https://evil.example' },
    ])
      assert.equal(await status(headers), 'CROSS_SITE_REFUSED', JSON.stringify(headers));
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined])
      assert.equal(await status({ 'content-type': type }), 'CONTENT_TYPE_REFUSED');
    // also where nobody is signed in yet
    const stranger = browser();
    const refused = await stranger.request({
      method: 'POST',
      path: '/v1/sign-in',
      body: JSON.stringify({ name: 'x', password: 'y' }),
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(refused.status, 403);
  });

  test('S-04 clickjacking and sniffing: every reply forbids it, a refusal and an unknown page too', async () => {
    const one = await signedIn();
    for (const [path, headers] of [
      ['/v1/me', {}],
      ['/v1/nothing-here', {}],
      ['/ca.pem', {}],
      ['/%zz', {}],
      ['/v1/me', { cookie: undefined }],
      ['/v1/me', { host: 'evil.example' }],
    ] as const) {
      const answer = await one.request({ path, headers });
      const shown = `${path} ${answer.status}`;
      assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/, shown);
      assert.equal(answer.headers['x-frame-options'], 'DENY', shown);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff', shown);
      assert.equal(answer.headers['referrer-policy'], 'no-referrer', shown);
      // it would bind the plain port of the CA page too
      assert.equal(answer.headers['strict-transport-security'], undefined, shown);
      assert.match(String(answer.headers['cache-control']), /no-store/, shown);
      if (answer.status === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer realm="sekisho"');
    }
  });

  test('S-04 host-header tricks: only the names and addresses of this server are answered', async () => {
    const one = await signedIn();
    const port = trust.server.ports.admin;
    for (const host of [`127.0.0.1:${port}`, 'server.example', `localhost:${port}`, `Server.Example:${port}`])
      assert.equal((await one.request({ path: '/v1/me', headers: { host } })).status, 200, host);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'server.example.evil.example',
      `127.0.0.2:${port}`,
      'server.example@evil.example',
      '[::1]',
      'server.example/..',
    ])
      assert.equal((await one.request({ path: '/v1/me', headers: { host } })).status, 421, host);
    const forwarded = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example;for=192.0.2.1' };
    assert.equal((await one.request({ path: '/v1/me', headers: forwarded })).status, 200);
  });

  test('S-04 a code works once, within one step of drift, and one of another time is a matter of the clock', async () => {
    clock.jump(3 * STEP_MS);
    const one = browser();
    const begin = async (): Promise<string> =>
      (await one.call(signIn, { body: { name: account.name, password: account.password } })).pending;
    const finish = (pending: string, typed: string): Promise<unknown> =>
      one.call(signInWithTotp, { body: { pending, code: typed } });
    const now = one.code(account.totpSecret, 0);
    const pending = await begin();
    await assert.rejects(finish(pending, one.code(account.totpSecret, -2)), code('TOTP_CLOCK_DRIFT'));
    await assert.rejects(finish(pending, one.code(account.totpSecret, 2)), code('TOTP_CLOCK_DRIFT'));
    await assert.rejects(finish(pending, one.code(account.totpSecret, 40)), code('TOTP_REFUSED'));
    await finish(pending, now); // a wrong code before did not end the sign-in
    await assert.rejects(finish(pending, one.code(account.totpSecret, 1)), code('SIGN_IN_STEP_EXPIRED'));
    await assert.rejects(finish(await begin(), now), code('TOTP_REPLAYED'));
    await assert.rejects(finish(await begin(), one.code(account.totpSecret, -1)), code('TOTP_REPLAYED'));
    await finish(await begin(), one.code(account.totpSecret, 1)); // a clock that is half a minute ahead
    clock.jump(STEP_MS);
    const [left, right] = [await begin(), await begin()];
    const same = one.code(account.totpSecret, 1);
    const twice = await Promise.allSettled([finish(left, same), finish(right, same)]);
    assert.equal(twice.filter(({ status }) => status === 'fulfilled').length, 1);
    const late = await begin();
    clock.jump(11 * MINUTE_MS);
    await assert.rejects(finish(late, one.code(account.totpSecret, 0)), code('SIGN_IN_STEP_EXPIRED'));
    assert.ok((await refusals()).some((row) => row.code === 'TOTP_REPLAYED' && row.subject === account.id));
  });

  test('S-04 nothing is kept of what strangers begin: nobody crowds out the sign-in of somebody else', async () => {
    const { db } = trust.server.context.store;
    clock.jump(2 * STEP_MS);
    const one = browser();
    const rowsOf = async (): Promise<unknown[]> => [
      await db.selectFrom('spent_sign_in_steps').selectAll().execute(),
      await db.selectFrom('audit').select('seq').orderBy('seq', 'desc').limit(1).execute(),
    ];
    const first = await one.call(signIn, { body: { name: account.name, password: account.password } });
    const before = await rowsOf();
    const host = { host: `server.example:${trust.server.ports.admin}` };
    const begun = await one.request({
      ...{ method: 'POST', path: '/v1/sign-in/passkey/options', body: '{}', headers: host },
    });
    assert.equal(begun.status, 200, begun.body);
    assert.deepEqual(await rowsOf(), before, 'it lies, sealed, with who began it');
    // altered, cut, of another kind: all the same
    const { pending } = JSON.parse(begun.body) as { pending: string };
    const typed = one.code(account.totpSecret, 0);
    for (const wrong of [
      `${first.pending.slice(0, -2)}AA`,
      first.pending.slice(1),
      pending,
      `${first.pending}=`,
    ])
      await assert.rejects(
        one.call(signInWithTotp, { body: { pending: wrong, code: typed } }),
        code('SIGN_IN_STEP_EXPIRED'),
      );
    assert.deepEqual(await rowsOf(), before, 'what has no proof writes nothing');
    await one.call(signInWithTotp, { body: { pending: first.pending, code: typed } });
    // a change of the account ends what was begun
    clock.jump(2 * STEP_MS);
    const late = await one.call(signIn, { body: { name: account.name, password: account.password } });
    await trust.server.context.store.transaction((tx) => updateAdministrator(tx, account.id, {}));
    const again = { pending: late.pending, code: one.code(account.totpSecret, 0) };
    await assert.rejects(one.call(signInWithTotp, { body: again }), code('SIGN_IN_STEP_EXPIRED'));
  });

  test('S-04 a code is used up with the session that it opens, or not at all', async (t) => {
    const { store } = trust.server.context;
    clock.jump(2 * STEP_MS);
    const one = browser();
    const { pending } = await one.call(signIn, { body: { name: account.name, password: account.password } });
    const body = { pending, code: one.code(account.totpSecret, 0) };
    // the disk is full when the session is written
    const transaction = store.transaction.bind(store);
    t.mock.method(store, 'transaction', (work: (tx: Tx) => Promise<unknown>) =>
      transaction(async (tx) => {
        const result = await work(tx);
        if (result !== null && typeof result === 'object' && 'secret' in result) throw new Error('no room');
        return result;
      }),
    );
    await assert.rejects(one.call(signInWithTotp, { body }), code('INTERNAL'));
    assert.equal(one.cookies.has(SESSION_COOKIE), false);
    t.mock.restoreAll();
    await one.call(signInWithTotp, { body });
    await one.call(getMe);
  });

  test('S-06 refused sign-ins are written without who is refused waiting for it, and each is counted', async () => {
    const { audit, refusals: book, store } = trust.server.context;
    await book.flush();
    const from = { administrator: { id: account.id, name: account.name }, origin: '192.0.2.77' };
    const before = (await refusals()).length;
    for (let times = 0; times < 25; times += 1)
      noteRefusal(trust.server.context, new AppError('SIGN_IN_REFUSED'), from);
    noteRefusal(trust.server.context, new AppError('SIGN_IN_REFUSED'), { ...from, administrator: undefined });
    const rows = await store.db
      .selectFrom('audit')
      .select('seq')
      .where('origin', '=', '192.0.2.77')
      .execute();
    assert.deepEqual(rows, [], 'nothing is written while somebody waits');
    assert.equal((await refusals()).length, before + 2, 'of a known name and of an unknown one alike');
    await audit.tend(() => Promise.resolve(), 'all');
    const counts = await store.db
      .selectFrom('audit')
      .select('detail')
      .where('origin', '=', '192.0.2.77')
      .where('subject', '=', account.id)
      .execute();
    assert.ok(counts.some(({ detail }) => (JSON.parse(detail) as { count?: number }).count === 25));
  });

  test('S-04 a session ends unused, at its age, when somebody ends it, and with it nothing else', async () => {
    const [used, kept] = [await signedIn(), await signedIn()];
    const { sessions } = await kept.call(listSessions);
    assert.equal(sessions.filter(({ current }) => current).length, 1);
    assert.ok(sessions.every(({ administrator }) => administrator.id === account.id));
    const other = sessions.find(({ current }) => !current)!;
    await kept.call(endSession, { params: { id: other.id } });
    await assert.rejects(used.call(getMe), code('SESSION_EXPIRED'));
    for (let minute = 0; minute < 50; minute += 25) {
      clock.jump(25 * MINUTE_MS);
      await kept.call(getMe);
    }
    clock.jump(31 * MINUTE_MS);
    await assert.rejects(kept.call(getMe), code('SESSION_EXPIRED'));
    const old = await signedIn();
    for (let hours = 0; hours < 11.9; hours += 0.45) {
      await old.call(getMe);
      clock.jump(0.45 * HOUR_MS);
    }
    await assert.rejects(old.call(getMe), code('SESSION_EXPIRED'));
    assert.deepEqual((await trust.call(listSessions)).sessions, []);
  });

  test('S-04 a stream that stays open keeps nobody signed in', async () => {
    const one = await signedIn();
    const cookie = `${SESSION_COOKIE}=${one.cookies.get(SESSION_COOKIE)}`;
    const stream = { headers: { cookie }, isWatching: true } as unknown as FastifyRequest;
    for (let minutes = 0; minutes < 28; minutes += 7) {
      await readSession(trust.server.context, stream);
      clock.jump(7 * MINUTE_MS);
    }
    clock.jump(3 * MINUTE_MS);
    await assert.rejects(readSession(trust.server.context, stream), code('SESSION_EXPIRED'));
  });

  test('S-04 a new password and a new app end every other session, and need the present password', async () => {
    const [elsewhere, here] = [await signedIn(), await signedIn()];
    const before = here.cookies.get(SESSION_COOKIE);
    const wish = { password: account.password, newPassword: 'another long enough one' };
    await assert.rejects(
      here.call(changePassword, { body: { ...wish, password: 'wrong' } }),
      code('SIGN_IN_REFUSED'),
    );
    await assert.rejects(
      here.call(changePassword, { body: { ...wish, newPassword: 'short' } }),
      code('PASSWORD_TOO_SHORT'),
    );
    await assert.rejects(trust.call(changePassword, { body: wish }), code('SESSION_NEEDED'));
    await here.call(changePassword, { body: wish });
    assert.notEqual(here.cookies.get(SESSION_COOKIE), before);
    await here.call(getMe);
    await assert.rejects(elsewhere.call(getMe), code('SESSION_EXPIRED'));
    account = { ...account, password: wish.newPassword };
    const begun = await here.call(changeTotp, { body: { password: account.password } });
    await assert.rejects(
      here.call(confirmTotp, { body: { pending: begun.pending, code: here.code(account.totpSecret, 0) } }),
      code('TOTP_REFUSED'),
    );
    const typed = here.code(begun.totp.secret, 0);
    await here.call(confirmTotp, { body: { pending: begun.pending, code: typed } });
    account = { ...account, totpSecret: begun.totp.secret };
    await (await signedIn()).call(signOut);
  });

  test('S-04 a password that was replaced while it was proved opens nothing any more', async (t) => {
    const here = await signedIn();
    const { passwords, store } = trust.server.context;
    const { id, name, password } = account;
    const own = (await findAdministrator(store.db, id))?.passwordHash ?? '';
    const other = await passwords.hash('somebody set this one meanwhile');
    const set = (passwordHash: string): Promise<void> =>
      store.transaction((tx) => updateAdministrator(tx, id, { passwordHash }));
    const verify = passwords.verify.bind(passwords);
    t.mock.method(passwords, 'verify', async (given: string, stored: string | null) => {
      const result = await verify(given, stored);
      await set(other);
      return result;
    });
    const late: (() => Promise<unknown>)[] = [
      () => browser().call(signIn, { body: { name, password } }),
      () => here.call(changePassword, { body: { password, newPassword: 'another long enough one' } }),
      () => here.call(changeTotp, { body: { password } }),
    ];
    const noted = await countRefused(id);
    for (const call of late) {
      await set(own);
      await assert.rejects(call(), code('SIGN_IN_REFUSED'));
    }
    assert.equal(await countRefused(id), noted + late.length, 'and each try is told in the audit log');
    t.mock.restoreAll();
    // and a session that was ended meanwhile sets no password
    await set(own);
    t.mock.method(passwords, 'verify', async (given: string, stored: string | null) => {
      const result = await verify(given, stored);
      await store.transaction((tx) => revokeSessions(tx, id, clock.nowMs()));
      return result;
    });
    await assert.rejects(late[1]?.() ?? Promise.resolve(), code('SESSION_EXPIRED'));
    assert.equal((await findAdministrator(store.db, id))?.passwordHash, own);
    t.mock.restoreAll();
    await (await signedIn()).call(getMe);
  });

  test('S-04 links: used, expired, replaced and unknown ones are refused, and a reset ends what was there', async () => {
    const here = await signedIn();
    const first = await trust.call(resetAdministrator, { params: { id: account.id } });
    const second = await trust.call(resetAdministrator, { params: { id: account.id } });
    assert.match(second.link, /^https:\/\/server\.example:\d+\/reset#[\w-]{43}$/);
    const one = browser();
    await assert.rejects(one.call(openLink, { body: { code: first.code } }), code('LINK_UNKNOWN'));
    await assert.rejects(one.call(openLink, { body: { code: 'x' } }), code('LINK_UNKNOWN'));
    await here.call(getMe); // what was there works until the link is used
    account = await one.accept(second.code, account.name, 'a third long enough one');
    await assert.rejects(here.call(getMe), code('SESSION_EXPIRED'));
    await assert.rejects(one.call(openLink, { body: { code: second.code } }), code('LINK_USED'));
    const late = await invitation('late');
    clock.jump(DAY_MS);
    await assert.rejects(one.call(openLink, { body: { code: late } }), code('LINK_EXPIRED'));
    // a sign-in to set up for one link does not go with another
    const [mine, theirs] = [await invitation('mine'), await invitation('theirs')];
    const opened = await one.call(openLink, { body: { code: mine } });
    const crossed = { code: theirs, pending: opened.pending, password: TEST_PASSWORD };
    await assert.rejects(
      one.call(acceptLink, { body: { ...crossed, totp: one.code(opened.totp.secret, 0) } }),
      code('SIGN_IN_STEP_EXPIRED'),
    );
  });

  test('S-04 a reset ends the API keys of the account at once, unless they are to stay, and those made since', async () => {
    const { db } = trust.server.context.store;
    const make = async (name: string): Promise<string> => {
      const body = { name, owner: account.name, scopes: ['host.read' as const], validSeconds: 3_600 };
      return (await trust.call(createApiKey, { body })).id;
    };
    const works = async (): Promise<string[]> => {
      const { keys } = await trust.call(listApiKeys);
      return keys.flatMap((key) => (key.state === 'active' ? [key.name] : [])).sort();
    };
    const gone = await make('gone');
    await make('gone too');
    const params = { id: account.id };
    const reset = await trust.call(resetAdministrator, { params });
    assert.deepEqual([reset.revokedApiKeys, await works()], [2, []]);
    const row = await db
      .selectFrom('audit')
      .select(['actor', 'detail'])
      .where('act', '=', 'revoke-api-key')
      .where('subject', '=', gone)
      .executeTakeFirstOrThrow();
    assert.equal((JSON.parse(row.detail) as { reason?: string }).reason, 'reset');
    await make('stays');
    clock.jump(MINUTE_MS);
    const kept = await trust.call(resetAdministrator, { params, body: { keepApiKeys: true } });
    assert.deepEqual([kept.revokedApiKeys, await works()], [0, ['stays']]);
    clock.jump(MINUTE_MS);
    await make('of whoever was still signed in');
    account = await browser().accept(kept.code, account.name, 'a fourth long enough one');
    assert.deepEqual(await works(), ['stays']);
  });

  test('S-04 an administrator without a second factor sets it up at the first sign-in', async () => {
    const one = browser();
    const fresh = await one.accept(await invitation('fresh'), 'fresh');
    await trust.server.context.store.db
      .updateTable('administrators')
      .set({ totp_sealed: null, totp_step: null })
      .where('id', '=', fresh.id)
      .execute();
    const again = browser();
    const [begun, other] = [
      await again.call(signIn, { body: { name: 'FRESH', password: fresh.password } }),
      await again.call(signIn, { body: { name: 'fresh', password: fresh.password } }),
    ];
    assert.ok(begun.next === 'set-up-totp' && other.next === 'set-up-totp');
    const typed = again.code(begun.totp.secret, 0);
    await again.call(signInWithTotp, { body: { pending: begun.pending, code: typed } });
    const late = again.code(other.totp.secret, 0);
    await assert.rejects(
      again.call(signInWithTotp, { body: { pending: other.pending, code: late } }),
      code('SIGN_IN_STEP_EXPIRED'),
      'nobody replaces the second factor with an old page',
    );
  });

  test('S-04 lock-out: tries grow dear for whoever makes them, and for nobody else', async () => {
    clock.jump(3 * HOUR_MS);
    const known = await signedIn(); // 127.0.0.1
    const attacker = browser({ localAddress: '127.0.0.9' });
    const attempt = (who: AdminBrowser, name: string, password = 'wrong'): Promise<unknown> =>
      who.call(signIn, { body: { name, password } });
    for (let tries = 0; tries < 5; tries += 1)
      await assert.rejects(attempt(attacker, account.name), code('SIGN_IN_REFUSED'));
    const limited = await attacker.request({
      method: 'POST',
      path: '/v1/sign-in',
      body: JSON.stringify({ name: account.name, password: account.password }),
    });
    assert.equal(limited.status, 429, 'the right password, too');
    assert.equal(limited.headers['retry-after'], '30');
    // unknown names count like known ones, and use up the address
    for (let name = 0; name < 40; name += 1)
      await assert.rejects(attempt(attacker, `nobody-${name}`), (error: unknown) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, name < 25 ? 'SIGN_IN_REFUSED' : 'SIGN_IN_LIMITED');
        return true;
      });
    // the same name from an address of its owner, and the same browser from the attacker's own address
    clock.jump(STEP_MS);
    await browser().signIn(account);
    clock.jump(2 * STEP_MS);
    const behindSameRouter = browser({ localAddress: '127.0.0.9' });
    behindSameRouter.cookies.set(DEVICE_COOKIE, known.cookies.get(DEVICE_COOKIE)!);
    await behindSameRouter.signIn(account);
    // somebody else's device cookie, and a forged one, are worth nothing
    const forged = browser({ localAddress: '127.0.0.9' });
    forged.cookies.set(DEVICE_COOKIE, Buffer.from('{"v":1}').toString('base64url'));
    await assert.rejects(attempt(forged, 'nobody-7'), code('SIGN_IN_REFUSED')); // the wait is over
    await assert.rejects(attempt(forged, 'nobody-8'), code('SIGN_IN_LIMITED'));
    forged.cookies.set(DEVICE_COOKIE, known.cookies.get(DEVICE_COOKIE)!);
    await assert.rejects(attempt(forged, 'fresh'), code('SIGN_IN_LIMITED'));
    await trust.call(getMe); // the local socket
    const noted = await refusals();
    assert.ok(noted.some((row) => row.act === 'sign-in' && row.subject === account.id));
    assert.ok(noted.every(({ subject }) => !subject.startsWith('nobody-')));
  });

  test('S-04 a password hash is renewed at the sign-in when its cost has changed', async () => {
    const hashOf = async (): Promise<string | null> =>
      (
        await trust.server.context.store.db
          .selectFrom('administrators')
          .select('password_hash')
          .where('id', '=', account.id)
          .executeTakeFirstOrThrow()
      ).password_hash;
    assert.match((await hashOf()) ?? '', /\$m=8,t=1,p=1\$/);
    await trust.restart({ passwordCost: { ...TEST_PASSWORD_COST, memoryKiB: 16 } });
    const one = await signedIn();
    assert.match((await hashOf()) ?? '', /\$m=16,t=1,p=1\$/);
    await one.call(getMe);
    await (await signedIn()).call(getMe);
  });
});
