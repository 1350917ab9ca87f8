import type { Clock } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { listenForMetrics } from '@sekisho/platform/metrics-listener.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Readiness, type ReadinessParts } from '../health/readiness.ts';
import { REQUEST_ID } from '../http/request-id.ts';
import { initServer, startServer, type RunningServer } from '../main.ts';
import type { Tables } from '../store/tables.ts';
import { METRICS } from './table.ts';

const lines: Record<string, unknown>[] = [];
const clock = new FakeClock();
let folder: { path: string; remove: () => Promise<void> };
let server: RunningServer;

before(async () => {
  folder = await makeTempFolder();
  const parts = { dataFolder: `${folder.path}/server`, clock, random: systemRandom, environment: {} };
  await initServer({ ...parts, name: 'Test', addresses: ['127.0.0.1'] });
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  server = await startServer({
    ...parts,
    listen: '127.0.0.1',
    agentPort: 0,
    adminPort: 0,
    httpPort: 0,
    set: ['log.level=debug', 'disk.freeMegabytes=1'],
    log: createLog({ name: 'server', destination }),
  });
});
after(async () => {
  await server.stop();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Listener = 'socket' | 'agent' | 'admin' | 'plain';

const ask = (listener: Listener, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const ports = { agent: server.ports.agent, admin: server.ports.admin, plain: server.ports.http };
    const where =
      listener === 'socket'
        ? { socketPath: server.socketPath }
        : { host: '127.0.0.1', port: ports[listener] };
    const send = listener === 'agent' || listener === 'admin' ? httpsRequest : httpRequest;
    const sent = send({ ...where, path, headers, rejectUnauthorized: false, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const { statusCode: status = 0, headers: given } = response;
        resolve({ status, headers: given, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end();
  });

test('S-08 every answer of every listener tells the ID of its request, and takes over none', async () => {
  const seen = new Set<unknown>();
  for (const listener of ['socket', 'agent', 'admin', 'plain'] as const) {
    for (const path of ['/v1/domain', '/nowhere', '/%zz']) {
      const forged = { 'x-request-id': 'forged-1', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
      const answer = await ask(listener, path, forged);
      const id = answer.headers['x-request-id'];
      assert.match(String(id), REQUEST_ID, `${listener} ${path}`);
      assert.ok(!seen.has(id));
      seen.add(id);
      if (answer.status >= 400)
        assert.equal(
          (JSON.parse(answer.body) as { instance: string }).instance,
          `urn:sekisho:request:${String(id)}`,
        );
    }
  }
  assert.ok(!JSON.stringify(lines).includes('forged-1'));
});

test('S-08 also what never became a request is told an ID', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.ports.http }, () =>
      socket.write('NO HTTP\r\n\r\n'),
    );
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('utf8')));
    socket.once('close', () => {
      resolve(received);
    });
    socket.once('error', reject);
  });
  const id = /^x-request-id: (\S+)\r$/im.exec(text)?.[1] ?? '';
  assert.match(id, REQUEST_ID);
  assert.ok(text.includes(`urn:sekisho:request:${id}`));
});

test('S-08 the access log names listener, route and status, with the ID, and never the raw address', async () => {
  const administration = await ask('socket', '/v1/hosts?limit=1&probe=%0a%7b%22injected%22');
  const unknown = await ask('plain', '/secret-path');
  const lineOf = (answer: Answer) =>
    lines.find(
      ({ msg, requestId }) => msg === 'request' && requestId === String(answer.headers['x-request-id']),
    );
  const line = lineOf(administration);
  assert.equal(line?.['level'], 30);
  assert.equal(line?.['listener'], 'socket');
  assert.equal(line?.['route'], '/v1/hosts');
  assert.equal(line?.['method'], 'GET');
  assert.equal(line?.['administrator'], 'local');
  assert.equal(lineOf(unknown)?.['level'], 20);
  assert.equal(lineOf(unknown)?.['route'], 'unknown');
  assert.ok(!JSON.stringify(lines).includes('injected'));
  assert.ok(!JSON.stringify(lines).includes('secret-path'));
});

test('S-08 metrics parse, are all there, and carry help and bounded labels', async () => {
  await ask('socket', '/v1/hosts');
  const { status, headers, body } = await ask('socket', '/metrics');
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  const families = parseStrictly(body);
  for (const [name, { type, en }] of Object.entries(METRICS)) {
    const family = families.get(name);
    assert.equal(family?.type, type, name);
    assert.equal(family?.help, en, name);
  }
  for (const name of [
    'process_cpu_seconds_total',
    'nodejs_eventloop_lag_seconds',
    'nodejs_heap_size_used_bytes',
  ])
    assert.ok(families.has(name), name);
  const sample = (text: string): number | undefined =>
    [...families.values()].flatMap(({ samples }) => [...samples]).find(([key]) => key === text)?.[1];
  assert.equal(
    sample('sekisho_http_requests_total{listener="socket",method="GET",route="/v1/hosts",status="200"}'),
    2,
  );
  assert.ok((sample('sekisho_crl_number{issuer="issuing"}') ?? 0) > 0);
  assert.equal(sample('sekisho_certificates{days_left="more"}'), 1);
  assert.equal(sample('sekisho_ready'), 1);
  assert.equal(sample('sekisho_database_backup_age_seconds'), -1);
  assert.ok((sample('sekisho_database_bytes') ?? 0) > 10_000);
  assert.ok((sample('sekisho_disk_free_bytes') ?? 0) > 0);
  assert.ok((sample('sekisho_store_transactions_total{outcome="committed"}') ?? 0) > 0);
  assert.doesNotMatch(body, new RegExp(server.context.domain.serverHostId));
});

