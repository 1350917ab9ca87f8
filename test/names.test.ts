import type { HostId } from '@sekisho/core/ids.ts';
import * as wire from '@sekisho/core/wire/names.ts';
import { getHost, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import { dataFolderAt } from '@sekisho/agent/data-folder.ts';
import { loadIdentity } from '@sekisho/agent/identity/identity-store.ts';
import { askPeer } from '@sekisho/agent/control/agent-status.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

/** Every name below `.test` is this machine. */
const lookup: LookupFunction = (_name, options, found) => {
  if (options.all === true) found(null, [{ address: '127.0.0.1', family: 4 }]);
  else found(null, '127.0.0.1', 4);
};

test('names between real agents: asked before anything is said, dropped, approved, pushed, kept', async (t) => {
  const fleet = await Fleet.start(t, {
    lookup,
    hosts: [{ name: 'store', media: true }, { name: 'web' }, { name: 'old' }],
  });
  const [store, web, old] = ['store', 'web', 'old'].map((name) => fleet.host(name));
  assert(store && web && old);
  const files = join(fleet.folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'a'), 'content');
  await fleet.call(setHostMedia, {
    params: { id: store.hostId },
    body: { media: true, endpoints: [{ address: 'nas.test', port: store.mediaPort }] },
  });
  const give = (hostId: HostId, how: wire.ConflictWay | null = null) =>
    fleet.call(wire.addMapping, { body: { name: 'nas.test', hostId, how } });
  const plan = await fleet.plan('web', [files], 'store');
  await fleet.deployed(plan.id);
  const run = async (): Promise<string> => {
    const job = await fleet.backup(plan.id, 'web');
    return job.state === 'done' ? 'done' : (job.report?.code ?? job.state);
  };
  /** What the diagnostic of web's agent says of a name of the media server. */
  const ask = async (host: string): Promise<string> => {
    const reply = await fleet.control('web')(askPeer, { body: { host, port: store.mediaPort } });
    const name = reply.checks.find(({ check }) => check === 'name');
    return `${reply.allow ? 'yes' : 'no'}: ${name?.code ?? name?.outcome}, other side ${reply.answer.outcome}`;
  };
  const YES = 'yes: passed, other side passed';
  const pendingOf = async (name: string): Promise<wire.PendingView | undefined> =>
    (await fleet.call(wire.listPendingNames, { query: {} })).pending.find((one) => one.name === name);

  await t.test(
    'T-31 T-32 a name of another host: pending with both hosts, the connection dropped, approved, and it works',
    async () => {
      await give(old.hostId);
      assert.equal(await run(), 'PEER_NAME_PENDING');
      const conflict = await pendingOf('nas.test');
      assert.deepEqual(
        [conflict?.host.name, conflict?.owner?.name, conflict?.reason],
        ['store', 'old', 'taken'],
      );
      const body = { name: 'nas.test', hostId: store.hostId, how: 'move' } as const;
      await fleet.call(wire.approveName, { body });
      assert.equal(await run(), 'done', 'at once: the push took the refusal out of the cache');
    },
  );

  await t.test(
    'T-03 the approved name is in the certificate by a renewal that nobody asked for',
    async () => {
      const held = await eventually('the certificate has the name', async () => {
        const identity = await loadIdentity(dataFolderAt(store.dataFolder));
        return identity?.certificate.san.dns.includes('nas.test') === true ? identity : undefined;
      });
      assert.deepEqual([...held.certificate.san.dns].sort(), ['nas.test', 'store']);
      const { names } = await fleet.call(getHost, { params: { id: store.hostId } });
      assert.deepEqual(names, ['store', 'nas.test']);
    },
  );

  await t.test(
    'T-31 with mapping off a free name waits, by the diagnostic too; once approved it goes on',
    async () => {
      await fleet.call(setSecurity, { body: { mapAutomatically: false } });
      assert.equal(await ask('alias.test'), 'no: PEER_NAME_PENDING, other side skipped');
      assert.equal((await pendingOf('alias.test'))?.reason, 'map-off');
      await fleet.call(wire.approveName, { body: { name: 'alias.test', hostId: store.hostId } });
      assert.equal(await ask('alias.test'), YES);
      await fleet.call(setSecurity, { body: { mapAutomatically: true } });
    },
  );

  await t.test(
    'T-33 an answer that is kept for five minutes counts no more the moment the name is decided anew',
    async () => {
      assert.equal(await ask('nas.test'), YES);
      await give(old.hostId, 'move');
      assert.equal(await ask('nas.test'), 'no: PEER_NAME_PENDING, other side skipped');
      assert.equal(await run(), 'PEER_NAME_PENDING');
      await give(store.hostId, 'move');
      assert.equal(await run(), 'done');
    },
  );

  await t.test(
    'T-33 while the server is away what the policy names goes on, also after a restart; a new name does not',
    async () => {
      await fleet.stopServer();
      assert.equal(await ask('nas.test'), YES);
      assert.equal(await ask('new.test'), 'no: PEER_NAME_UNANSWERED, other side skipped');
      await fleet.restartAgent('web');
      await fleet.restartAgent('store');
      await eventually('store serves again', () => store.agent.mediaPort);
      assert.equal(await ask('nas.test'), YES);
      assert.equal(await ask('new.test'), 'no: PEER_NAME_UNANSWERED, other side skipped');
    },
  );
});
