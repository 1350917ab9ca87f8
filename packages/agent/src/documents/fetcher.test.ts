import { AppError } from '@sekisho/core/errors.ts';
import type { Fetchable } from '@sekisho/core/wire/agent.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { CrlStore } from '../revocation/crl-store.ts';
import { openSpool } from '../spool/spool.ts';
import type { Adoption, DocumentStore } from './document-store.ts';
import { startFetcher } from './fetcher.ts';

async function bench(t: TestContext, crlPort = 1) {
  const spool = await openSpool({ folder: await tempFolder(t), log: silentLog() });
  const health = new HealthBoard();
  const fetched: string[] = [];
  const adopted: string[] = [];
  let answer: Adoption | AppError = 'adopt';
  let renewals = 0;
  let serial = 5;
  const server = { isVerified: true };
  const offered: (boolean | undefined)[] = [];
  const fetcher = startFetcher({
    documents: {
      offer: (_type: unknown, _jws: unknown, isVerified?: boolean) => {
        offered.push(isVerified);
        return answer instanceof AppError ? Promise.reject(answer) : Promise.resolve(answer);
      },
      serial: () => serial,
      held: () => ({ payload: { crls: [{ path: '/crl' }], httpPort: crlPort } }),
      damaged: new Set(),
    } as unknown as DocumentStore,
    crls: { number: 0, numberOf: () => undefined } as unknown as CrlStore,
    server: {
      get isVerified() {
        return server.isVerified;
      },
      publicTarget: (port: number) => ({ host: '127.0.0.1', port }),
      call: (_route: unknown, input: { params: { type: string } }) => {
        fetched.push(input.params.type);
        return Promise.resolve({ jws: 'x' });
      },
    } as unknown as ServerConnection,
    spool,
    health,
    onAdopted: (what) => adopted.push(what),
    onRenewalAsked: () => {
      renewals += 1;
    },
    clock: new FakeClock(),
    random: systemRandom,
    log: silentLog(),
  });
  const fetch = async (...what: Fetchable[]): Promise<void> => {
    fetcher.request(what);
    await fetcher.settled();
  };
  const events = async (): Promise<unknown[]> =>
    (await spool.batch()).map((item) => (item.kind === 'event' ? [item.event, item.detail] : item));
  return {
    fetcher,
    fetch,
    fetched,
    adopted,
    health,
    events,
    server,
    offered,
    renewals: () => renewals,
    holds: (next: number) => {
      serial = next;
    },
    answerWith: (next: Adoption | AppError) => {
      answer = next;
    },
  };
}

test('F-02 what is new is fetched, the trust bundle first, and what was adopted is told', async (t) => {
  const b = await bench(t);
  await b.fetch('policy', 'list', 'bundle', 'assignment', 'certificate');
  assert.deepEqual(b.fetched, ['bundle', 'assignment', 'list', 'policy']);
  assert.deepEqual(b.adopted, ['bundle', 'assignment', 'list', 'policy']);
  assert.equal(b.renewals(), 1);
  b.answerWith('same');
  await b.fetch('policy');
  assert.equal(b.adopted.length, 4);
});

test('F-20 a document of nobody knows whom is offered as such', async (t) => {
  const b = await bench(t);
  await b.fetch('policy');
  b.server.isVerified = false;
  await b.fetch('policy');
  assert.deepEqual(b.offered, [true, false]);
});

test('F-04 a refused document is reported once, shown in the health, and forgotten when a good one comes', async (t) => {
  const b = await bench(t);
  b.answerWith(new AppError('DOCUMENT_SIGNATURE_INVALID'));
  await b.fetch('policy');
  await b.fetch('policy');
  assert.deepEqual(await b.events(), [
    ['document-refused', { type: 'policy', code: 'DOCUMENT_SIGNATURE_INVALID' }],
  ]);
  assert.deepEqual(b.health.codes, ['document-refused']);
  assert.deepEqual(b.adopted, []);
  b.answerWith('adopt');
  await b.fetch('policy');
  assert.deepEqual(b.health.codes, []);
});

test('F-04 the same serial with other content is reported as a fork', async (t) => {
  const b = await bench(t);
  b.answerWith('fork');
  await b.fetch('list');
  assert.deepEqual(await b.events(), [['document-fork', { type: 'list', serial: 5 }]]);
  assert.deepEqual(b.adopted, []);
});

test('F-03 a document that was brought along is not fetched, and one that is refused, or behind, is asked for', async (t) => {
  const b = await bench(t);
  const bring = async (): Promise<void> => {
    b.fetcher.request(['policy', 'list'], { policy: 'p', list: 'l' });
    await b.fetcher.settled();
  };
  await bring();
  assert.deepEqual([b.fetched, b.adopted], [[], ['list', 'policy']]);
  b.answerWith('same');
  await bring();
  assert.deepEqual(b.fetched, []);
  b.answerWith('lower');
  await bring();
  assert.deepEqual(b.fetched, ['list', 'policy']);
  b.answerWith(new AppError('DOCUMENT_SIGNATURE_INVALID'));
  await bring();
  assert.deepEqual(b.fetched, ['list', 'policy', 'list', 'policy']);
  // it is told once, by what the server itself gave
  assert.equal((await b.events()).length, 2);
});

test('F-37 a document that a host is sent for is fetched, though it was brought along in the same moment', async (t) => {
  for (const sentFirst of [true, false]) {
    const b = await bench(t);
    if (sentFirst) b.fetcher.request(['bundle', 'list']);
    b.fetcher.request(['bundle', 'list'], { list: 'l', bundle: 'b' });
    if (!sentFirst) b.fetcher.request(['list']);
    await b.fetcher.settled();
    assert.ok(b.fetched.includes('list'), String(sentFirst));
  }
});

test('F-02 the answer to a heartbeat asks for nothing that came after that was sent', async (t) => {
  const b = await bench(t);
  const said = { bundleGeneration: 5, listSerial: 5, assignmentSerial: 5, policySerial: 5, crlNumber: 0 };
  b.holds(6);
  b.fetcher.answered(['bundle', 'list', 'policy', 'certificate'], said);
  await b.fetcher.settled();
  assert.deepEqual([b.fetched, b.renewals()], [[], 1]);
  b.holds(5);
  b.fetcher.answered(['list'], said);
  b.fetcher.answered(['list'], said); // it is on its way
  await b.fetcher.settled();
  assert.deepEqual(b.fetched, ['list']);
});

test('T-41 F-03 a CRL port that accepts and never answers holds up no document', async (t) => {
  const held: Socket[] = [];
  const silent = createServer((socket) => held.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const b = await bench(t, (silent.address() as AddressInfo).port);
  b.fetcher.request(['crl']);
  await once(silent, 'connection');
  b.fetcher.request(['policy', 'crl', 'assignment']);
  await b.fetcher.documentsSettled();
  assert.deepEqual(b.adopted, ['assignment', 'policy']);
  const stopped = b.fetcher.stop();
  for (const socket of held) socket.destroy();
  silent.close();
  await stopped;
});
