import { AppError, ERRORS } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { createClient } from '@sekisho/core/wire/client.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { createToken, listHosts, listTokens, registerHost } from '@sekisho/core/wire/trust.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer, type Answer } from '@sekisho/testkit/trust-server.ts';
import { newApiKey, webCaller, webRequest, type WebRequest } from '@sekisho/testkit/web-client.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Idempotency, IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_REPLIES_LENGTH_MAX } from './idempotency.ts';
import { LOCAL_PRINCIPAL } from './local-principal.ts';

for (const dialect of ['sqlite', 'postgres'] as const) {
  describe(`on ${dialect}`, () => {
    let server: TrustServer;
    let key: string;
    let media: string;
    const clock = new FakeClock();
    const endings: (() => unknown)[] = [];
    before(async () => {
      server = await TrustServer.start(
        { after: (work: () => unknown) => void endings.push(work) },
        { dialect, clock },
      );
      key = await newApiKey(server, 'office');
      media = (
        await server.enrol(
          { name: 'media.example', media: true },
          { token: await server.token({ media: true }) },
        )
      ).hostId;
    });
    after(async () => {
      for (const end of endings) await end();
    });
    const ask = (asked: WebRequest): Promise<Answer> => webRequest(server, { key, ...asked });
    const codeOf = ({ body }: Answer): string => problem.parse(JSON.parse(body)).code;
    const json = ({ body }: Answer) => JSON.parse(body) as Record<string, unknown>;
    const spec = (name: string, paths = ['/srv']) => ({
      name,
      targets: { hosts: [media], groups: [] },
      paths,
      mediaServers: [media],
    });
    const count = async (table: 'tokens' | 'plans'): Promise<number> =>
      (await server.server.context.store.db.selectFrom(table).select('id').execute()).length;

    test('S-05 a refusal is a problem document in the language that was asked for, and its type explains it', async () => {
      const refused = await ask({ path: `/v1/plans/${media}`, headers: { 'accept-language': 'ja' } });
      assert.equal(refused.status, 404);
      assert.match(refused.headers['content-type'] ?? '', /^application\/problem\+json/);
      assert.equal(refused.headers['content-language'], 'ja');
      assert.match(refused.headers.vary ?? '', /Accept-Language/);
      const told = problem.parse(JSON.parse(refused.body));
      assert.equal(told.code, 'NOT_FOUND');
      assert.equal(told.title, `プラン ${media} は存在しません。`);
      assert.equal(told.detail, ERRORS.NOT_FOUND.ja.hint);
      assert.match(told.instance ?? '', /^urn:sekisho:request:.+/);
      const explained = await webRequest(server, { path: told.type, headers: { 'accept-language': 'en' } });
      assert.deepEqual(json(explained), {
        ...{ code: 'NOT_FOUND', status: 404 },
        ...{ title: 'There is no <thing> <ID>.', detail: ERRORS.NOT_FOUND.en.hint },
      });
      const page = await webRequest(server, {
        path: told.type,
        headers: { accept: 'text/html', 'accept-language': 'ja' },
      });
      assert.match(page.headers['content-type'] ?? '', /^text\/html/);
      assert.match(page.body, /<html lang="ja">/);
      assert.match(page.body, /<p>&#60;対象&#62; &#60;ID&#62; は存在しません。<\/p>/);
      assert.equal((await webRequest(server, { path: '/v1/errors/NO_SUCH' })).status, 404);
    });

    test('S-05 the OpenAPI document is there for everybody, and says nothing of this domain', async () => {
      const document = await webRequest(server, { path: '/v1/openapi.json' });
      assert.equal(document.status, 200);
      assert.equal(json(document)['openapi'], '3.1.1');
      assert.equal(document.body.includes('server.example'), false);
    });

    test('S-05 another method than those of an address is refused with the ones it has', async () => {
      for (const method of ['HEAD', 'OPTIONS', 'PATCH', 'PUT', 'PROPFIND']) {
        const answer = await ask({ method, path: '/v1/tokens' });
        assert.equal(answer.status, 405, method);
        assert.equal(answer.headers.allow, 'GET, POST', method);
        if (method !== 'HEAD') assert.equal(codeOf(answer), 'METHOD_NOT_ALLOWED');
      }
      assert.equal(
        codeOf(
          await ask({ method: 'HEAD', path: '/v1/nothing' }).then((answer) => ({
            ...answer,
            body: answer.body || '{"type":"","title":"","status":404,"code":"ROUTE_UNKNOWN"}',
          })),
        ),
        'ROUTE_UNKNOWN',
      );
      const long = await ask({ path: '/v1/tokens', headers: { 'x-long': 'x'.repeat(20_000) } });
      assert.equal(long.status, 431);
      assert.equal(codeOf(long), 'REQUEST_HEADERS_TOO_LARGE');
    });

    test('S-05 what nobody who is signed in sends is not parsed: the refusal is about who asks, not about the body', async () => {
      for (const body of ['{"name":', '[['.repeat(1_000), 'x'.repeat(2_000_000)]) {
        const answer = await webRequest(server, { method: 'POST', path: '/v1/tokens', body });
        assert.equal(answer.status, 401);
        assert.equal(codeOf(answer), 'SIGN_IN_REQUIRED');
      }
      const reader = await newApiKey(server, 'reader', { scopes: ['token.read'] });
      const refused = await webRequest(server, {
        method: 'POST',
        path: '/v1/tokens',
        key: reader,
        body: '{"name":',
      });
      assert.equal(codeOf(refused), 'RIGHT_MISSING');
    });

    test('S-05 a list pages without a gap, and a cursor is of no use anywhere else', async () => {
      const call = webCaller(server, key);
      for (let at = 0; at < 5; at += 1) await call(createToken, { body: { name: `page ${at}` } }); // in one millisecond
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = await call(listTokens, {
          query: { limit: 2, ...(after === undefined ? {} : { after }) },
        });
        names.push(...page.tokens.map(({ id }) => id));
        after = page.next ?? undefined;
      } while (after !== undefined);
      assert.equal(new Set(names).size, names.length);
      assert.equal(names.length, await count('tokens'));
      const next = String(json(await ask({ path: '/v1/tokens?limit=1' }))['next']);
      const hosts = (await call(listHosts, { query: { limit: 1 } })).next ?? '';
      const flipped = `${next.startsWith('A') ? 'B' : 'A'}${next.slice(1)}`;
      for (const path of [
        `/v1/tokens?after=${flipped}`,
        `/v1/tokens?after=${hosts}`,
        `/v1/hosts?after=${next}`,
        `/v1/hosts?name=x&after=${hosts}`,
        `/v1/tokens?after=${next}&after=${next}`,
        `/v1/tokens?after=${'A'.repeat(5_000)}`,
        '/v1/tokens?after=',
        `/v1/tokens?after=${Buffer.from('9999999999999/x').toString('base64url')}`,
      ]) {
        const answer = await ask({ path });
        assert.equal(codeOf(answer), 'CURSOR_INVALID', path);
      }
      assert.equal((await ask({ path: `/v1/hosts?limit=5&after=${hosts}` })).status, 200);
    });

    test('S-05 hosts are found by any of their names, and by how it begins', async () => {
      const call = webCaller(server, key);
      const find = async (query: object) => (await call(listHosts, { query })).hosts.map(({ name }) => name);
      assert.deepEqual(await find({ name: 'MEDIA.example' }), ['media.example']);
      assert.deepEqual(await find({ name: 'media' }), []);
      assert.deepEqual(await find({ namePrefix: 'Med' }), ['media.example']);
      assert.deepEqual(await find({ namePrefix: '%' }), []);
    });

    test('S-05 a write with an idempotency key is done once, and its reply comes again', async () => {
      const before = await count('tokens');
      const request = {
        ...{ method: 'POST', path: '/v1/tokens', body: { name: 'once' } },
        headers: { 'idempotency-key': 'first-token' },
      };
      const answers = [await ask(request), await ask(request)];
      assert.deepEqual(json(answers[1]!), json(answers[0]!), 'the secret too');
      assert.equal(answers[0]?.headers['idempotency-replayed'], undefined);
      assert.equal(answers[1]?.headers['idempotency-replayed'], 'true');
      assert.equal(await count('tokens'), before + 1);
      const other = await ask({ ...request, body: { name: 'another' } });
      assert.equal(other.status, 422);
      assert.equal(codeOf(other), 'IDEMPOTENCY_KEY_REUSED');
      const stranger = await newApiKey(server, 'shop');
      const theirs = await webRequest(server, { ...request, key: stranger });
      assert.notEqual(json(theirs)['token'], json(answers[0]!)['token'], 'keys belong to who sends them');
      const rows = await server.server.context.store.db
        .selectFrom('idempotency_keys')
        .select('reply')
        .execute();
      for (const { reply } of rows) assert.equal(reply?.includes(String(json(answers[0]!)['token'])), false);
      for (const bad of ['', 'x'.repeat(65), 'a b', 'ü']) {
        const refused = await ask({
          ...request,
          headers: { 'idempotency-key': Buffer.from(bad).toString('latin1') },
        });
        assert.equal(codeOf(refused), 'IDEMPOTENCY_KEY_INVALID', bad);
      }
      clock.jump(IDEMPOTENCY_KEPT_MS + 1);
      key = await newApiKey(server, 'office-2');
      assert.equal((await ask(request)).headers['idempotency-replayed'], undefined);
    });

    test('S-05 two requests with one key at once do the work once; a refusal that changed nothing frees its key', async () => {
      const before = await count('tokens');
      const request = {
        ...{ method: 'POST', path: '/v1/tokens', body: { name: 'at once' } },
        headers: { 'idempotency-key': 'at-once' },
      };
      const answers = await Promise.all([ask(request), ask(request), ask(request)]);
      assert.equal(await count('tokens'), before + 1);
      for (const answer of answers.filter(({ status }) => status !== 200)) {
        assert.equal(codeOf(answer), 'IDEMPOTENCY_UNDER_WAY');
        assert.equal(answer.headers['retry-after'], '2');
      }
      const register = {
        ...{ method: 'DELETE', path: '/v1/known-hosts/later.example' },
        headers: { 'idempotency-key': 'freed' },
      };
      assert.equal((await ask(register)).status, 404);
      await server.call(registerHost, { body: { name: 'later.example' } });
      assert.equal((await ask(register)).status, 200);
    });

    test('S-05 what a request left going in the background does not touch its kept reply', async () => {
      const request = {
        ...{ method: 'POST', path: '/v1/database/backups', body: {} },
        headers: { 'idempotency-key': 'backup' },
      };
      const first = await ask(request);
      assert.equal(first.status, 200, first.body);
      const path = `/v1/tasks/${String(json(first)['taskId'])}`;
      await eventually('the task has ended', async () =>
        json(await ask({ path }))['endedAtMs'] === null ? undefined : true,
      );
      const again = await ask(request);
      assert.equal(again.headers['idempotency-replayed'], 'true', again.body);
      assert.deepEqual(json(again), json(first));
    });

    test('S-05 no password can be tried against what is kept of a request with an idempotency key', async () => {
      const { store, keys } = server.server.context;
      const exported = (passphrase: string): Promise<Answer> =>
        ask({
          ...{ method: 'POST', path: '/v1/root/export', body: { passphrase } },
          headers: { 'idempotency-key': 'keyed' },
        });
      const [first, again] = [
        await exported('a good long passphrase'),
        await exported('a good long passphrase'),
      ];
      assert.deepEqual([first.status, again.headers['idempotency-replayed']], [200, 'true'], first.body);
      assert.equal(again.body, first.body);
      assert.equal(codeOf(await exported('another long passphrase')), 'IDEMPOTENCY_KEY_REUSED');
      const rows = await store.db
        .selectFrom('idempotency_keys')
        .select('request_sha256')
        .where('idempotency_key', '=', 'keyed')
        .execute();
      const text = JSON.stringify(['POST', '/v1/root/export', { passphrase: 'a good long passphrase' }]);
      const keyed = createHmac('sha256', keys.derive('idempotency-requests')).update(text).digest('hex');
      assert.deepEqual(
        rows.map(({ request_sha256: kept }) => kept.length),
        [64],
      );
      for (const quick of [hash('sha256', text, 'hex'), keyed])
        assert.notEqual(rows[0]?.request_sha256, quick);
    });

    test('S-05 a commit whose answer was lost counts as an effect: the key is not freed', async () => {
      const { store, keys } = server.server.context;
      const parts = { store, clock, log: silentLog(), box: keys, workerId: 'lost' };
      const idempotency = new Idempotency(parts);
      const request = { method: 'POST', url: '/', body: {}, headers: { 'idempotency-key': 'in-doubt' } };
      let tries = 0;
      const once = (): Promise<unknown> =>
        idempotency.once(
          request as unknown as FastifyRequest,
          {} as unknown as FastifyReply,
          LOCAL_PRINCIPAL,
          async () => {
            tries += 1;
            await store.db
              .updateTable('idempotency_keys')
              .set({ reply: JSON.stringify({ workerId: 'lost', effect: true }) })
              .where('idempotency_key', '=', 'in-doubt')
              .execute();
            throw new Error('the connection ended during COMMIT');
          },
        );
      await assert.rejects(once(), /during COMMIT/);
      await assert.rejects(
        once(),
        (error: unknown) => error instanceof AppError && error.code === 'IDEMPOTENCY_OUTCOME_UNKNOWN',
      );
      assert.equal(tries, 1);
    });

    test('S-05 a reply is shown again to the same rights alone, and so much of one actor’s replies is kept', async () => {
      const { store, keys } = server.server.context;
      const parts = { store, clock, log: silentLog(), box: keys, workerId: 'bounded' };
      const idempotency = new Idempotency(parts);
      const reply = {
        ...{ statusCode: 200, header: () => reply, status: () => reply },
        getHeader: () => undefined,
      } as unknown as FastifyReply;
      const ask = (
        key: string,
        answer: unknown,
        principal: Principal = LOCAL_PRINCIPAL,
      ): Promise<unknown> => {
        const request = { method: 'POST', url: '/', body: {}, headers: { 'idempotency-key': key } };
        const work = (): Promise<unknown> => Promise.resolve(answer);
        return idempotency.once(request as unknown as FastifyRequest, reply, principal, work);
      };
      const refused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
      await ask('seen', 'what all may see');
      assert.equal(await ask('seen', 'done again'), 'what all may see');
      const narrower = { ...LOCAL_PRINCIPAL, rights: new Map([['host.read', new Set<GroupId>()] as const]) };
      await assert.rejects(ask('seen', 'done again', narrower), refused('IDEMPOTENCY_RIGHTS_CHANGED'));
      await store.db
        .updateTable('idempotency_keys')
        .set({ reply_length: IDEMPOTENCY_REPLIES_LENGTH_MAX })
        .where('idempotency_key', '=', 'seen')
        .execute();
      await ask('too-much', 'more');
      await assert.rejects(ask('too-much', 'more'), refused('IDEMPOTENCY_OUTCOME_UNKNOWN'));
      await store.db.deleteFrom('idempotency_keys').where('idempotency_key', '=', 'seen').execute();
    });

    test('S-05 the typed client sends what the connection lost again, and it is done once', async () => {
      const before = await count('tokens');
      let sent = 0;
      const keys = new Set<string>();
      const call = createClient(
        async ({ method, path, body, headers }) => {
          sent += 1;
          keys.add(headers['idempotency-key'] ?? '');
          const answer = await webRequest(server, { method, path, key, body, headers });
          if (sent < 3) throw new Error('lost');
          return { status: answer.status, body: answer.body };
        },
        { newIdempotencyKey: () => `client-${sent}`, wait: () => Promise.resolve(), isLost: () => true },
      );
      await call(createToken, { body: { name: 'lost and found' } });
      assert.deepEqual([sent, keys.size, await count('tokens')], [3, 1, before + 1]);
    });

    test('S-05 two administrators who edit the same plan get a conflict, with who changed it', async () => {
      const made = await ask({ method: 'POST', path: '/v1/plans', body: spec('shared') });
      assert.equal(made.status, 200, made.body);
      const path = `/v1/plans/${String(json(made)['id'])}`;
      const read = await ask({ path });
      const tag = read.headers.etag ?? '';
      const known = await ask({ path, headers: { 'if-none-match': tag } });
      assert.deepEqual([known.status, known.body], [304, '']);
      const second = await newApiKey(server, `desk-${dialect}`);
      const theirs = await webRequest(server, {
        ...{ method: 'PUT', path, key: second, headers: { 'if-match': tag } },
        body: spec('shared', ['/home']),
      });
      assert.equal(theirs.status, 200, theirs.body);
      const mine = await ask({
        method: 'PUT',
        path,
        headers: { 'if-match': tag },
        body: spec('shared', ['/etc']),
      });
      assert.equal(mine.status, 412);
      const told = problem.parse(JSON.parse(mine.body));
      assert.equal(told.code, 'PRECONDITION_FAILED');
      assert.match(told.title, new RegExp(`desk-${dialect}`));
      assert.deepEqual(json(await ask({ path }))['paths'], ['/home']);
      assert.equal(codeOf(await ask({ method: 'PUT', path, body: spec('shared') })), 'PLAN_REVISION_MISSING');
      const stale = await ask({ method: 'PUT', path, body: { ...spec('shared'), revision: 1 } });
      assert.equal(codeOf(stale), 'PLAN_REVISION_CONFLICT');
      assert.equal((await ask({ method: 'DELETE', path, headers: { 'if-match': tag } })).status, 412);
      assert.equal(
        (await ask({ method: 'DELETE', path, headers: { 'if-match': theirs.headers.etag ?? '' } })).status,
        200,
      );
    });

    test('S-05 security settings and a host’s media role are edited as they were read, or not at all', async () => {
      const settings = (await ask({ path: '/v1/security' })).headers.etag ?? '';
      const put = (path: string, tag: string, body: unknown) =>
        ask({ method: 'PUT', path, headers: { 'if-match': tag }, body });
      assert.equal((await put('/v1/security', settings, { hostCertificateHours: 48 })).status, 200);
      assert.equal((await put('/v1/security', settings, { hostCertificateHours: 72 })).status, 412);
      assert.equal((await put('/v1/security', '*', { hostCertificateHours: 72 })).status, 200);
      const host = `/v1/hosts/${media}`;
      const tag = (await ask({ path: host })).headers.etag ?? '';
      assert.equal((await put(`${host}/media`, tag, { media: true, quotaBytesPerHost: 1 })).status, 200);
      assert.equal((await put(`${host}/media`, tag, { media: false })).status, 412);
    });
  });
}
