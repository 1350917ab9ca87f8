import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { parseEvent, type EventName, type StreamEvent } from '@sekisho/core/wire/events.ts';
import { listHosts } from '@sekisho/core/wire/trust.ts';
import { jobProgress } from '@sekisho/core/wire/jobs.ts';
import { addGroup } from '@sekisho/testkit/administrators.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { newApiKey, webRequest, webStream, type WebRequest } from '@sekisho/testkit/web-client.ts';
import { LOCAL_PRINCIPAL } from '../../http/local-principal.ts';
import { recordChange } from '../../store/record-change.ts';
import { startTask } from '../tasks/run-task.ts';
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { EventStream, STREAM_HEARTBEAT_MS, STREAM_PROGRESS_MS, STREAM_SLOW_MS } from './event-stream.ts';
import type { ToldEvent } from './resolve-changes.ts';

let server: TrustServer;
const clock = new FakeClock();
const endings: (() => unknown)[] = [];
before(async () => {
  server = await TrustServer.start({ after: (work: () => unknown) => void endings.push(work) }, { clock });
});
after(async () => {
  for (const end of endings) await end();
});

/** A reader of a stream: what came so far. */
class Reader {
  readonly events: StreamEvent[] = [];
  readonly response: IncomingMessage;
  text = '';
  ended = false;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.once('close', () => (this.ended = true));
    response.on('error', () => undefined);
  }

  #take(chunk: string): void {
    this.text += chunk;
    const whole = this.text.split('\n\n');
    this.events.length = 0;
    for (const block of whole.slice(0, -1)) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const event = parseEvent(field('event') ?? '', field('id'), field('data') ?? 'null');
      if (event !== undefined) this.events.push(event);
    }
  }

  async until<Name extends EventName>(name: Name, from = 0): Promise<StreamEvent & { name: Name }> {
    return eventually(`${name} comes`, () =>
      this.events.slice(from).find((event): event is StreamEvent & { name: Name } => event.name === name),
    );
  }
}

async function follow(
  t: { after(work: () => unknown): void },
  topics: string,
  asked: Partial<WebRequest> & { key: string },
): Promise<Reader> {
  const response = await webStream(server, { path: `/v1/events?topics=${topics}`, ...asked });
  t.after(() => response.destroy());
  assert.equal(response.statusCode, 200);
  assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/);
  const reader = new Reader(response);
  return reader;
}

const SEEN = ['host.read', 'job.read'] as const;
const touch = (hostId: HostId): Promise<void> =>
  server.server.context.store.transaction((tx) => recordChange(tx, 'host', hostId));

test('S-05 changes come as events with IDs, and a reader who comes back misses none', async (t) => {
  const key = await newApiKey(server, 'reader');
  const first = await follow(t, 'hosts', { key });
  await first.until('ready');
  const web = await server.enrol({ name: 'web1.example' }, { token: await server.token() });
  const seen = await first.until('host.changed');
  assert.equal(seen.data.id, web.hostId);
  first.response.destroy();
  await touch(web.hostId);
  await touch(web.hostId);
  const again = await follow(t, 'hosts', { key, headers: { 'last-event-id': seen.id ?? '' } });
  const wanted = (
    await server.server.context.store.db
      .selectFrom('change_feed')
      .select('seq')
      .where('kind', 'in', ['host', 'session', 'revocation'])
      .where('seq', '>', Number(seen.id))
      .orderBy('seq')
      .execute()
  ).map(({ seq }) => String(seq));
  assert.ok(wanted.length >= 2);
  await eventually('all come', () =>
    again.events.filter(({ name }) => name === 'host.changed').length >= wanted.length ? true : undefined,
  );
  assert.deepEqual(
    again.events.filter(({ name }) => name === 'host.changed').map(({ id }) => id),
    wanted,
  );
});

test('S-05 a reader whose changes are gone, or of a time that never was, is told to read anew', async (t) => {
  const key = await newApiKey(server, 'late');
  const { db } = server.server.context.store;
  await db.deleteFrom('change_feed').where('seq', '<=', 2).execute();
  for (const id of ['1', '99999999']) {
    const reader = await follow(t, 'hosts', { key, headers: { 'last-event-id': id } });
    await reader.until('resync');
    assert.equal(
      reader.events.some(({ name }) => name === 'host.changed'),
      false,
      id,
    );
  }
  const refused = await webRequest(server, {
    path: '/v1/events?topics=hosts',
    key,
    headers: { 'last-event-id': '1;drop' },
  });
  assert.equal(refused.status, 400);
  assert.match(refused.body, /CURSOR_INVALID/);
});

