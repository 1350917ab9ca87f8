import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import type { RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import { getRotation, listRotations, startRotation } from '@sekisho/core/wire/rotations.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { startDoomed } from '@sekisho/server/testing/doomed-server.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { onceEach } from './updates.ts';

/** An update, and where the server is killed in it, in the order of its steps. */
export interface KilledUpdate {
  readonly kind: RotationKind;
  readonly path: RotationPath;
  readonly points: readonly CrashPoint[];
}

/** The agents that stay connected meanwhile. */
export const KILLED_HOSTS = ['laptop', 'desk'];

/**
 * Carries out updates of one domain with agents that stay connected, on servers that are killed with SIGKILL: each goes on where the one
 * before it died, and dies at the next point. The one that dies first in an update ends the one before it.
 */
export async function proveKilledUpdates(t: TestContext, updates: readonly KilledUpdate[]): Promise<void> {
  const fleet = await Fleet.start(t, { heartbeatSeconds: 1, hosts: KILLED_HOSTS.map((name) => ({ name })) });
  const { ports } = fleet.server;
  const dataFolder = fleet.dataFolder;
  await fleet.stopServer();
  for (const [at, { kind, path, points }] of updates.entries()) {
    for (const [index, point] of points.entries()) {
      const doomed = await startDoomed(t, dataFolder, point, ports);
      // they come by themselves too, after a rest that grows with each death
      for (const { agent } of fleet.hosts.values()) agent.heartbeatNow().catch(() => undefined);
      if (index === 0) {
        await proveEnded(fleet, updates.slice(0, at));
        // the process may be gone before it has answered
        await fleet.call(startRotation, { body: { kind, path } }).catch(() => undefined);
      }
      assert.equal(await doomed.died, 'SIGKILL', point);
      t.diagnostic(`${kind} ${path}: killed at ${point}`);
    }
  }
  await fleet.startServer();
  await proveEnded(fleet, updates);
  const { keys } = fleet.server.context;
  for (const role of ['server-tls', 'document-signer'] as const)
    assert.deepEqual(
      keys.keysOf(role).map(({ state }) => state),
      ['active'],
      role,
    );
}

/** The updates so far have ended well, with each step done once; all agents are back, and want nothing. */
export async function proveEnded(
  fleet: Fleet,
  updates: readonly Pick<KilledUpdate, 'kind' | 'path'>[],
): Promise<void> {
  const { call } = fleet;
  const { rotations } = await call(listRotations, {});
  const said = rotations.map(({ kind, path }) => `${kind} ${path}`);
  assert.deepEqual(said, updates.map(({ kind, path }) => `${kind} ${path}`).reverse());
  for (const { id } of rotations.slice(0, 1)) {
    const done = await eventually('the update ends', async () => {
      const view = await call(getRotation, { params: { id } });
      assert.deepEqual(view.undecided, [], 'nobody is asked anything');
      return view.endedAtMs === null ? undefined : view;
    });
    assert.equal(done.phase, 'done');
    onceEach(done);
  }
  for (const name of KILLED_HOSTS) {
    let said: unknown;
    await eventually(`${name} goes on as before`, async () => {
      const { hostId, agent } = fleet.host(name);
      const { states, health } = await call(getHost, { params: { id: hostId } });
      const { lastError, lastContactMs, serials } = agent.status();
      said = { states, health, lastError, lastContactMs, serials };
      if (states.join() !== 'online' || health.length > 0) return undefined;
      await agent.heartbeatNow();
      return true;
    }).catch((error: unknown) => {
      throw new Error(`${name}: ${JSON.stringify(said)}`, { cause: error });
    });
  }
}
