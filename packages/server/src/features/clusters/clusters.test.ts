import { AppError } from '@sekisho/core/errors.ts';
import * as wire from '@sekisho/core/wire/clusters.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { addMapping, askPeers, listMappings, listPendingNames } from '@sekisho/core/wire/names.ts';
import { listAudit, revokeHost } from '@sekisho/core/wire/trust.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterTag } from './change-clusters.ts';

const VIP = 'files.example.com';
const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;

eachStore((dialect) => {
  test('T-20 clusters: nodes that share a virtual name', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: new FakeClock() });
    const client = await WireAgent.enrol(t, trust, 'client');
    const a = await WireAgent.enrol(t, trust, 'files-a');
    const b = await WireAgent.enrol(t, trust, 'files-b');
    const c = await WireAgent.enrol(t, trust, 'files-c');
    /** May that host go by the virtual name, as the client is told? */
    const answerFor = async (host: WireAgent): Promise<string> => {
      const { fingerprint } = host.identity.certificate;
      const body = { questions: [{ name: VIP, hostId: host.hostId, direction: 'dialled', fingerprint }] };
      const { answers } = askPeers.reply.parse(JSON.parse((await client.post(askPeers.path, body)).body));
      return answers[0]?.allow === true ? 'allowed' : (answers[0]?.code ?? '?');
    };
    const mappings = async (): Promise<string[]> =>
      (await trust.call(listMappings, { query: { name: VIP } })).mappings.map(
        ({ host, kind }) => `${host.name} ${kind}`,
      );
    const nodesOf = ({ nodes }: wire.ClusterView) =>
      nodes.map(({ node, certificate, mapped, legacy }) => [node, certificate, mapped, legacy]);
    const params = { name: VIP };

    await t.test('T-20 what cannot be a cluster is refused', async () => {
      const create = (name: string, nodes: string[]) =>
        trust.call(wire.createCluster, { body: { name, nodes } });
      await assert.rejects(create('files-a', ['files-b']), code('CLUSTER_NAME_OF_HOST'));
      await assert.rejects(create('later.example.com', ['later.example.com']), code('CLUSTER_NAME_OF_HOST'));
      await assert.rejects(create('localhost', ['files-a']), code('HOST_NAME_RESERVED'));
      await trust.call(addMapping, { body: { name: 'taken.example.com', hostId: c.hostId } });
      await assert.rejects(create('taken.example.com', ['files-a']), code('CLUSTER_NAME_TAKEN'));
      await assert.rejects(trust.call(wire.getCluster, { params }), code('NOT_FOUND'));
    });

    await t.test(
      'T-20 T-31 the name is shared by its nodes: after a failover the other answers without a new approval',
      async () => {
        assert.equal(await answerFor(c), 'allowed', 'met by itself, before anybody said whose name it is');
        const cluster = await trust.call(wire.createCluster, {
          body: { name: 'FILES.example.com.', nodes: ['files-a', 'files-b', 'files-later'] },
        });
        assert.equal(cluster.name, VIP);
        assert.deepEqual(nodesOf(cluster), [
          ['files-a', 'valid', true, false],
          ['files-b', 'valid', true, false],
          ['files-later', 'none', false, false],
        ]);
        assert.deepEqual((await mappings()).sort(), ['files-a shared', 'files-b shared']);
        assert.equal(await answerFor(a), 'allowed');
        assert.equal(await answerFor(b), 'allowed');
        await assert.rejects(
          trust.call(wire.createCluster, { body: { name: VIP, nodes: ['files-a'] } }),
          code('CLUSTER_EXISTS'),
        );
      },
    );

    await t.test('T-20 a third node without the name waits for an administrator, who adds it', async () => {
      assert.equal(await answerFor(c), 'PEER_NAME_PENDING');
      const { pending } = await trust.call(listPendingNames, { query: {} });
      assert.deepEqual(
        pending.map(({ name, host }) => [name, host.name]),
        [[VIP, 'files-c']],
      );
      const cluster = await trust.call(wire.addClusterNode, { params, body: { node: 'files-c' } });
      assert.equal(cluster.nodes.find(({ node }) => node === 'files-c')?.mapped, true);
      assert.equal(await answerFor(c), 'allowed');
      const same = await trust.call(wire.addClusterNode, { params, body: { node: 'files-c' } });
      assert.deepEqual(same.nodes, cluster.nodes);
    });

    await t.test('T-20 a change of what somebody else has changed in between is refused', async () => {
      const before = await trust.call(wire.getCluster, { params });
      const seen = { ...before, nodes: before.nodes.map(({ node }) => node) };
      const old = clusterTag({ ...seen, nodes: seen.nodes.slice(1) });
      const body = { node: 'files-later' };
      const failed = code('PRECONDITION_FAILED');
      await assert.rejects(trust.call(wire.addClusterNode, { params, body, ifMatch: old }), failed);
      const one = { name: VIP, node: 'files-later' };
      await assert.rejects(trust.call(wire.removeClusterNode, { params: one, ifMatch: old }), failed);
      await assert.rejects(trust.call(wire.deleteCluster, { params, ifMatch: old }), failed);
      await trust.call(wire.addClusterNode, { params, body, ifMatch: clusterTag(seen) });
    });

    await t.test(
      'T-20 a node whose mapping was taken, or whose certificate was revoked, shows so',
      async () => {
        await trust.call(wire.removeClusterNode, { params: { name: VIP, node: 'files-c' } });
        assert.equal(await answerFor(c), 'PEER_NAME_PENDING');
        await trust.call(revokeHost, { params: { id: b.hostId }, body: { reason: 'unspecified' } });
        const cluster = await trust.call(wire.getCluster, { params });
        assert.deepEqual(nodesOf(cluster), [
          ['files-a', 'valid', true, false],
          ['files-b', 'revoked', true, false],
          ['files-later', 'none', false, false],
        ]);
      },
    );

    await t.test('T-20 reissue tokens for all nodes at once: each good for its own node alone', async () => {
      const made = await trust.call(wire.reissueClusterTokens, { params, body: {} });
      assert.deepEqual(made.withoutHost, ['files-later']);
      assert.deepEqual(
        made.tokens.map(({ node, token }) => [node, token.purpose, token.usesMax, token.hostId]),
        [
          ['files-a', 'reissue', 1, a.hostId],
          ['files-b', 'reissue', 1, b.hostId],
        ],
      );
      const [forA, forB] = made.tokens.map(({ token }) => token.token);
      await assert.rejects(trust.enrol({ name: 'files-a' }, { token: forB! }), /TOKEN_REFUSED/);
      const again = await trust.enrol({ name: 'files-b' }, { token: forB! });
      assert.equal(again.hostId, b.hostId);
      assert.ok(again.certificate.san.dns.includes(VIP), 'its certificate carries the virtual name');
      assert.equal((await trust.enrol({ name: 'files-a' }, { token: forA! })).hostId, a.hostId);
    });

    await t.test('T-20 nodes that are not upgraded together are named', async () => {
      await trust.call(addLegacyHost, { body: { name: 'files-later' } });
      const { clusters } = await trust.call(wire.listClusters, {});
      assert.deepEqual(
        clusters.map(({ name, mixed, nodes }) => [name, mixed, nodes.filter(({ legacy }) => legacy).length]),
        [[VIP, true, 1]],
      );
    });

    await t.test(
      'T-20 T-31 the name stays reserved while nobody has it, and is free after the cluster',
      async () => {
        await trust.call(wire.createCluster, { body: { name: 'empty.example.com', nodes: ['files-later'] } });
        const { fingerprint } = c.identity.certificate;
        const about = { name: 'empty.example.com', hostId: c.hostId, direction: 'dialled', fingerprint };
        const body = { questions: [about] };
        const ask = async () =>
          askPeers.reply.parse(JSON.parse((await client.post(askPeers.path, body)).body)).answers[0];
        assert.equal((await ask())?.code, 'PEER_NAME_PENDING');
        assert.deepEqual(await trust.call(wire.deleteCluster, { params }), { deleted: VIP });
        assert.deepEqual(await mappings(), []);
        const acts = ['create-cluster', 'change-cluster', 'delete-cluster'] as const;
        const counts = [];
        for (const act of acts)
          counts.push((await trust.call(listAudit, { query: { act, subject: VIP } })).rows.length);
        assert.deepEqual(counts, [1, 2, 1]);
      },
    );
  });
});
