import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { createGroup, moveHost } from '@sekisho/core/wire/groups.ts';
import { assignServerList, createServerList, listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { rootGroup } from '@sekisho/server/features/hosts/host-rows.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';

const PERIOD_SECONDS = 5;

/** A fleet on a clock that is moved, and machines whose own clocks are off. */
export class Meddled {
  readonly clock = new FakeClock();
  /** By how much the clock of a host is ahead of the true time. */
  readonly #skewMs = new Map<string, number>();
  fleet!: Fleet;
  readonly tick = (ms = SECOND_MS): Promise<void> => this.clock.advance(ms);

  static async start(
    t: HasAfter,
    hosts: readonly string[],
    skewMs: Readonly<Record<string, number>> = {},
  ): Promise<Meddled> {
    const meddled = new Meddled();
    for (const [host, byMs] of Object.entries(skewMs)) meddled.#skewMs.set(host, byMs);
    meddled.fleet = await Fleet.start(t, {
      clock: meddled.clock,
      clockOf: (host) => meddled.clockOf(host),
      heartbeatSeconds: PERIOD_SECONDS,
      hostCertificateHours: 450 * 24,
      hosts: hosts.map((name) => ({ name })),
    });
    return meddled;
  }

  clockOf(host: string): Clock {
    const { clock } = this;
    return {
      nowMs: () => clock.nowMs() + (this.#skewMs.get(host) ?? 0),
      monotonicMs: () => clock.monotonicMs(),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
      timer: (delayMs, call) => clock.timer(delayMs, call),
    };
  }

  /** What is wrong with it, as it says itself. */
  async health(host: string): Promise<readonly string[]> {
    return (await this.fleet.call(getHost, { params: { id: this.#idOf(host) } })).health;
  }

  /** A host goes, and is known to be offline. */
  async leaves(host: string): Promise<void> {
    await this.fleet.host(host).agent.stop();
    await eventually(`${host} is offline`, async () => {
      await this.tick();
      const { states } = await this.fleet.call(getHost, { params: { id: this.#idOf(host) } });
      return states.includes('offline') ? true : undefined;
    });
  }

  root(): Promise<GroupId> {
    return rootGroup(this.fleet.server.context.store.db);
  }

  /** A group whose list has the standard list's servers, at another port maybe. */
  async groupWith(name: string, port: number): Promise<GroupId> {
    const { call } = this.fleet;
    const [standard] = (await call(listServerLists, {})).lists;
    assert.ok(standard);
    const servers = standard.servers.map(({ instanceId: _, ...server }) => ({ ...server, port }));
    const { list } = await call(createServerList, { body: { name, servers, acceptUnreachable: true } });
    const { id: group } = await call(createGroup, { body: { name, parentId: await this.root() } });
    await call(assignServerList, { params: { id: list.id, group }, body: { acceptUnreachable: true } });
    return group;
  }

  async move(host: string, groupId: GroupId): Promise<void> {
    await this.fleet.call(moveHost, { params: { id: this.#idOf(host) }, body: { groupId } });
  }

  #idOf(host: string): HostId {
    return this.fleet.host(host).hostId;
  }
}
