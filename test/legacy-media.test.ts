import type { HostId } from '@sekisho/core/ids.ts';
import type { JobView } from '@sekisho/core/wire/jobs.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { createPlan, type PlanView } from '@sekisho/core/wire/plans.ts';
import { setSecurity } from '@sekisho/core/wire/trust.ts';
import { parseTarget } from '@sekisho/media/http/parse-target.ts';
import { serveRepository } from '@sekisho/media/http/serve-repository.ts';
import { MediaStore } from '@sekisho/media/store/media-store.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { WITHOUT_EFFECT } from '@sekisho/server/config.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFiles, noRestic, refusedWith, sameTree, SLOW_BYTES, SLOW_KIBPS, underWay } from './under-way.ts';

test('T-53 a current host and a legacy media server, with real restic', async (t) => {
  // known from elsewhere: it forbids nothing here, and allows nothing later
  process.env[WITHOUT_EFFECT] = '0';
  t.after(() => Reflect.deleteProperty(process.env, WITHOUT_EFFECT));
  const fleet = await Fleet.start(t, { hosts: [{ name: 'laptop', media: true }] });
  const { call } = fleet;
  const { hostId } = fleet.host('laptop');
  const plain = await PlainStore.start(t, fleet);
  const endpoint = { address: '127.0.0.1', port: plain.port };
  const old = await call(addLegacyHost, { body: { name: 'old-store', kind: 'media', endpoint } });
  const switchTo = (insecureCommunication: boolean) => call(setSecurity, { body: { insecureCommunication } });
  const planTo = (
    paths: string[],
    mediaServers: HostId[],
    bandwidthKiBps: number | null = null,
  ): Promise<PlanView> => {
    const name = `files ${systemRandom.uuid()}`;
    const targets = { hosts: [hostId], groups: [] };
    return call(createPlan, { body: { name, targets, paths, mediaServers, bandwidthKiBps } });
  };
  const ended = (job: JobView): unknown[] => [job.state, job.report?.code ?? null];
  const source = join(fleet.folder, 'source');
  await makeFiles(source);
  const plan = await planTo([source], [old.hostId]);

  await t.test('T-53 it backs up to it in plain while the setting is on, and restores from it', async () => {
    const job = await fleet.backup(plan.id, 'laptop');
    assert.deepEqual(ended(job), ['done', null], JSON.stringify(job.report));
    const [point] = await fleet.points('laptop');
    assert.ok(point !== undefined);
    assert.ok(plain.connections > 0);
    const target = join(fleet.folder, 'restored');
    const restored = await fleet.restore(point, target);
    assert.deepEqual(ended(restored), ['done', null], JSON.stringify(restored.report));
    await sameTree(join(target, source), source);
  });

  const large = join(fleet.folder, 'large');
  await makeFiles(large, SLOW_BYTES);

  await t.test('T-53 turning the setting off cuts a transfer that runs, and the job says why', async () => {
    const slow = await planTo([large], [old.hostId], SLOW_KIBPS);
    const running = await fleet.begin(slow.id, 'laptop');
    await underWay(fleet, running);
    assert.ok(plain.live.size > 0);
    await switchTo(false);
    assert.deepEqual(ended(await fleet.ended(running)), ['failed', 'INSECURE_COMMUNICATION_OFF']);
    await noRestic(fleet);
    await eventually('no connection is left', () => (plain.live.size === 0 ? true : undefined));
  });

  await t.test(
    'T-53 while it is off nothing is sent to it, whatever the familiar variable says',
    async () => {
      const before = plain.connections;
      const two = await planTo([source], [old.hostId, hostId]);
      const [point] = await fleet.points('laptop');
      assert.ok(point !== undefined);
      const refused = async (): Promise<void> => {
        await refusedWith('INSECURE_COMMUNICATION_OFF', fleet.begin(plan.id, 'laptop'));
        await refusedWith('INSECURE_COMMUNICATION_OFF', fleet.restore(point, join(fleet.folder, 'no')));
      };
      await refused();
      process.env[WITHOUT_EFFECT] = '1';
      await fleet.stopServer();
      await fleet.startServer();
      await refused();
      // a plan with a second media server runs: the host asks about the first by itself, and goes on at the second (P-10)
      const job = await fleet.backup(two.id, 'laptop');
      assert.equal(job.state, 'warnings', JSON.stringify(job.report));
      assert.equal(job.report?.mediaHostId, hostId);
      assert.match(job.report?.warnings.join() ?? '', /INSECURE_COMMUNICATION_OFF/);
      assert.equal(plain.connections, before);
    },
  );

  await t.test('T-53 turned on again, the next backup goes there without a restart', async () => {
    await switchTo(true);
    assert.deepEqual(ended(await fleet.backup(plan.id, 'laptop')), ['done', null]);
  });
});

/** A media server of old: restic's REST protocol over HTTP, for whoever comes. */
class PlainStore {
  readonly port: number;
  readonly live: ReadonlySet<Socket>;
  readonly #accepted: { count: number };

  private constructor(port: number, live: ReadonlySet<Socket>, accepted: { count: number }) {
    this.port = port;
    this.live = live;
    this.#accepted = accepted;
  }

  /** How many there were so far. */
  get connections(): number {
    return this.#accepted.count;
  }

  static async start(t: HasAfter, { folder, clock }: Fleet): Promise<PlainStore> {
    const store = await MediaStore.open({
      folder: join(folder, 'old-store'),
      quotaBytesPerHost: () => null,
      onEvent: () => Promise.resolve(),
      clock,
      random: systemRandom,
      log: silentLog(),
    });
    const live = new Set<Socket>();
    const accepted = { count: 0 };
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      void serveRepository(
        { store, request, response, caller: { kind: 'client' } },
        parseTarget(request.url ?? ''),
      );
    });
    server.on('connection', (socket: Socket) => {
      accepted.count += 1;
      live.add(socket);
      socket.once('close', () => live.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await store.close();
    });
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return new PlainStore(address.port, live, accepted);
  }
}
