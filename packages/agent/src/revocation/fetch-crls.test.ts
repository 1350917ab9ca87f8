import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { HealthBoard } from '../health.ts';
import { openSpool } from '../spool/spool.ts';
import { openCrlStore } from './crl-store.ts';
import { CrlFetcher } from './fetch-crls.ts';
import { createStaleWatch } from './stale-watch.ts';

const clock = new FakeClock();
const authority = await TestAuthority.create({ nowMs: clock.nowMs() });
const { keyId } = authority.issuing.certificate;
const pathOf = (shard: number): string => `/crl/${keyId}-${shard}.crl`;
const scopeOf = (shard: number) => ({
  uris: [`http://server.example:8014${pathOf(shard)}`],
  onlyUserCertificates: true,
});

/** A server with two shards, and what an agent makes of them. */
async function place(t: TestContext) {
  const served = new Map<string, { number: number; der: Uint8Array }>();
  const asked: string[] = [];
  const hooks: { before?: (path: string) => Promise<void> } = {};
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${path.slice(-6)} ${request.headers['if-none-match'] ?? '-'}`);
    void (hooks.before?.(path) ?? Promise.resolve()).then(() => {
      const crl = served.get(path);
      if (crl === undefined) return response.writeHead(404).end();
      const etag = `"${crl.number}"`;
      if (request.headers['if-none-match'] === etag) return response.writeHead(304).end();
      return response.writeHead(200, { etag }).end(crl.der);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const lists = [1, 2].map((shard) => ({ issuerKeyId: keyId, path: pathOf(shard) }));
  const payload = { crls: lists, httpPort: port } as unknown as BundlePayload;
  const folder = await tempFolder(t);
  const open = () =>
    openCrlStore({
      folder,
      bundle: () => payload,
      issuers: () => authority.anchors.concat(authority.issuing.certificate),
      log: silentLog(),
    });
  const crls = await open();
  let tries = 0;
  const fetcher = new CrlFetcher({
    documents: { held: () => ({ payload }) } as never,
    crls,
    server: { publicTarget: (port) => ({ host: '127.0.0.1', port }) },
    again: () => (tries += 1),
    clock,
    random: systemRandom,
    log: silentLog(),
  });
  t.after(() => fetcher.stop());
  const publish = async (shard: number, number: number, at = shard): Promise<void> => {
    const crl = await authority.crl({ number, scope: scopeOf(shard), thisUpdateMs: clock.nowMs() });
    served.set(pathOf(at), { number, der: crl.der });
  };
  return { crls, fetcher, publish, served, asked, hooks, folder, open, tries: () => tries };
}

test('T-44 a number is confirmed only by a pass over all lists that finds nothing newer', async (t) => {
  const p = await place(t);
  await p.publish(1, 10);
  await p.publish(2, 11);
  // while the second list is on its way, the first and then the second are signed anew: 12 comes before 13
  let once = true;
  p.hooks.before = async (path) => {
    if (path !== pathOf(2) || !once) return;
    once = false;
    await p.publish(1, 12);
    await p.publish(2, 13);
  };
  assert.equal(await p.fetcher.fetchAll(), true);
  assert.equal(p.crls.number, 13);
  assert.equal(p.crls.numberOf({ issuerKeyId: keyId, path: pathOf(1) }), 12);
  // the last pass was two questions whose answer was "nothing newer"
  assert.deepEqual(p.asked.slice(-2), ['-1.crl "12"', '-2.crl "13"']);
  // kept over a restart, and gone when a list is
  assert.equal((await p.open()).number, 13);
  const [list] = (await readdir(p.folder)).filter((name) => name.endsWith('.crl'));
  await rm(`${p.folder}/${list}`);
  assert.equal((await p.open()).number, 0);
});

test('T-44 one pass is enough for a number that the server had said before it, and for no higher one', async (t) => {
  const p = await place(t);
  await p.publish(1, 10);
  await p.publish(2, 11);
  p.fetcher.heard(11);
  assert.equal(await p.fetcher.fetchAll(), true);
  assert.equal(p.crls.number, 11);
  assert.deepEqual(p.asked, ['-1.crl -', '-2.crl -']);
  p.asked.length = 0;
  await p.publish(2, 12);
  await p.fetcher.fetchAll();
  assert.equal(p.crls.number, 12);
  assert.deepEqual(p.asked, ['-1.crl "10"', '-2.crl "11"', '-1.crl "10"', '-2.crl "12"']);
});

test('T-41 a list that lies at the place of another shard is not taken for it', async (t) => {
  const p = await place(t);
  await p.publish(1, 10);
  await p.publish(1, 10, 2);
  assert.equal(await p.fetcher.fetchAll(), true);
  assert.equal(p.crls.numberOf({ issuerKeyId: keyId, path: pathOf(2) }), undefined);
  assert.equal(p.crls.number, 0);
  // the missing one is not made up for by the other: its certificates have no list
  assert.equal(p.crls.freshness(keyId, scopeOf(2).uris), undefined);
  assert.notEqual(p.crls.freshness(keyId, scopeOf(1).uris), undefined);
});

test('T-42 a list that is not had makes the agent try by itself, later and later, and a server’s word a little sooner', async (t) => {
  const p = await place(t);
  await p.publish(1, 10);
  assert.equal(p.fetcher.isDue('heartbeat'), true);
  await p.fetcher.fetchAll();
  assert.equal(p.crls.number, 0);
  assert.equal(p.fetcher.isDue('heartbeat'), false);
  assert.equal(p.fetcher.isDue('told'), false);
  await clock.advance(6_000);
  assert.equal(p.fetcher.isDue('heartbeat'), false);
  assert.equal(p.fetcher.isDue('told'), true);
  await clock.advance(34_000);
  assert.equal(p.tries(), 1);
  await p.fetcher.fetchAll();
  await clock.advance(40_000);
  assert.equal(p.tries(), 1); // the second time it waits longer
  await clock.advance(40_000);
  assert.equal(p.tries(), 2);
  await p.publish(2, 11);
  await p.fetcher.fetchAll();
  assert.equal(p.crls.number, 11);
  assert.equal(p.fetcher.isDue('heartbeat'), true);
  // from a server that is behind, nothing is taken back, and nothing is confirmed
  p.served.clear();
  await p.publish(1, 9);
  await p.publish(2, 11);
  await p.fetcher.fetchAll();
  assert.equal(p.crls.numberOf({ issuerKeyId: keyId, path: pathOf(1) }), 10);
  assert.equal(p.fetcher.isDue('heartbeat'), false);
});

test('T-42 a list that went stale is told once, and shown for as long as it is', async (t) => {
  const spool = await openSpool({ folder: await tempFolder(t), log: silentLog() });
  const health = new HealthBoard();
  const look = createStaleWatch({
    ...{ spool, health, clock, random: systemRandom, log: silentLog() },
    staleCrl: () => 'closed',
  });
  look(undefined);
  look(clock.nowMs() + 1);
  assert.deepEqual(health.codes, []);
  look(clock.nowMs());
  look(clock.nowMs() - 1);
  assert.deepEqual(health.details, { 'crl-stale': 'closed' });
  look(clock.nowMs() + 1);
  assert.deepEqual(health.codes, []);
  look(clock.nowMs());
  const told = await eventually('both are kept', async () => {
    const items = await spool.batch();
    return items.length === 2 ? items : undefined;
  });
  assert.deepEqual(
    told.map((item) => item.kind === 'event' && item.event),
    ['crl-stale', 'crl-stale'],
  );
});
