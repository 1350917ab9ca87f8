import { ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';
import { assignServerList, createServerList, unassignServerList } from '@sekisho/core/wire/server-lists.ts';
import { getHost, type HostView } from '@sekisho/core/wire/trust.ts';
import { rootGroup } from '@sekisho/server/features/hosts/host-rows.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { ROOT } from './root.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');

test('F-05 a host that refuses the certificate of its server is orphaned: it says so where it can, and the server shows it', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'web' }], heartbeatSeconds: 1 });
  const { dataFolder, hostId } = fleet.host('web');
  const { domain, ports, store } = fleet.server.context;
  // the right names and roles, even the domain's own ID; but of a CA that nobody here trusts
  const foreign = await TestAuthority.create({ nowMs: Date.now(), domainId: domain.id });
  const stranger = async (port: number): Promise<Server> => {
    const { keyPem: key, chainPem: cert } = foreign.server;
    const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, (socket) => {
      socket.destroy();
    });
    server.on('tlsClientError', () => undefined);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const host = (): Promise<HostView> => fleet.call(getHost, { params: { id: hostId } });
  const health = () =>
    fleet
      .host('web')
      .agent.status()
      .health.find(({ code }) => code === ORPHANED_HEALTH);

  await t.test(
    'it reports over a server of the list that it accepts, and no longer when all is well',
    async (s) => {
      const server = await stranger(0);
      s.after(() => server.close());
      const entry = (port: number, priority: number) => ({
        ...{ priority, serverId: domain.serverId, address: '127.0.0.1', port },
        protocol: 'https' as const,
        acceptedKeys: [],
      });
      const { port } = server.address() as AddressInfo;
      const { list } = await fleet.call(createServerList, {
        body: { name: 'two', servers: [entry(port, 1), entry(ports.agent, 2)], acceptUnreachable: true },
      });
      const group = await rootGroup(store.db);
      await fleet.call(assignServerList, {
        params: { id: list.id, group },
        body: { acceptUnreachable: true },
      });
      const reason = await eventually('the server shows it', async () => {
        const { states, reasons } = await host();
        return states.includes('orphaned') ? reasons.find(({ state }) => state === 'orphaned') : undefined;
      });
      assert.equal(reason?.why, 'refuses-server');
      assert.ok(reason.reportedAtMs > 0);
      assert.match(health()?.detail ?? '', new RegExp(`${port}.*PEER_CHAIN_UNTRUSTED`));
      assert.ok((await host()).states.includes('online'), 'it is heard over the other');

      await fleet.call(unassignServerList, { params: { id: list.id, group } });
      await eventually('nothing is refused any more', async () =>
        (await host()).states.includes('orphaned') ? undefined : true,
      );
    },
  );

  await t.test(
    'its only server replaced: the agent says why and how to mend it, keeps what it has, and comes back',
    async () => {
      // what is on its way arrives first
      await fleet.host('web').agent.heartbeatNow();
      await fleet.stopServer();
      const before = fleet.host('web').agent.status().serials;
      const server = await stranger(ports.agent);
      t.after(() => server.close());
      await eventually('the agent refuses it', () => health());
      const text = await new Promise<string>((resolve) => {
        const args = ['agent', 'status', '--data', dataFolder];
        execFile(SEKISHO, args, { env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' } }, (error, stdout) => {
          assert.equal(error?.code, 1);
          resolve(stdout);
        });
      });
      assert.match(text, /PEER_CHAIN_UNTRUSTED/);
      assert.match(text, /sekisho agent repair FILE/);
      assert.deepEqual(fleet.host('web').agent.status().serials, before);
      await new Promise((resolve) => server.close(resolve));
      await fleet.startServer();
      await eventually('it is back, and has told what it refused', async () => {
        const told = await fleet.server.context.store.db
          .selectFrom('host_events')
          .select('detail')
          .where('host_id', '=', hostId)
          .where('event', '=', 'peer-refused')
          .execute();
        const { states } = await host();
        return told.length > 0 && states.includes('online') && !states.includes('orphaned')
          ? true
          : undefined;
      });
    },
  );
});
