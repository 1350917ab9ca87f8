import { parseServerId } from '@sekisho/core/ids.ts';
import {
  assignServerList,
  createServerList,
  exportPackage,
  listServerLists,
  unassignServerList,
} from '@sekisho/core/wire/server-lists.ts';
import { listRotations, startRotation } from '@sekisho/core/wire/rotations.ts';
import { saveAnchors } from '@sekisho/agent/documents/trust-anchors.ts';
import { rootGroup } from '@sekisho/server/features/hosts/host-rows.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../main.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';

test('F-13 agent repair brings an agent back whose list leads nowhere: in the running agent, and while it is stopped', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'lost' }] });
  const { context } = fleet.server;
  const host = fleet.host('lost');
  const run = async (argv: string[], terminal: Parameters<typeof fakeTerminal>[0] = {}) => {
    const faked = fakeTerminal({ env: { LANG: 'C.UTF-8' }, ...terminal });
    const exitCode = await runCli(argv, { ...faked.io, clock: fleet.clock });
    return { exitCode, text: faked.stdout(), errors: faked.stderr() };
  };
  const serverId = parseServerId(context.domain.serverId);
  assert.ok(serverId !== undefined);
  const nobody = {
    priority: 1,
    serverId,
    address: '127.0.0.1',
    port: 1,
    protocol: 'https' as const,
    acceptedKeys: [],
  };
  const { list } = await fleet.call(createServerList, { body: { name: 'gone', servers: [nobody] } });
  const group = await rootGroup(context.store.db);
  await fleet.call(assignServerList, { params: { id: list.id, group }, body: { acceptUnreachable: true } });
  await eventually('the agent holds a list of nobody', async () => {
    const { lists } = await fleet.call(listServerLists, {});
    return lists.find(({ id }) => id === list.id)?.holding === 1 ? true : undefined;
  });
  await fleet.restartAgent('lost');
  await assert.rejects(host.agent.heartbeatNow(), { code: 'SERVER_UNREACHABLE' });
  await fleet.call(unassignServerList, { params: { id: list.id, group }, query: {} });

  const file = join(fleet.folder, 'repair.json');
  const server = ['--data', fleet.dataFolder];
  const packed = await run(['server-list', 'package', 'default', '--out', file, ...server]);
  assert.equal(packed.exitCode, 0, packed.errors);
  const repair = ['agent', 'repair', file, '--data', host.dataFolder];
  const repaired = await run(repair);
  assert.equal(repaired.exitCode, 0, repaired.errors);
  assert.match(repaired.text, /The management server answers again\.\n$/);
  assert.equal(host.agent.status().lastError, null);

  await t.test(
    'F-13 a CA that the agent does not know is confirmed by a person, and by nobody else',
    async () => {
      await host.agent.stop();
      // as after a lost root: what it trusts is another CA
      const other = await TestAuthority.create({ nowMs: fleet.clock.nowMs() });
      await saveAnchors(join(host.dataFolder, 'anchors.pem'), [other.root.certificate]);
      await rm(join(host.dataFolder, 'documents'), { recursive: true });
      const unasked = await run([...repair, '--yes']);
      assert.deepEqual([unasked.exitCode, /REPAIR_FINGERPRINT_NEEDED/.test(unasked.errors)], [1, true]);
      const declined = await run(repair, { tty: true, input: 'n\n' });
      assert.deepEqual([declined.exitCode, /REPAIR_FINGERPRINT_NEEDED/.test(declined.errors)], [1, true]);
      const wrong = await run([...repair, '--ca-fingerprint', 'ab'.repeat(32)]);
      assert.match(wrong.errors, /REPAIR_FINGERPRINT_MISMATCH/);
      const confirmed = await run(repair, { tty: true, input: 'y\n' });
      assert.equal(confirmed.exitCode, 0, confirmed.errors);
      assert.match(confirmed.errors, new RegExp(fleet.caFingerprint.slice(0, 4)));
      assert.match(confirmed.text, /Start the agent: sekisho agent run/);
      await fleet.restartAgent('lost');
      await host.agent.heartbeatNow();
    },
  );

  await t.test(
    'F-38 after a lost CA the package is enough: the agent renews its own certificate, and nobody is sent for a token',
    async () => {
      await fleet.call(startRotation, { body: { kind: 'ca', emergency: 'lost', overlapSeconds: 0 } });
      await eventually('the new CA is in use', async () => {
        const { rotations } = await fleet.call(listRotations, { query: {} });
        return rotations[0]?.phase === 'done' ? true : undefined;
      });
      const anew = join(fleet.folder, 'repair-anew.json');
      const { lists } = await fleet.call(listServerLists, {});
      const standard = lists.find(({ isDefault }) => isDefault);
      assert.ok(standard !== undefined);
      // not by the command: its keys of repeated requests are drawn by nobody here
      const made = await fleet.call(exportPackage, { params: { id: standard.id } });
      await writeFile(anew, made.file);
      const { caFingerprint } = made;
      const again = await run([
        'agent',
        'repair',
        anew,
        '--data',
        host.dataFolder,
        '--ca-fingerprint',
        caFingerprint,
      ]);
      assert.equal(again.exitCode, 0, again.errors);
      assert.match(again.text, /renews it by itself/);
      assert.doesNotMatch(again.text, /reissue/);
      await eventually('the agent is heard again', () =>
        host.agent.heartbeatNow().then(
          () => true,
          () => undefined,
        ),
      );
    },
  );
});
