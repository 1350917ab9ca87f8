import type { RotationKind, RotationPhase } from '@sekisho/core/rules/rotation.ts';
import {
  getRotation,
  listRotations,
  pauseRotation,
  resumeRotation,
  startRotation,
} from '@sekisho/core/wire/rotations.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { PostgresPair } from '@sekisho/testkit/postgres-pair.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const names = ['one', 'two'];

/** A domain on a PostgreSQL that fails over, and agents whose generations are watched all the time. */
class FailingOver {
  readonly pair: PostgresPair;
  readonly fleet: Fleet;
  /** The highest that each host has echoed. */
  readonly #generations = new Map<string, number>();

  constructor(pair: PostgresPair, fleet: Fleet) {
    this.pair = pair;
    this.fleet = fleet;
  }

  /** F-37 A generation only ever goes up. */
  #watch(): void {
    for (const name of names) {
      const now = this.#heldBy(name);
      const before = this.#generations.get(name) ?? 0;
      assert.ok(now >= before, `${name} has gone back from ${before} to ${now}`);
      this.#generations.set(name, now);
    }
  }

  #heldBy(name: string): number {
    const { index } = this.fleet.server.rotations.fleet;
    return index.get(this.fleet.host(name).hostId)?.bundleGeneration ?? 0;
  }

  /** While the database is away nothing is answered. */
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    return eventually(what, async () => {
      this.#watch();
      return ask().catch(() => undefined);
    });
  }

  /** All hosts are online and hold the newest bundle that the database has, which is newer than that. */
  hostsHoldNewest(above = 0): Promise<number> {
    return this.until('all hosts are online and hold the newest bundle', async () => {
      const { documents } = this.fleet.server.context;
      const newest = documents.latestSerial('bundle', '') ?? 0;
      if (newest <= above) return undefined;
      for (const name of names) {
        const { hostId } = this.fleet.host(name);
        const { states } = await this.fleet.call(getHost, { params: { id: hostId } });
        if (!states.includes('online') || this.#heldBy(name) !== newest) return undefined;
      }
      return newest;
    });
  }

  async begin(kind: RotationKind): Promise<string> {
    const body = { kind, overlapSeconds: 3 };
    return (await this.until('it begins', () => this.fleet.call(startRotation, { body }))).id;
  }

  pause = (id: string) =>
    this.until('it is paused', () => this.fleet.call(pauseRotation, { params: { id } }));
  resume = (id: string) =>
    this.until('it goes on', () => this.fleet.call(resumeRotation, { params: { id } }));

  reaches(id: string, phase: RotationPhase): Promise<true> {
    return this.until(`it is in phase ${phase}`, async () =>
      (await this.fleet.call(getRotation, { params: { id } })).phase === phase ? true : undefined,
    );
  }

  /** To its end, and no step was done twice. */
  async ends(id: string): Promise<void> {
    const done = await this.until('it ends', async () => {
      const view = await this.fleet.call(getRotation, { params: { id } });
      return view.endedAtMs === null ? undefined : view;
    });
    assert.equal(done.phase, 'done');
    const steps = done.steps.map(({ step }) => step).filter((step) => step !== 'pause' && step !== 'resume');
    assert.equal(new Set(steps).size, steps.length, steps.join(' '));
    assert.equal(done.hosts.accepted, 0);
    await this.hostsHoldNewest();
  }
}

test('F-33 F-37 S-07 the database fails over between two steps of an update: it goes on to its end, and what was lost is outranked', async (t) => {
  const pair = await PostgresPair.start(t, 'domain');
  const stopFirst: (() => Promise<void> | void)[] = [];
  t.after(async () => {
    for (const stop of stopFirst) await stop();
  });
  const after = (call: () => Promise<void> | void): void => void stopFirst.push(call);
  const hosts = names.map((name) => ({ name }));
  const fleet = await Fleet.start({ after }, { database: pair.url, heartbeatSeconds: 1, hosts });
  const all = new FailingOver(pair, fleet);

  await t.test('TLS, with all that was committed', async () => {
    const id = await all.begin('tls');
    await all.pause(id);
    await pair.follow();
    await pair.failOver();
    await all.resume(id);
    await all.ends(id);
  });

  await t.test('the CA, without the switch that hosts have heard of', async () => {
    const id = await all.begin('ca');
    const kept = await all.pause(id);
    assert.ok(kept.phase === 'prepared' || kept.phase === 'announced');
    await pair.follow();
    await pair.cut();
    await all.resume(id);
    await all.reaches(id, 'overlap');
    await all.pause(id);
    const lost = await all.hostsHoldNewest();
    await pair.failOver();
    await all.until('the database is back where it was', async () => {
      const { phase, pausedAtMs } = await fleet.call(getRotation, { params: { id } });
      return phase === kept.phase && pausedAtMs !== null ? true : undefined;
    });
    // what hosts hold is outranked, with nobody's help
    await all.hostsHoldNewest(lost);
    await all.resume(id);
    await all.ends(id);
  });

  await t.test('the signing certificate, without the update that had begun it', async () => {
    await pair.follow();
    await pair.cut();
    const gone = await all.begin('signing');
    await all.reaches(gone, 'overlap');
    const lost = await all.hostsHoldNewest();
    await pair.failOver();
    await all.until('nobody knows of the update', async () => {
      const { rotations } = await fleet.call(listRotations, {});
      return rotations.some(({ id }) => id === gone) ? undefined : true;
    });
    await all.hostsHoldNewest(lost);
    await all.ends(await all.begin('signing'));
  });
});
