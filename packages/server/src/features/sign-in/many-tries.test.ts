import { AppError } from '@sekisho/core/errors.ts';
import { SIGN_IN_BUDGETS } from '@sekisho/core/rules/sign-in.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { getMe } from '@sekisho/core/wire/administrators.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { AdminBrowser } from '@sekisho/testkit/admin-browser.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TEST_PASSWORD_COST, TrustServer } from '@sekisho/testkit/trust-server.ts';
import type { FastifyRequest } from 'fastify';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { ServerContext } from '../../context.ts';
import { findAdministratorByName } from '../administrators/administrator-rows.ts';
import { FAILURE_ROWS_MAX, pruneTallies, readTallies, writeTally } from './failures.store.ts';
import { LANE_WAITING_MAX, PasswordHasher } from './password-hasher.ts';
import { provePassword } from './sign-in-with-password.ts';
import { countTry, describeTry } from './take-try.ts';

const TRIES = 10_000;

/** A request as it would come from that address, without ten thousand handshakes. */
const requestFrom = (remoteAddress: string): FastifyRequest => {
  const socket: unknown = Object.create(TLSSocket.prototype, { remoteAddress: { value: remoteAddress } });
  return { raw: { socket }, headers: {} } as unknown as FastifyRequest;
};

/** What became of many tries, by code. */
async function outcomes(tries: readonly Promise<unknown>[]): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  for (const result of await Promise.allSettled(tries)) {
    const reason: unknown = result.status === 'rejected' ? result.reason : undefined;
    const code = reason instanceof AppError ? reason.code : String(reason);
    counted.set(code, (counted.get(code) ?? 0) + 1);
  }
  return counted;
}

test('S-04 10,000 tries from one address and 10,000 from as many keep nobody else out, and fill nothing', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { context } = trust.server;
  const owner = new AdminBrowser(t, trust);
  const account = await owner.accept(trust.firstCode, 'office');
  const administrator = await findAdministratorByName(context.store.db, 'office');
  const attempt = (from: string, name: string, known: boolean): Promise<unknown> =>
    provePassword(context, {
      name,
      administrator: known ? administrator : undefined,
      password: 'a guess that is wrong',
      request: requestFrom(from),
    });
  const rows = async (table: 'sign_in_failures' | 'audit'): Promise<number> => {
    const { count } = await context.store.db
      .selectFrom(table)
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  };
  const auditBefore = await rows('audit');

  const many = outcomes(
    Array.from({ length: TRIES }, (_, at) =>
      attempt(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, 'office', true),
    ),
  );
  // in the middle of it all
  clock.jump(60_000);
  const elsewhere = new AdminBrowser(t, trust);
  await elsewhere.signIn(account);
  await elsewhere.call(getMe);
  const fromMany = await many;
  assert.deepEqual([...fromMany.keys()].sort(), ['SIGN_IN_BUSY', 'SIGN_IN_REFUSED']);
  // one under way and those that wait: no more hashes than that, each of a bounded size
  assert.ok((fromMany.get('SIGN_IN_REFUSED') ?? 0) <= 20 * LANE_WAITING_MAX.stranger);

  const codes = new Map<string, number>();
  // ten at a time until the address has used its budget up, then all the others at once
  for (let from = 0; from < TRIES;) {
    const next = from < 100 ? from + 10 : TRIES;
    const tries = Array.from({ length: next - from }, (_, at) =>
      attempt('203.0.113.5', `name-${from + at}`, false),
    );
    for (const [code, count] of await outcomes(tries)) codes.set(code, (codes.get(code) ?? 0) + count);
    from = next;
  }
  assert.equal(codes.get('SIGN_IN_REFUSED'), SIGN_IN_BUDGETS.address.freeTries);
  assert.equal(codes.get('SIGN_IN_LIMITED'), TRIES - SIGN_IN_BUDGETS.address.freeTries);

  assert.ok((await rows('sign_in_failures')) <= 1_000);
  assert.ok((await rows('audit')) - auditBefore <= 1_000);
  clock.jump(60_000);
  await new AdminBrowser(t, trust).signIn(account);
  await trust.call(getMe);
});

test('S-04 a thousand tries at once are no more than one after the other', async (t) => {
  const trust = await TrustServer.start(t);
  const { context } = trust.server;
  const from = { name: 'x', administratorId: undefined, origin: '192.0.2.1', device: undefined };
  const one = await describeTry(context, from, 'password');
  const results = await outcomes(Array.from({ length: 100 }, () => countTry(context, one)));
  assert.equal(results.get('undefined'), SIGN_IN_BUDGETS.pair.freeTries);
});