test('S-05 events are sent to whoever has the right, as far as it reaches', async (t) => {
  const { store } = server.server.context;
  const [host] = (await server.call(listHosts)).hosts.filter(({ name }) => name === 'web1.example');
  assert.ok(host);
  const group = await addGroup(store, 'inner', host.group);
  const outsider = await newApiKey(server, 'outsider', {
    scopes: SEEN,
    grants: [{ role: 'viewer', groupId: group }],
  });
  const insider = await newApiKey(server, 'insider', {
    scopes: SEEN,
    grants: [{ role: 'viewer', groupId: host.group as GroupId }],
  });
  const nobody = await newApiKey(server, 'nobody', { scopes: ['audit.read'] });
  const [far, near, none] = [
    await follow(t, 'hosts', { key: outsider }),
    await follow(t, 'hosts,jobs', { key: insider }),
    await follow(t, 'hosts,tasks', { key: nobody }),
  ];
  for (const reader of [far, near, none]) await reader.until('ready');
  await touch(host.id);
  await near.until('host.changed');
  const fleet = server.server.context.fleet as unknown as {
    board: { put(id: string, hostId: HostId, progress: unknown, nowMs: number): void };
  };
  const progress = jobProgress.parse({
    ...{ phase: 'transferring', filesDone: 1, filesTotal: 2, bytesDone: 3, bytesTotal: 4 },
    ...{ bytesPerSecond: 5, secondsLeft: null, currentFile: null },
  });
  fleet.board.put('0'.repeat(32), host.id, progress, clock.nowMs());
  await clock.advance(STREAM_PROGRESS_MS);
  const figures = await near.until('job.progress');
  assert.equal(figures.id, undefined, 'progress is nothing to go on after');
  for (const reader of [far, none])
    assert.deepEqual(
      reader.events.map(({ name }) => name),
      ['ready'],
    );
});

test('S-05 a stream ends at once when its key is revoked or its owner disabled, and says why', async (t) => {
  const key = await newApiKey(server, 'leaver');
  const reader = await follow(t, 'hosts', { key });
  await reader.until('ready');
  const { store } = server.server.context;
  await store.transaction(async (tx) => {
    await tx.updateTable('administrators').set({ disabled_at_ms: 1 }).where('name', '=', 'leaver').execute();
    await recordChange(tx, 'administrator', 'x');
  });
  const end = await reader.until('end');
  assert.equal(end.data.reason, 'signed-out');
  await eventually('the connection closes', () => (reader.ended ? true : undefined));
});

test('S-05 tasks are listed, told of while they run, and cancelled; what failed keeps its code', async (t) => {
  const key = await newApiKey(server, 'tasker');
  const reader = await follow(t, 'tasks', { key });
  await reader.until('ready');
  const { context } = server.server;
  const done = await startTask(context, LOCAL_PRINCIPAL, {
    kind: 'count',
    input: { to: 3 },
    run: async (task) => {
      task.progress(3, 3);
      return { counted: 3 };
    },
  });
  const failed = await startTask(context, LOCAL_PRINCIPAL, {
    kind: 'fail',
    input: {},
    run: () => Promise.reject(new AppError('NOT_FOUND', { what: 'host', id: 'x' })),
  });
  const endless = await startTask(context, LOCAL_PRINCIPAL, {
    kind: 'wait',
    input: {},
    run: (task) =>
      new Promise((_, reject) => {
        task.signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      }),
  });
  const view = async (id: string) =>
    JSON.parse((await webRequest(server, { path: `/v1/tasks/${id}`, key })).body) as Record<string, unknown>;
  const cancelled = await webRequest(server, { method: 'POST', path: `/v1/tasks/${endless}/cancel`, key });
  assert.equal(cancelled.status, 200);
  const stateOf = async (id: string): Promise<unknown> => (await view(id))['state'];
  await eventually('it is cancelled', async () =>
    (await stateOf(endless)) === 'cancelled' ? true : undefined,
  );
  await eventually('it is done', async () => ((await stateOf(done)) === 'done' ? true : undefined));
  assert.deepEqual((await view(done))['result'], { counted: 3 });
  await eventually('it failed', async () => ((await stateOf(failed)) === 'failed' ? true : undefined));
  assert.deepEqual(
    [(await view(failed))['code'], (await view(failed))['params']],
    ['NOT_FOUND', { what: 'host', id: 'x' }],
  );
  const again = await webRequest(server, { method: 'POST', path: `/v1/tasks/${endless}/cancel`, key });
  assert.match(again.body, /TASK_ENDED/);
  await eventually('its end is told', () =>
    reader.events.some((event) => event.name === 'task.changed' && event.data.state === 'cancelled')
      ? true
      : undefined,
  );
  // a task of a server process that is gone
  const { db } = context.store;
  await db
    .updateTable('tasks')
    .set({ state: 'running', ended_at_ms: null, worker_id: 'gone' })
    .where('id', '=', done)
    .execute();
  await clock.advance(20_000);
  await eventually('it is interrupted', async () =>
    (await view(done))['code'] === 'TASK_INTERRUPTED' ? true : undefined,
  );
});

