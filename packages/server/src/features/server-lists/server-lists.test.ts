import { AppError } from '@sekisho/core/errors.ts';
import { getDocument } from '@sekisho/core/wire/agent.ts';
import { communicationPackage } from '@sekisho/core/wire/communication-package.ts';
import * as wire from '@sekisho/core/wire/server-lists.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { verifyDocument } from '@sekisho/pki/documents.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { publishTrust } from '../domain/publish-trust.ts';
import { makePlainCopies } from './plain-copies.ts';
import { requireList } from './read-lists.ts';
import { rootGroup } from '../hosts/host-rows.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;
const FOREIGN = '99999999-9999-4999-8999-999999999999';
const codes = ({ effect }: { effect: wire.ListEffect }): string[] => effect.warnings.map((one) => one.code);

eachStore((dialect) => {
  test('F-10 F-11 management server lists', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: new FakeClock(), addresses: ['127.0.0.1'] });
    const { context } = trust.server;
    const { serverId } = context.domain;
    const { agent: port } = trust.server.ports;
    const root = await rootGroup(context.store.db);
    const agent = await WireAgent.enrol(t, trust, 'web1');
    const here: wire.ListedServerEntry = {
      priority: 1,
      serverId,
      address: '127.0.0.1',
      port,
      protocol: 'https',
      acceptedKeys: [],
    };
    // a port that nobody listens at
    const nobody = { ...here, priority: 2, port: 1 };
    const listOf = async (): Promise<{ serial: number; ports: number[] }> => {
      await context.feed.catchUp();
      const { tls } = agent.identity;
      const answer = await trust.agentRequest({ path: '/v1/agent/documents/list', tls });
      const { jws } = getDocument.reply.parse(JSON.parse(answer.body));
      const { payload } = await verifyDocument(jws, {
        type: 'list',
        domainId: context.domain.id,
        anchors: context.keys.anchors(),
        nowMs: context.clock.nowMs(),
      });
      return { serial: payload.serial, ports: payload.servers.map((server) => server.port) };
    };
    const all = async () => (await trust.call(wire.listServerLists, {})).lists;
    const [standard] = await all();
    assert.ok(standard);

    await t.test('F-10 the default list is there, filled by the server itself', () => {
      assert.equal(standard.isDefault, true);
      assert.deepEqual(
        standard.servers.map((one) => [one.address, one.port, one.instanceId !== null]),
        [['127.0.0.1', port, true]],
      );
    });

    await t.test(
      'F-11 a copy has the entries, each of its installation; a dry run makes nothing',
      async () => {
        const copy = (dryRun: boolean) =>
          trust.call(wire.createServerList, { body: { name: 'spare', copyOf: standard.id, dryRun } });
        assert.equal((await copy(true)).list.name, 'spare');
        assert.equal((await all()).length, 1);
        const { list, effect } = await copy(false);
        assert.deepEqual(list.servers, [{ ...here, instanceId: context.config.instanceId }]);
        assert.deepEqual(effect.entries, [
          { server: `127.0.0.1:${port}`, state: 'reachable', code: null, params: {} },
        ]);
        await assert.rejects(copy(false), code('SERVER_LIST_NAME_TAKEN'));
      },
    );

    const spare = async () => {
      const found = (await all()).find(({ name }) => name === 'spare');
      assert.ok(found);
      return found;
    };
    const replace = async (body: Partial<z.input<typeof wire.replaceServerList.body>>) =>
      trust.call(wire.replaceServerList, {
        params: { id: (await spare()).id },
        body: { revision: (await spare()).revision, ...body },
      });

    await t.test('F-11 what a list cannot say is refused, and what is odd is told of', async () => {
      await assert.rejects(replace({ servers: [here, here] }), code('SERVER_LIST_SERVER_TWICE'));
      await assert.rejects(replace({ revision: 99 }), code('SERVER_LIST_REVISION_CONFLICT'));
      const changed = await replace({
        dryRun: true,
        servers: [here, { ...here, port: 2, serverId: FOREIGN }],
      });
      assert.deepEqual(codes(changed), ['SERVER_LIST_SERVER_FOREIGN']);
    });

    await t.test(
      'F-10 a list that nobody has may name servers that nobody reaches; it is told of',
      async () => {
        const { list, effect } = await replace({ servers: [nobody] });
        assert.equal(list.revision, 2);
        assert.deepEqual(
          effect.entries.map(({ state, code: why }) => [state, why]),
          [['unreachable', 'SERVER_UNREACHABLE']],
        );
        assert.deepEqual(codes({ effect }), ['SERVER_LIST_SERVER_UNKNOWN', 'SERVER_LIST_UNREACHABLE']);
      },
    );

    await t.test('F-11 a list of unreachable servers is assigned only when that is accepted', async () => {
      const params = { id: (await spare()).id, group: root };
      await assert.rejects(
        trust.call(wire.assignServerList, { params, body: {} }),
        code('SERVER_LIST_UNREACHABLE'),
      );
      const { effect } = await trust.call(wire.assignServerList, {
        params,
        body: { acceptUnreachable: true, dryRun: true },
      });
      assert.deepEqual([effect.hosts, effect.named], [1, ['web1']]);
      assert.equal((await spare()).hosts, 0, 'nothing was changed');
    });

    await t.test(
      'F-11 who gets another list gets it with a higher serial, there and back again',
      async () => {
        const before = await listOf();
        await replace({ servers: [here, nobody] });
        const params = { id: (await spare()).id, group: root };
        const { list } = await trust.call(wire.assignServerList, { params, body: {} });
        assert.deepEqual([list.groups.length, list.hosts], [1, 1]);
        const there = await eventually('the other list', async () => {
          const now = await listOf();
          return now.ports.length === 2 ? now : undefined;
        });
        assert.ok(there.serial > before.serial);
        await assert.rejects(
          trust.call(wire.deleteServerList, { params: { id: list.id } }),
          (error: unknown) =>
            error instanceof AppError &&
            error.code === 'SERVER_LIST_ASSIGNED' &&
            String(error.params['groups']) === list.groups[0]?.name,
        );
        await trust.call(wire.unassignServerList, { params, query: {} });
        const back = await eventually('the default list', async () => {
          const now = await listOf();
          return now.ports.length === 1 ? now : undefined;
        });
        assert.ok(back.serial > there.serial, 'an agent takes no lower one');
        await assert.rejects(
          trust.call(wire.unassignServerList, { params, query: {} }),
          code('SERVER_LIST_NOT_ASSIGNED'),
        );
      },
    );

    await t.test(
      'F-13 a host that took the list of a package is given the list of its group with a higher serial',
      async () => {
        // the package carries a newer list than any
        const packed = await trust.call(wire.exportPackage, { params: { id: (await spare()).id } });
        const before = await listOf();
        assert.ok(packed.listSerial > before.serial);
        const beat = (listSerial: number) => agent.post('/v1/agent/heartbeat', agent.body({ listSerial }));
        await beat(packed.listSerial + 1_000_000_000);
        const answered = await beat(packed.listSerial);
        assert.equal(answered.status, 200, answered.body);
        const after = await eventually('the list of the group is the newest', async () => {
          const now = await listOf();
          return now.serial > packed.listSerial ? now : undefined;
        });
        assert.ok(after.serial < packed.listSerial + 1_000_000_000, 'a bare number moves nothing');
      },
    );

    await t.test('F-11 an exported list comes back as it was; another domain is told of', async () => {
      const file = await trust.call(wire.exportServerList, { params: { id: (await spare()).id } });
      const importAs = (name: string, over: object = {}) =>
        trust.call(wire.importServerList, { body: { name, file: JSON.stringify({ ...file, ...over }) } });
      const { list } = await importAs('imported');
      assert.deepEqual(list.servers, (await spare()).servers);
      const foreign = await importAs('elsewhere', { domain: FOREIGN });
      assert.equal(codes(foreign)[0], 'SERVER_LIST_FILE_FOREIGN');
      for (const [bad, where] of [
        [{ format: 'x' }, 'format'],
        [{ servers: [] }, 'servers'],
        [{ servers: [{ ...here, port: 70_000 }] }, 'servers.0.port'],
        [{ more: 1 }, 'Unrecognized'],
      ] as const)
        await assert.rejects(
          importAs('bad', bad),
          (error: unknown) =>
            error instanceof AppError &&
            error.code === 'SERVER_LIST_FILE_INVALID' &&
            String(error.params['detail']).startsWith(where),
        );
      await assert.rejects(
        trust.call(wire.importServerList, { body: { file: JSON.stringify(file).slice(0, -9) } }),
        code('SERVER_LIST_FILE_INVALID'),
      );
      const { lists } = { lists: await all() };
      const elsewhere = lists.find(({ name }) => name === 'elsewhere');
      assert.ok(elsewhere);
      await trust.call(wire.importServerList, {
        body: {
          file: JSON.stringify({ ...file, servers: [here] }),
          into: { id: elsewhere.id, revision: elsewhere.revision },
        },
      });
      await trust.call(wire.deleteServerList, { params: { id: elsewhere.id } });
      await assert.rejects(
        trust.call(wire.getServerList, { params: { id: elsewhere.id } }),
        code('NOT_FOUND'),
      );
    });

    await t.test(
      'F-10 the default list stays; its entries keep their priority when the server starts',
      async () => {
        const params = { id: standard.id };
        await assert.rejects(trust.call(wire.deleteServerList, { params }), code('SERVER_LIST_DEFAULT'));
        const rename = { revision: standard.revision, name: 'other' };
        await assert.rejects(
          trust.call(wire.replaceServerList, { params, body: rename }),
          code('SERVER_LIST_DEFAULT'),
        );
        await trust.call(wire.replaceServerList, {
          params,
          body: { revision: standard.revision, servers: [{ ...here, priority: 3 }] },
        });
        await publishTrust(context);
        const { servers } = await trust.call(wire.getServerList, { params });
        assert.deepEqual(
          servers.map(({ priority, instanceId }) => [priority, instanceId]),
          [[3, context.config.instanceId]],
        );
      },
    );

    await t.test('F-11 what was copied follows an installation that moves, and hosts are told', async () => {
      const { list } = await trust.call(wire.createServerList, {
        body: { name: 'copied', copyOf: standard.id },
      });
      const params = { id: list.id };
      const heldAt = async (): Promise<unknown[]> => {
        const { servers, serial } = await trust.call(wire.getServerList, { params });
        return [servers.map((server) => server.port), serial];
      };
      const before = await heldAt();
      await publishTrust({ ...context, ports: { ...context.ports, agent: 13_999 } });
      const [ports, serial] = await heldAt();
      assert.deepEqual(ports, [13_999]);
      assert.ok(Number(serial) > Number(before[1]));
      await publishTrust(context);
      assert.deepEqual((await heldAt())[0], [port]);
      await trust.call(wire.deleteServerList, { params });
    });

    await t.test('F-31 without TLS each installation is named with its own plain port', async () => {
      const { store } = context;
      const undone = new Error('undone');
      const done = store.transaction(async (tx) => {
        const [own] = (await requireList(tx, standard.id)).servers;
        const other = { ...own!, address: 'other.example', instanceId: 'other', httpPort: 9_014 };
        const servers = JSON.stringify([own, other]);
        await tx.updateTable('server_lists').set({ servers }).where('id', '=', standard.id).execute();
        const terms = { label: 'x', nowMs: context.clock.nowMs() };
        const [copy] = await makePlainCopies(context, tx, new Set([standard.id]), terms);
        const made = (await requireList(tx, copy!.to)).servers;
        assert.deepEqual(
          made.map((server) => `${server.protocol} ${server.address}:${server.port} ${server.instanceId}`),
          [
            `http 127.0.0.1:${context.ports.http} ${context.config.instanceId}`,
            'http other.example:9014 other',
            `https 127.0.0.1:${port} ${context.config.instanceId}`,
            `https other.example:${port} other`,
          ],
        );
        throw undone;
      });
      await assert.rejects(done, undone);
    });

    await t.test(
      'F-13 a communication package carries bundle and list, each signed, and is audited',
      async () => {
        const { id } = await spare();
        const made = await trust.call(wire.exportPackage, { params: { id } });
        const file = communicationPackage.parse(JSON.parse(made.file));
        const facts = {
          domainId: context.domain.id,
          anchors: context.keys.anchors(),
          nowMs: context.clock.nowMs(),
        };
        const { payload } = await verifyDocument(file.signed, { ...facts, type: 'communication' });
        const bundle = await verifyDocument(payload.bundle, { ...facts, type: 'bundle' });
        const list = await verifyDocument(payload.list, { ...facts, type: 'list' });
        assert.deepEqual([bundle.payload.serial, list.payload.list], [made.generation, id]);
        assert.equal(file.caFingerprint, context.domain.caFingerprint);
        const { rows } = await trust.call(listAudit, { query: { limit: 100 } });
        const acts = new Set(rows.map(({ act }) => act));
        for (const act of [
          'create-server-list',
          'change-server-list',
          'delete-server-list',
          'assign-server-list',
          'unassign-server-list',
          'export-communication-package',
        ])
          assert.ok(acts.has(act), act);
      },
    );
  });
});