test('S-04 an IPv6 sender is its /64, an IPv4 sender also when written as IPv6', async (t) => {
  const trust = await TrustServer.start(t);
  const subject = async (origin: string): Promise<unknown> =>
    (
      await describeTry(
        trust.server.context,
        { name: 'x', administratorId: undefined, origin, device: undefined },
        'password',
      )
    ).counted.find(({ budget }) => budget === 'address')?.subject;
  assert.equal(await subject('2001:db8:1:2::1'), await subject('2001:db8:1:2:ffff::9'));
  assert.notEqual(await subject('2001:db8:1:2::1'), await subject('2001:db8:1:3::1'));
  assert.equal(await subject('::ffff:192.0.2.1'), await subject('192.0.2.1'));
  const local = await describeTry(
    trust.server.context,
    { name: 'x', administratorId: undefined, origin: 'local', device: undefined },
    'password',
  );
  assert.deepEqual(local.counted, []);
});

test('S-04 hashes are made one at a time in each lane, and strangers never take the place of the known', async () => {
  const hasher = new PasswordHasher({ random: systemRandom, cost: TEST_PASSWORD_COST });
  let running = 0;
  let most = 0;
  const held = Promise.withResolvers<undefined>();
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await held.promise;
    running -= 1;
  };
  const strangers = Array.from({ length: 1 + LANE_WAITING_MAX.stranger }, () =>
    hasher.inLane('stranger', work),
  );
  assert.throws(() => hasher.inLane('stranger', work), /SIGN_IN_BUSY/);
  const known = hasher.inLane('known', () => hasher.hash('a password of somebody'));
  const stored = await known;
  held.resolve(undefined);
  await Promise.all(strangers);
  assert.equal(most, 1);
  assert.deepEqual(await hasher.verify('a password of somebody', stored), { right: true });
  assert.deepEqual(await hasher.verify('another', stored), { right: false });
  assert.deepEqual(await hasher.verify('another', null), { right: false });
  assert.deepEqual(await hasher.verify('another', 'not a hash'), { right: false });
  assert.deepEqual(await hasher.verify('x', stored.replace('m=8', 'm=99999999')), { right: false });
});

eachStore((_dialect, open) => {
  test('S-04 the table of failures is bounded: what is long past goes, then the oldest', async (t) => {
    const { store, clock } = await open(t);
    const nowMs = clock.nowMs();
    const all = Array.from({ length: FAILURE_ROWS_MAX + 300 }, (_, at) => ({
      subject: `a:${at}`,
      failures: 1,
      first_at_ms: nowMs - at,
      last_at_ms: at < 100 ? nowMs - 5 * HOUR_MS : nowMs - at,
    }));
    await store.transaction(async (tx) => {
      for (let at = 0; at < all.length; at += 2_000)
        await tx
          .insertInto('sign_in_failures')
          .values(all.slice(at, at + 2_000))
          .execute();
      await writeTally(tx, 'c:old', { failures: 20, firstAtMs: 1, lastAtMs: nowMs - 3 * HOUR_MS });
      assert.equal(await pruneTallies(tx, nowMs - 4 * HOUR_MS), FAILURE_ROWS_MAX);
      assert.equal((await readTallies(tx, ['c:old'])).size, 1, 'a flood buys no new guesses at a code');
      const left = await readTallies(tx, ['a:0', 'a:99', 'a:100', `a:${FAILURE_ROWS_MAX + 299}`]);
      assert.deepEqual([...left.keys()], ['a:100']);
      await writeTally(tx, 'a:100', { failures: 7, firstAtMs: 1, lastAtMs: nowMs });
      assert.equal((await readTallies(tx, ['a:100'])).get('a:100')?.failures, 7);
    });
  });

  test('S-04 of ten tries at once on one account none is lost', async (t) => {
    const { store, clock } = await open(t);
    const parts = { store, clock } as Pick<ServerContext, 'store' | 'clock'>;
    const from = { name: 'x', administratorId: undefined, origin: '192.0.2.1', device: undefined };
    const one = await describeTry(parts, from, 'password');
    const results = await outcomes(Array.from({ length: 10 }, () => countTry(parts, one)));
    assert.deepEqual(
      [results.get('undefined'), results.get('SIGN_IN_LIMITED')],
      [SIGN_IN_BUDGETS.pair.freeTries, 5],
    );
  });
});
