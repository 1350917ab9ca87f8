import { SECOND_MS } from '@sekisho/core/time.ts';
import { rollBackRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { changeServerConfig, Fleet } from '@sekisho/testkit/fleet.ts';
import { eachStore, emptyDatabase } from '@sekisho/testkit/stores.ts';
import { joinFolder, startOn } from '@sekisho/testkit/trust-server.ts';
import { shownBy } from '@sekisho/testkit/shown-by.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { allHoldNewest, pacedTick, reaches, viewOf } from './updates.ts';

const HOSTS = ['one', 'two', 'three'];
const HEARTBEAT_SECONDS = 5;

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('F-31 F-33 F-37 turned back when one of two servers has switched, both show the old certificate again, and no agent is lost', async (t) => {
    // the database goes after the servers
    const later: (() => unknown)[] = [];
    const { database } = await emptyDatabase({ after: (step) => later.push(step) }, dialect);
    const clock = new FakeClock();
    const tick = pacedTick(clock);
    const hosts = HOSTS.map((name) => ({ name }));
    const fleet = await Fleet.start(t, {
      database,
      clock,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      hostCertificateHours: 450 * 24,
      hosts,
    });
    const dataFolder = join(fleet.folder, 'second');
    await joinFolder(dataFolder, fleet);
    // whichever of the two moves the update on waits for cycles of this length
    await changeServerConfig(dataFolder, { fleet: { heartbeatSeconds: HEARTBEAT_SECONDS } });
    const second = await startOn(dataFolder, clock);
    t.after(() => second.stop());
    for (const step of later) t.after(step);
    const shown = (): Promise<string[]> =>
      Promise.all([fleet.server.ports.agent, second.ports.agent].map(shownBy));
    const before = await shown();
    assert.equal(new Set(before).size, 1);
    await allHoldNewest(fleet, HOSTS, tick);

    const { id } = await fleet.call(startRotation, { body: { kind: 'tls', path: 'failover' } });
    await eventually('one of the two has switched', async () => {
      await tick(SECOND_MS);
      return new Set(await shown()).size === 2 ? true : undefined;
    }).catch(async (error: unknown) => {
      throw new Error(JSON.stringify(await viewOf(fleet, id)), { cause: error });
    });
    const half = await fleet.call(rollBackRotation, { params: { id } });
    assert.deepEqual([half.direction, half.phase], ['back', 'announced']);
    const done = await reaches(fleet, id, ['rolled-back'], tick);
    assert.deepEqual(done.undecided, []);
    await eventually('both show the old one', async () => {
      await tick(SECOND_MS);
      return (await shown()).join() === before.join() ? true : undefined;
    });
    await allHoldNewest(fleet, HOSTS, tick);
  });
});