test('S-05 too many streams of one administrator are refused', async (t) => {
  const key = await newApiKey(server, 'greedy');
  for (let count = 0; count < 16; count += 1) await follow(t, 'hosts', { key });
  const refused = await webRequest(server, { path: '/v1/events?topics=hosts', key });
  assert.equal(refused.status, 429);
  assert.match(refused.body, /EVENT_STREAMS_TOO_MANY/);
  assert.equal((await webRequest(server, { path: '/v1/events?topics=weather', key })).status, 400);
});

test('S-05 streams end when changes can no longer be read, and when the server stops; each says why', async (t) => {
  const key = await newApiKey(server, 'last');
  const { db } = server.server.context.store;
  const before = await follow(t, 'hosts', { key });
  await before.until('ready');
  await db.schema.alterTable('change_feed').renameTo('change_feed_away').execute();
  for (let seconds = 0; seconds < 7; seconds += 1) await clock.advance(1_000);
  assert.equal((await before.until('end')).data.reason, 'stale');
  await eventually('the connection closes', () => (before.ended ? true : undefined));
  await db.schema.alterTable('change_feed_away').renameTo('change_feed').execute();
  await eventually('the feed is fresh again', async () => {
    await clock.advance(1_000);
    return server.server.context.feed.fresh ? true : undefined;
  });

  const after = await follow(t, 'hosts', { key });
  await after.until('ready');
  const stopped = server.server.stop();
  assert.equal((await after.until('end')).data.reason, 'stopping');
  await eventually('the connection closes', () => (after.ended ? true : undefined));
  await stopped;
});

test('S-05 a reader who takes nothing is cut with a reason, and nothing piles up for them', async () => {
  const own = new FakeClock();
  const written: string[] = [];
  let asked = 0;
  const stuck = new Writable({
    highWaterMark: 16,
    decodeStrings: false,
    write: (chunk: string) => void written.push(chunk), // never calls back: the reader takes nothing
  });
  const event = (seq: number): ToldEvent => ({
    seq,
    topic: 'plans',
    name: 'plan.changed',
    data: { id: 'x'.repeat(10_000) as never },
    groupId: null,
  });
  const stream = new EventStream(LOCAL_PRINCIPAL, {
    clock: own,
    out: stuck,
    topics: new Set(['plans']),
    groupOf: () => undefined,
    mayReadPlan: () => Promise.resolve(true),
    log: {
      position: 1_000_000,
      isKnown: () => Promise.resolve(true),
      listen: () => Promise.resolve(() => undefined),
      after: (position) => {
        asked += 1;
        const events = Array.from({ length: 10 }, (_, index) => event(position + index + 1));
        return Promise.resolve({ events, position: position + 10, missed: false });
      },
    },
  });
  const ended = stream.run(5);
  await eventually('it waits for its reader', () => (stuck.writableLength > 256 * 1024 ? true : undefined));
  const before = asked;
  await own.advance(STREAM_HEARTBEAT_MS);
  assert.equal(asked, before);
  await own.advance(STREAM_SLOW_MS - STREAM_HEARTBEAT_MS);
  await ended;
  assert.ok(stuck.writableEnded);
  assert.ok(stuck.writableLength < 512 * 1024);
  stuck.destroy();
});
