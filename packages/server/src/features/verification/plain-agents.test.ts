import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import { getDocument, heartbeatReply, type Heartbeat } from '@sekisho/core/wire/agent.ts';
import { PACKAGE_PLATFORMS, policyPayload, type DocumentType } from '@sekisho/core/wire/documents.ts';
import { createGroup, listGroups, moveHost } from '@sekisho/core/wire/groups.ts';
import type { SignedRequest } from '@sekisho/core/wire/signed-request.ts';
import { installPackageFile } from '@sekisho/core/wire/packages.ts';
import { allRoutes } from '@sekisho/core/wire/routes.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { listUnverified, switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import { listAudit, revokeHost } from '@sekisho/core/wire/trust.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { signRequest } from '@sekisho/pki/request-signature.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { REFUSED_SIGNATURES_PER_MINUTE_MAX, SIGNED_REQUESTS_PER_MINUTE_MAX } from './request-limits.ts';

const beat: Heartbeat = {
  sentAtMs: 1,
  bundleGeneration: 0,
  listSerial: 0,
  assignmentSerial: 0,
  policySerial: 0,
  crlNumber: 0,
  certificates: [],
  version: '0',
  bootId: 'x',
  health: [],
  spooled: 0,
};
const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;

eachStore((dialect) => {
  test('F-20 agents without TLS: who is answered, and who is not', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { call } = trust;
    const { domain } = trust.server.context;
    const root = (await call(listGroups, {})).groups[0]!;
    const tokyo = await call(createGroup, { body: { name: 'Tokyo', parentId: root.id } });
    const enrol = async (name: string): Promise<Identity> =>
      trust.enrol({ name }, { token: await trust.token() });
    const [own, other, elsewhere] = [
      await enrol('web1.example'),
      await enrol('web2.example'),
      await enrol('db1.example'),
    ];
    for (const { hostId } of [own, other])
      await call(moveHost, { params: { id: hostId }, body: { groupId: tokyo.id } });

    const strange = (await TestAuthority.create({ nowMs: clock.nowMs() })).server;

    // it is started again on the way
    const latest = (type: DocumentType, scope: string) => trust.server.context.documents.latest(type, scope);
    let lastMs = 0;
    interface Wish {
      readonly by?: Identity;
      readonly signedBy?: Identity;
      readonly method?: 'GET' | 'POST';
      readonly path?: string;
      readonly body?: string | undefined;
      readonly sentBody?: string;
      readonly sentPath?: string;
      readonly change?: Partial<SignedRequest>;
      readonly header?: (signature: string) => string | undefined;
    }
    const sign = ({ by = own, signedBy = by, ...wish }: Wish): Promise<string> => {
      lastMs = Math.max(clock.nowMs(), lastMs + 1);
      const { method = 'POST', path = '/v1/agent/heartbeat' } = wish;
      const body = 'body' in wish ? wish.body : JSON.stringify(beat);
      return signRequest(
        {
          method,
          path,
          bodySha256: sha256Hex(Buffer.from(body ?? '')),
          domain: domain.id,
          server: domain.serverId,
          host: by.hostId,
          atMs: lastMs,
          ...wish.change,
        },
        { privateKey: signedBy.key, certificate: by.certificate },
      );
    };
    const send = (signature: string | undefined, wish: Wish = {}): Promise<[number, string, string]> =>
      new Promise((resolve, reject) => {
        const body = wish.sentBody ?? ('body' in wish ? wish.body : JSON.stringify(beat));
        const sent = httpRequest(
          {
            host: '127.0.0.1',
            port: trust.server.ports.http,
            method: wish.method ?? 'POST',
            path: wish.sentPath ?? wish.path ?? '/v1/agent/heartbeat',
            agent: false,
            headers: {
              ...(signature === undefined ? {} : { 'sekisho-signature': signature }),
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
          },
          (response) => {
            const parts: Buffer[] = [];
            response.on('data', (part: Buffer) => parts.push(part));
            response.once('end', () => {
              const text = Buffer.concat(parts).toString('utf8');
              const refusal = problem.safeParse(JSON.parse(text));
              resolve([response.statusCode ?? 0, refusal.data?.code ?? '', text]);
            });
          },
        );
        sent.once('error', reject);
        sent.end(body);
      });
    const ask = async (wish: Wish = {}): Promise<[number, string, string]> => {
      const signature = await sign(wish);
      return send(wish.header === undefined ? signature : wish.header(signature), wish);
    };
    const codeOf = async (wish: Wish = {}): Promise<string> => (await ask(wish))[1];

    await t.test('while verification is on nobody is answered, whatever is signed', async () => {
      assert.equal(await codeOf(), 'VERIFICATION_IS_ON');
    });

    await t.test(
      'it is switched off with an end of 14 days at most, after a look at who that concerns',
      async () => {
        const params = { id: tokyo.id };
        const off = (untilMs: number | undefined, dryRun = false) =>
          call(switchVerification, {
            params,
            body: { state: 'off', dryRun, ...(untilMs === undefined ? {} : { untilMs }) },
          });
        await assert.rejects(off(clock.nowMs() + 15 * DAY_MS), code('VERIFICATION_END_TOO_FAR'));
        await assert.rejects(off(clock.nowMs()), code('VERIFICATION_END_PAST'));
        const seen = await off(undefined, true);
        assert.deepEqual([seen.effect.hosts, seen.effect.named], [2, ['web1.example', 'web2.example']]);
        assert.deepEqual(seen.verification, { state: 'on' });
        assert.equal((await call(listUnverified, {})).hosts, 0);
        const done = await off(undefined);
        const untilMs = clock.nowMs() + DAY_MS;
        assert.deepEqual(done.verification, { state: 'off', sinceMs: clock.nowMs(), untilMs });
        const { hosts, groups } = await call(listUnverified, {});
        assert.deepEqual(
          [hosts, groups.map((one) => [one.group.name, one.from.name, one.hosts, one.untilMs])],
          [2, [['Tokyo', 'Tokyo', 2, untilMs]]],
        );
        const { rows } = await call(listAudit, { query: { act: 'switch-verification-off' } });
        assert.deepEqual(rows[0]?.detail['after'], { verification: done.verification });
        const { db } = trust.server.context.store;
        const told = await db.selectFrom('outbox').select(['kind', 'subject']).orderBy('num').execute();
        assert.deepEqual(told.at(-1), { kind: 'verification.off', subject: tokyo.id });
      },
    );

    await t.test(
      'then a heartbeat says what to fetch, documents are there, and nothing else is',
      async () => {
        const [status, , text] = await ask();
        assert.equal(status, 200);
        const reply = heartbeatReply.parse(JSON.parse(text));
        assert.deepEqual(
          [Object.keys(reply).sort(), reply.fetch.includes('policy')],
          [['cancels', 'fetch', 'nowMs', 'offers'], true],
        );
        const path = '/v1/agent/documents/policy';
        const [, , policyText] = await ask({ method: 'GET', path, body: undefined });
        const { jws } = getDocument.reply.parse(JSON.parse(policyText));
        const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
        assert.equal(policyPayload.parse(JSON.parse(payload)).verification?.state, 'off');
        for (const shut of ['/v1/agent/spool', '/v1/agent/repository-password', '/v1/agent/peers'])
          assert.deepEqual((await ask({ path: shut })).slice(0, 2), [404, 'ROUTE_UNKNOWN'], shut);
      },
    );

    await t.test(
      'of all that a host may ask, nothing is handed out that it would have to believe',
      async () => {
        // a route that is new has its place here: what does a host get by it that does not verify its server?
        const asked: Record<string, 'what is signed for it' | 'nothing' | 'VERIFICATION_OFF'> = {
          getDocument: 'what is signed for it',
          postHeartbeat: 'what is signed for it',
          postSpool: 'nothing',
          depositRepositoryPassword: 'nothing',
          // its own server asks about peers; the agent asks nobody meanwhile, and a decision gives no right over it
          askPeers: 'nothing',
          askLegacy: 'nothing',
          getRepositoryPassword: 'VERIFICATION_OFF',
          getInstallPackage: 'VERIFICATION_OFF',
        };
        const routes = allRoutes().filter(({ route }) => route.right === 'peer');
        assert.deepEqual(routes.map(({ name }) => name).sort(), Object.keys(asked).sort());
        const bodies: Record<string, unknown> = {
          getRepositoryPassword: { repository: `${own.hostId}.1`, jobId: 'ab'.repeat(16) },
        };
        const files = PACKAGE_PLATFORMS.map((platform) => installPackageFile(platform));
        const shut = routes
          .filter(({ name }) => asked[name] === 'VERIFICATION_OFF')
          .map(({ name, route: { method, path } }) => ({ method, path, body: bodies[name] }));
        for (const { method, path, body } of [
          ...shut,
          ...files.map((path) => ({ method: 'GET', path, body: undefined })),
        ]) {
          const { body: answer } = await trust.agentRequest({
            method,
            path: path.replace(':platform', PACKAGE_PLATFORMS[0]),
            tls: own.tls,
            ...(body === undefined
              ? {}
              : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
          });
          assert.equal(problem.parse(JSON.parse(answer)).code, 'VERIFICATION_OFF', path);
        }
        for (const { name, route } of routes) {
          if (asked[name] === 'what is signed for it') continue;
          const path = route.path.replace(':platform', PACKAGE_PLATFORMS[0]);
          const refusal = await codeOf(
            route.method === 'GET' ? { method: 'GET', path, body: undefined } : { path },
          );
          assert.equal(refusal, 'ROUTE_UNKNOWN', `${name} without TLS`);
        }
      },
    );

    await t.test('and these are refused', async () => {
      const flip = (text: string): string => `${text.slice(0, -2)}${text.endsWith('AA') ? 'BB' : 'AA'}`;
      const attacks: Record<string, [Wish, string]> = {
        'no signature': [{ header: () => undefined }, 'REQUEST_SIGNATURE_INVALID'],
        'a forged signature': [{ header: flip }, 'REQUEST_SIGNATURE_INVALID'],
        "another host's key": [{ signedBy: other }, 'REQUEST_SIGNATURE_INVALID'],
        'the name of another host': [{ change: { host: other.hostId } }, 'REQUEST_SIGNATURE_INVALID'],
        'an altered body': [
          { sentBody: JSON.stringify({ ...beat, spooled: 9 }) },
          'REQUEST_SIGNATURE_INVALID',
        ],
        'a body where none was signed': [{ body: undefined, sentBody: '{}' }, 'REQUEST_SIGNATURE_INVALID'],
        'another path': [
          {
            method: 'GET',
            body: undefined,
            path: '/v1/agent/documents/list',
            sentPath: '/v1/agent/documents/policy',
          },
          'REQUEST_SIGNATURE_INVALID',
        ],
        'another method': [{ change: { method: 'GET' } }, 'REQUEST_SIGNATURE_INVALID'],
        'another domain': [{ change: { domain: own.hostId as never } }, 'REQUEST_SIGNATURE_INVALID'],
        'another server': [{ change: { server: own.hostId as never } }, 'REQUEST_SIGNATURE_INVALID'],
        'an old moment': [{ change: { atMs: clock.nowMs() - 11 * MINUTE_MS } }, 'REQUEST_TIME_WRONG'],
        'a moment to come': [{ change: { atMs: clock.nowMs() + 11 * MINUTE_MS } }, 'REQUEST_TIME_WRONG'],
        'a moment before the last one': [{ change: { atMs: clock.nowMs() - 1 } }, 'REQUEST_REPLAYED'],
        'a host whose group verifies': [{ by: elsewhere }, 'VERIFICATION_IS_ON'],
        'a body that is too long': [
          { body: JSON.stringify({ ...beat, version: 'x'.repeat(20_000) }) },
          'BODY_TOO_LARGE',
        ],
      };
      for (const [what, [wish, expected]] of Object.entries(attacks))
        assert.equal(await codeOf(wish), expected, what);
    });

    await t.test('the same request counts once, also at a server that was started again', async () => {
      const signature = await sign({});
      assert.equal((await send(signature))[0], 200);
      assert.equal((await send(signature))[1], 'REQUEST_REPLAYED');
      await trust.restart();
      assert.equal((await send(signature))[1], 'REQUEST_REPLAYED');
      assert.equal((await ask())[0], 200);
    });

    await t.test('who repeats what he overheard uses up nothing of what the host may ask', async () => {
      const signature = await sign({});
      assert.equal((await send(signature))[0], 200);
      const again = Array.from({ length: SIGNED_REQUESTS_PER_MINUTE_MAX }, () => send(signature));
      assert.deepEqual(
        [...new Set((await Promise.all(again)).map(([, refusal]) => refusal))],
        ['REQUEST_REPLAYED'],
      );
      assert.equal((await ask())[0], 200);
      await clock.advance(MINUTE_MS);
    });

    // counted in memory: one database is enough
    if (dialect === 'sqlite')
      await t.test('who guesses behind the same address makes nobody else wait', async () => {
        const guess = async (wish: Wish): Promise<string[]> => {
          const signature = await sign(wish);
          const sent = Array.from({ length: REFUSED_SIGNATURES_PER_MINUTE_MAX }, () => send(signature));
          const codes = (await Promise.all(sent)).map(([, refusal]) => refusal);
          return [...new Set(codes), (await send(signature))[1]];
        };
        const stranger = { ...own, certificate: strange.certificate, key: strange.key };
        assert.deepEqual(await guess({ by: stranger }), ['PEER_CERTIFICATE_UNKNOWN', 'RATE_LIMITED']);
        assert.deepEqual(await guess({ by: other, signedBy: own }), [
          'REQUEST_SIGNATURE_INVALID',
          'RATE_LIMITED',
        ]);
        assert.equal(await codeOf({ by: other }), 'RATE_LIMITED');
        assert.equal((await ask())[0], 200);
        await clock.advance(MINUTE_MS);
        assert.equal((await ask({ by: other }))[0], 200);
      });

    await t.test('a host asks no more than so often', async () => {
      let last = '';
      for (let n = 0; n <= SIGNED_REQUESTS_PER_MINUTE_MAX && last === ''; n += 1) last = await codeOf();
      assert.equal(last, 'RATE_LIMITED');
      assert.equal((await ask({ by: other }))[0], 200);
      await clock.advance(MINUTE_MS);
      assert.equal((await ask())[0], 200);
    });

    await t.test('a revoked host is out at once', async () => {
      await call(revokeHost, { params: { id: other.hostId }, body: { reason: 'keyCompromise' } });
      assert.equal(await codeOf({ by: other }), 'CERTIFICATE_REVOKED');
    });

    await t.test(
      'it is the policy of the group whose assignment the host holds that counts, and no other',
      async () => {
        const policySerial = (await latest('policy', tokyo.id))?.serial ?? 0;
        const assignmentOf = async (by: Identity): Promise<number> =>
          (await latest('assignment', by.hostId))?.serial ?? 0;
        const tell = async (by: Identity): Promise<unknown> => {
          const body = JSON.stringify({ ...beat, policySerial, assignmentSerial: await assignmentOf(by) });
          const headers = { 'content-type': 'application/json' };
          const path = '/v1/agent/heartbeat';
          return trust.agentRequest({ method: 'POST', path, body, headers, tls: by.tls });
        };
        await tell(elsewhere);
        assert.equal(await codeOf({ by: elsewhere }), 'VERIFICATION_IS_ON');
        const { hostId } = own;
        await tell(own);
        await call(moveHost, { params: { id: hostId }, body: { groupId: root.id } });
        // not heard of yet
        const held = { ...beat, policySerial, assignmentSerial: await assignmentOf(own) };
        assert.equal((await ask({ body: JSON.stringify(held) }))[0], 200);
        assert.equal(await codeOf(), 'VERIFICATION_IS_ON');
        await call(moveHost, { params: { id: hostId }, body: { groupId: tokyo.id } });
      },
    );

    await t.test('switched on, who has not heard of it yet still can, and then no more', async () => {
      const beatWith = (policySerial: number): Wish => ({ body: JSON.stringify({ ...beat, policySerial }) });
      const held = (await latest('policy', tokyo.id))?.serial ?? 0;
      assert.equal((await ask(beatWith(held)))[0], 200);
      await call(switchVerification, { params: { id: tokyo.id }, body: { state: 'on' } });
      const [status, , text] = await ask(beatWith(held));
      assert.equal(status, 200);
      assert.ok(heartbeatReply.parse(JSON.parse(text)).fetch.includes('policy'));
      const newer = (await latest('policy', tokyo.id))?.serial ?? 0;
      assert.ok(newer > held);
      await ask(beatWith(newer));
      assert.equal(await codeOf(beatWith(newer)), 'VERIFICATION_IS_ON');
    });

    await t.test(
      'a host that took the order in the last seconds of a server that was killed comes home',
      async () => {
        const untilMs = clock.nowMs() + HOUR_MS;
        const heard = (await latest('policy', tokyo.id))?.serial ?? 0;
        await call(switchVerification, { params: { id: tokyo.id }, body: { state: 'off', untilMs } });
        const held = (await latest('policy', tokyo.id))?.serial ?? 0;
        await call(switchVerification, { params: { id: tokyo.id }, body: { state: 'on' } });
        assert.equal(
          trust.server.context.fleet.seen(own.hostId)?.policySerial,
          heard,
          'of the order nothing was heard',
        );
        const beatWith = (policySerial: number): Wish => ({
          body: JSON.stringify({ ...beat, policySerial }),
        });
        assert.equal((await ask(beatWith(held)))[0], 200);
        await ask(beatWith((await latest('policy', tokyo.id))?.serial ?? 0));
        assert.equal(await codeOf(beatWith(held)), 'VERIFICATION_IS_ON');
      },
    );

    await t.test('at its end it is on again by itself, and that is written', async () => {
      const untilMs = clock.nowMs() + HOUR_MS;
      await call(switchVerification, { params: { id: root.id }, body: { state: 'off', untilMs } });
      assert.equal((await call(listUnverified, {})).groups.length, 2);
      clock.jump(HOUR_MS + MINUTE_MS);
      await eventually('the setting is taken back', async () => {
        await clock.advance(MINUTE_MS / 2);
        const { groups } = await call(listGroups, {});
        return groups.some(({ values }) => values.verification !== undefined) ? undefined : true;
      });
      assert.deepEqual(await call(listUnverified, {}), { hosts: 0, groups: [] });
      const { rows } = await call(listAudit, { query: { act: 'switch-verification-on' } });
      assert.equal(rows[0]?.actor, 'system');
      assert.equal(await codeOf({ by: elsewhere }), 'VERIFICATION_IS_ON');
    });
  });
});
