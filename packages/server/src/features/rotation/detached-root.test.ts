import { SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES } from '@sekisho/core/wire/agent.ts';
import { attachRoot, detachRoot, exportRoot } from '@sekisho/core/wire/root.ts';
import { getRotation, pauseRotation, resumeRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const passphrase = 'correct horse battery staple';

test('F-30 F-33 a root that is taken away between announcement and switch holds the update, and it goes on when the root is back', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const { documents, keys, store } = trust.server.context;
  const states = async (): Promise<string[]> => {
    const rows = await store.db.selectFrom('ca_keys').select(['role', 'state', 'sealed']).execute();
    return rows.map(({ role, state, sealed }) => `${role} ${state} ${sealed === null ? 'away' : 'here'}`);
  };
  for (const kind of ['signing', 'ca'] as const)
    await t.test(kind, async () => {
      const agent = await WireAgent.enrol(t, trust, `${kind}.example`);
      const capabilities = [...AGENT_CAPABILITIES];
      await agent.pullHeartbeat({ capabilities, bundleGeneration: 0, listSerial: 0 });
      const made = await trust.call(exportRoot, { body: { passphrase } });
      const { id } = await trust.call(startRotation, { body: { kind } });
      const view = () => trust.call(getRotation, { params: { id } });
      const until = (what: string, isTrue: () => Promise<boolean>): Promise<true> =>
        eventually(what, async () => {
          await clock.advance(SECOND_MS);
          return (await isTrue()) ? true : undefined;
        });
      await until('it is announced', async () => (await view()).phase === 'announced');
      const body = { passphrase, package: made.package };
      await trust.call(detachRoot, { body });
      const before = await states();

      // the host has it all: the gate opens, and the switch cannot be done
      const held = {
        capabilities,
        bundleGeneration: documents.latestSerial('bundle', '') ?? 0,
        listSerial: 0,
      };
      await agent.pullHeartbeat(held);
      await until('it says what it needs', async () => (await view()).problem?.code === 'KEY_DETACHED');
      const stopped = await view();
      assert.deepEqual([stopped.phase, stopped.problem?.params], ['announced', { role: 'root' }]);
      assert.deepEqual(await states(), before, 'no key has changed');
      assert.equal(documents.latestSerial('bundle', ''), held.bundleGeneration);
      // it is steered all the same
      await trust.call(pauseRotation, { params: { id } });
      await trust.call(resumeRotation, { params: { id } });
      assert.equal((await view()).phase, 'announced');

      await trust.call(attachRoot, { body });
      await trust.call(revokeHost, { params: { id: agent.hostId }, body: { reason: 'superseded' } });
      await until('it ends', async () => (await view()).endedAtMs !== null);
      const done = await view();
      assert.deepEqual([done.phase, done.problem], ['done', null]);
      assert.equal(keys.certificateOf(kind === 'ca' ? 'root' : 'document-signer').keyId, done.toKeyId);
    });
});