test('S-08 metrics on the administration port need the right server.read', async () => {
  const refused = await ask('admin', '/metrics');
  assert.equal(refused.status, 401);
  const { body } = await ask('socket', '/metrics');
  assert.match(body, /^sekisho_sign_in_refusals_total\{reason="sign-in"\} [1-9]/m);
});

test('S-08 a metrics listener of its own serves that one page and no other', async (t) => {
  const listening = await listenForMetrics('127.0.0.1:0', server.context.metrics);
  t.after(() => listening.close());
  const get = async (path: string, method = 'GET') =>
    await fetch(`http://127.0.0.1:${listening.port}${path}`, { method });
  assert.equal((await get('/metrics')).status, 200);
  assert.equal((await get('/v1/hosts')).status, 404);
  assert.equal((await get('/metrics', 'POST')).status, 404);
});

test('S-08 alive and ready are told to everybody, the reasons only to those who may know', async () => {
  assert.equal((await ask('admin', '/healthz')).body, '{"status":"alive"}');
  assert.equal((await ask('admin', '/readyz')).body, '{"status":"ready"}');
  assert.equal((await ask('socket', '/readyz')).body, '{"status":"ready","reasons":[]}');
  assert.equal(
    (await ask('admin', '/readyz', { authorization: 'Bearer nonsense' })).body,
    '{"status":"ready"}',
  );
});

test('S-08 a server that may not serve says which of its reasons it is', async () => {
  const { store, feed, keys, dataFolder } = server.context;
  const own = new FakeClock();
  own.jump(clock.nowMs() - own.nowMs());
  const parts = { clock: own, store, feed, keys, dataFolder, freeMegabytes: 1 };
  const reasons = async (wish: Partial<ReadinessParts>): Promise<readonly string[]> => {
    const judged = new Readiness({ ...parts, ...wish }).judge();
    await own.advance(2_000);
    const { ready, reasons: found } = await judged;
    assert.equal(ready, found.length === 0);
    return found;
  };
  assert.deepEqual(await reasons({}), []);
  assert.deepEqual(await reasons({ freeMegabytes: 1_000_000_000 }), ['disk-full']);
  assert.deepEqual(await reasons({ dataFolder: `${dataFolder}/gone` }), ['disk-full']);
  // one database refuses, the other never answers
  for (const answer of [
    () => Promise.reject(new Error('refused')),
    () => new Promise<never>(() => undefined),
  ]) {
    const driver = Object.assign(new DummyDriver(), { acquireConnection: answer });
    const db = new Kysely<Tables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => driver,
        createIntrospector: (of) => new SqliteIntrospector(of),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
    assert.deepEqual(await reasons({ store: { ...store, db } }), ['database-silent']);
  }
  const { notBeforeMs, notAfterMs } = keys.certificateOf('server-tls');
  for (const nowMs of [notAfterMs + 1, notBeforeMs - 1])
    assert.deepEqual(await reasons({ clock: { ...realOf(own), nowMs: () => nowMs } }), [
      'certificate-expired',
    ]);
});

/** A clock's methods, bound, so that one of them can be replaced. */
const realOf = (of: Clock): Clock => ({
  nowMs: () => of.nowMs(),
  monotonicMs: () => of.monotonicMs(),
  sleep: (delayMs) => of.sleep(delayMs),
  timer: (delayMs, call) => of.timer(delayMs, call),
});

/** The text format, strictly: HELP and TYPE before the samples, each series once, histograms that add up. */
function parseStrictly(
  text: string,
): Map<string, { type: string; help: string; samples: Map<string, number> }> {
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (help !== null) {
      current = help[1] ?? '';
      assert.ok(!families.has(current), `${current} comes twice`);
      families.set(current, { type: '', help: help[2] ?? '', samples: new Map() });
    } else if (type !== null) {
      assert.equal(type[1], current);
      families.get(current ?? '')!.type = type[2] ?? '';
    } else {
      const parsed =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*")*\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|[+-]Inf|Nan)$/i.exec(
          line,
        );
      assert.ok(parsed !== null, `not a sample: ${line}`);
      const family = families.get(current ?? '');
      assert.ok(family !== undefined && (parsed[1] ?? '').startsWith(current ?? '?'), line);
      const key = `${parsed[1]}${parsed[2] ?? ''}`;
      assert.ok(!family.samples.has(key), `${key} comes twice`);
      family.samples.set(key, Number(parsed[3]));
    }
  }
  for (const [name, { type, samples }] of families) {
    assert.notEqual(type, '', name);
    if (type !== 'histogram') continue;
    for (const [key, count] of samples) {
      if (!key.startsWith(`${name}_count`)) continue;
      const labels = key.slice(`${name}_count`.length).replace(/^\{|\}$/g, '');
      const infinite = `${name}_bucket{le="+Inf"${labels === '' ? '' : `,${labels}`}}`;
      assert.equal(samples.get(infinite), count, key);
    }
  }
  return families;
}
