import type { ListId } from '@sekisho/core/ids.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, heartbeatReply, postHeartbeat } from '@sekisho/core/wire/agent.ts';
import { createGroup, moveHost } from '@sekisho/core/wire/groups.ts';
import {
  getRotation,
  pauseRotation,
  resumeRotation,
  rollBackRotation,
  startRotation,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { assignServerList, createServerList, listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rootGroup } from '../hosts/host-rows.ts';

const PERIOD_MS = 300 * SECOND_MS;
/** Of a host that makes it up. */
const NEVER_GIVEN = 2 ** 52;

test('F-32 F-37 bad days of an announced update', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock, addresses: ['127.0.0.1'] });
  const { context } = trust.server;
  const { documents, feed, store, keys } = context;
  const token = await trust.token({ usesMax: 30 });
  const enrol = (name: string) => trust.enrol({ name: `${name}.example` }, { token });
  const root = await rootGroup(store.db);
  const [standard] = (await trust.call(listServerLists, {})).lists;
  assert.ok(standard);
  const standardId = standard.id;
  const lists = new Map<string, ListId>();
  const databaseHas = (text: string): boolean =>
    readFileSync(context.config.database.replace(/^sqlite:/, '')).includes(text);
  const listIdOf = (host: Identity) => lists.get(host.hostId) ?? standardId;

  interface Said {
    readonly list?: number;
    readonly bundle?: number;
    readonly skewMs?: number;
    readonly bootId?: string;
  }
  /** A heartbeat that echoes the newest of what is meant for the host, or this. */
  const beat = async (host: Identity, said: Said = {}) => {
    await feed.catchUp();
    const body = {
      ...{ sentAtMs: clock.nowMs() + (said.skewMs ?? 0), assignmentSerial: 0, policySerial: 0, crlNumber: 0 },
      bundleGeneration: said.bundle ?? documents.latestSerial('bundle', '') ?? 0,
      listSerial: said.list ?? documents.latestSerial('list', listIdOf(host)) ?? 0,
      ...{ certificates: [host.certificate.fingerprint], version: '1', bootId: said.bootId ?? host.hostId },
      ...{ health: [], spooled: 0, capabilities: [...AGENT_CAPABILITIES] },
    };
    return trust.agentRequest({
      method: 'POST',
      path: postHeartbeat.path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      tls: host.tls,
    });
  };
  const beatAll = async (...hosts: Identity[]): Promise<void> => {
    for (const host of hosts) assert.equal((await beat(host)).status, 200);
  };
  const pass = async (ms: number): Promise<void> => {
    clock.jump(ms);
    await clock.advance(2 * SECOND_MS);
    for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const view = (id: string): Promise<RotationView> => trust.call(getRotation, { params: { id } });
  const until = async (
    id: string,
    phase: RotationView['phase'],
    also: () => Promise<void> = () => Promise.resolve(),
  ): Promise<RotationView> => {
    for (let tries = 0; tries < 100; tries += 1) {
      const now = await view(id);
      if (now.phase === phase) return now;
      await also();
      await pass(0);
    }
    const now = await view(id);
    return assert.fail(`${now.phase} ${String(now.waitsFor)} ${JSON.stringify(now.hosts)}`);
  };
  const start = async (kind: 'tls' | 'signing'): Promise<string> => {
    const { id } = await trust.call(startRotation, { body: { kind } });
    await until(id, 'announced');
    return id;
  };

  const make = async (name: string, protocol: 'https' | 'http') => {
    const servers = standard.servers.map(({ instanceId: _, ...server }) => ({ ...server, protocol }));
    const { list } = await trust.call(createServerList, {
      body: { name, servers, acceptUnreachable: true, dryRun: false },
    });
    const group = await trust.call(createGroup, { body: { name, parentId: root } });
    const params = { id: list.id, group: group.id };
    await trust.call(assignServerList, { params, body: { acceptUnreachable: true, dryRun: false } });
    return { list: list.id, group: group.id };
  };
  const own = await make('own', 'https');
  const plain = await make('plain', 'http');
  const move = async (
    host: Identity,
    { list, group }: { list: ListId; group: typeof root },
  ): Promise<void> => {
    await trust.call(moveHost, { params: { id: host.hostId }, body: { groupId: group, dryRun: false } });
    lists.set(host.hostId, list);
  };
  const [here, apart, third] = [await enrol('here'), await enrol('apart'), await enrol('third')];
  await move(apart, own);
  await move(third, plain);
  const all = [here, apart, third];
  await beatAll(...all);
  const oldList = documents.latestSerial('list', standard.id) ?? 0;

  await t.test(
    'F-31 F-37 a list that has nothing to say of it lowers no gate; a group with a list of its own hears of it too',
    async () => {
      const id = await start('tls');
      await beat(here, { list: oldList });
      await beatAll(apart, third);
      await pass(10 * SECOND_MS);
      const waiting = await view(id);
      assert.deepEqual(
        [waiting.phase, waiting.hosts.acknowledged, waiting.slowest.map(({ name }) => name)],
        ['announced', 2, ['here.example']],
      );
      const told = await documents.latest('list', own.list);
      const payload = Buffer.from(told?.jws.split('.')[1] ?? '', 'base64url').toString('utf8');
      assert.ok(payload.includes(waiting.toKeyId), 'a list by hand announces the key');

      await beat(here, { list: NEVER_GIVEN, bundle: NEVER_GIVEN });
      await pass(10 * SECOND_MS);
      assert.equal((await view(id)).hosts.acknowledged, 2, 'a number that was never given opens nothing');

      // a second agent with a copy of the identity, which never echoes: the one and the other
      for (let turns = 0; turns < 3; turns += 1) {
        await beat(here, { list: oldList, bootId: 'copy' });
        await pass(SECOND_MS);
        assert.equal((await view(id)).phase, 'announced');
      }
      await beatAll(...all);
      await until(id, 'done', () => beatAll(...all));
    },
  );

  for (const kind of ['tls', 'signing'] as const)
    await t.test(
      `F-32 a host enrolled, moved and revoked in the middle of an update of ${kind}, and clocks that are wrong`,
      async () => {
        const [moves, leaves] = [await enrol(`moves-${kind}`), await enrol(`leaves-${kind}`)];
        await beatAll(moves, leaves);
        const id = await start(kind);
        // it holds what was announced, but in its new group it must hold that one's
        await beatAll(...all, moves);
        await move(moves, own);
        const comes = await enrol(`comes-${kind}`);
        await beat(comes, { list: 0, bundle: 0 });
        await pass(10 * SECOND_MS);
        const waiting = await view(id);
        assert.equal(waiting.phase, 'announced');
        assert.ok(
          waiting.slowest.some(({ id: host }) => host === comes.hostId),
          'who came meanwhile is asked too',
        );
        await trust.call(revokeHost, { params: { id: leaves.hostId }, body: { reason: 'keyCompromise' } });
        const hour = 3_600 * SECOND_MS;
        const beatOn = async (): Promise<void> => {
          await beatAll(here, third, moves);
          assert.equal((await beat(apart, { skewMs: -hour })).status, 200);
          assert.equal((await beat(comes, { skewMs: hour })).status, 200);
        };
        await beatOn();
        const done = await until(id, 'done', beatOn);
        assert.equal(done.hosts.undecided, 0);
        assert.notEqual((await beat(leaves)).status, 200);
        for (const host of [moves, comes])
          await trust.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'superseded' } });
      },
    );

  await t.test(
    'F-33 F-37 turned back when half of the fleet has followed, it waits for the other half too',
    async () => {
      const before = keys.certificateOf('server-tls').keyId;
      const { id, toKeyId } = await trust.call(startRotation, {
        body: { kind: 'tls', overlapSeconds: 86_400 },
      });
      await until(id, 'announced');
      const { sealed } = await store.db
        .selectFrom('ca_keys')
        .select('sealed')
        .where('key_id', '=', toKeyId)
        .executeTakeFirstOrThrow();
      assert.ok(sealed !== null);
      await store.moveLog();
      assert.ok(databaseHas(sealed), 'it lies there while it is in use');
      await beatAll(...all);
      await until(id, 'overlap');
      // the same moment: one wants it back, one holds it
      const acts = await Promise.allSettled([
        trust.call(rollBackRotation, { params: { id } }),
        trust.call(pauseRotation, { params: { id } }),
        trust.call(rollBackRotation, { params: { id } }),
      ]);
      assert.deepEqual(
        acts.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected'],
      );
      const steps = (await view(id)).steps.map(({ step }) => step);
      assert.equal(steps.filter((step) => step === 'roll-back').length, 1);
      await trust.call(resumeRotation, { params: { id } });
      await beatAll(here);
      clock.jump(86_500 * SECOND_MS);
      await until(id, 'rolled-back', () => beatAll(...all));
      assert.equal(keys.certificateOf('server-tls').keyId, before);
      const left = await store.db
        .selectFrom('ca_keys')
        .select(['state', 'sealed'])
        .where('role', '=', 'server-tls')
        .where('state', '!=', 'active')
        .execute();
      assert.ok(left.length > 0 && left.every((key) => key.sealed === null));
      await store.moveLog();
      assert.ok(!databaseHas(sealed), 'a key that is destroyed leaves nothing in the file');
    },
  );

  await t.test(
    'F-32 F-38 a third of the hosts is off during the whole update and back a week later: they are told what is new',
    async () => {
      await pass(6 * PERIOD_MS);
      await beatAll(here, apart);
      const id = await start('signing');
      const beatOn = async (): Promise<void> => {
        await beatAll(here, apart);
        clock.jump(60 * SECOND_MS);
      };
      const done = await until(id, 'done', beatOn);
      assert.equal(done.hosts.undecided, 0);
      clock.jump(7 * DAY_MS);
      const answer = await beat(third, { list: 1, bundle: 1 });
      const { fetch } = heartbeatReply.parse(JSON.parse(answer.body));
      assert.ok(fetch.includes('bundle') && fetch.includes('list'), answer.body);
      await beatAll(...all);
    },
  );
});
