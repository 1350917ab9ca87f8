import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import {
  getRotation,
  pauseRotation,
  resumeRotation,
  rollBackRotation,
  startRotation,
} from '@sekisho/core/wire/rotations.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { listWorkers } from '@sekisho/server/store/workers.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { shownBy } from '@sekisho/testkit/shown-by.ts';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { ROOT } from './root.ts';

const saidPorts = z.object({ ports: z.object({ agent: z.number() }) });

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('F-33 S-07 a server process that dies while the CA is switched holds nothing up, on the way there and on the way back, and shows the right certificate when it comes back', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: systemClock, addresses: ['127.0.0.1'] });
    const { keys, store, workerId } = trust.server.context;
    const dataFolder = await trust.joined(t);
    const second: { child?: ChildProcess } = {};
    t.after(() => {
      second.child?.kill('SIGKILL');
    });
    /** Starts the other process; returns its port. */
    const run = async (): Promise<number> => {
      const child = fork(join(ROOT, 'packages/server/src/testing/server-child.ts'), ['run', dataFolder], {
        stdio: 'inherit',
      });
      second.child = child;
      const [said] = await once(child, 'message');
      return saidPorts.parse(said).ports.agent;
    };
    const view = (id: string): Promise<RotationView> => trust.call(getRotation, { params: { id } });
    const reaches = (id: string, what: string, isThere: (now: RotationView) => boolean) =>
      eventually(what, async () => {
        const now = await view(id);
        return isThere(now) ? now : undefined;
      });
    /** An update that stands in `switching`, because the other process sleeps; then it is killed. */
    const dieInSwitching = async (): Promise<string> => {
      const child = second.child;
      assert.ok(child !== undefined);
      const { id } = await trust.call(startRotation, { body: { kind: 'ca' } });
      await trust.call(pauseRotation, { params: { id } });
      const { phase } = await view(id);
      assert.ok(phase === 'prepared' || phase === 'announced', phase);
      child.kill('SIGSTOP');
      await eventually('it sleeps', async () => {
        const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2)[0] === 'T' ? true : undefined;
      });
      await trust.call(resumeRotation, { params: { id } });
      const waiting = await reaches(id, 'it waits for the server', (now) => now.waitsFor === 'servers');
      assert.equal(waiting.phase, 'switching');
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      assert.equal((await view(id)).phase, 'switching', 'it may still come back');
      return id;
    };
    /** The others wait 15 s before they take it for dead: its last word is moved back by that. */
    const takenForDead = async (): Promise<void> => {
      await store.db.updateTable('workers').set({ alive_at_ms: 0 }).where('id', '!=', workerId).execute();
      await eventually('it is taken for dead', async () =>
        (await listWorkers(store)).length === 1 ? true : undefined,
      );
    };
    const showsTheSame = async (port: number): Promise<void> => {
      const wanted = await shownBy(trust.server.ports.agent);
      await eventually('both show the same', async () =>
        (await shownBy(port)) === wanted ? true : undefined,
      );
    };
    const provedOnce = ({ steps }: RotationView): void => {
      const own = steps.map(({ step }) => step).filter((step) => step !== 'pause' && step !== 'resume');
      const turn = own.indexOf('roll-back');
      for (const way of turn < 0 ? [own] : [own.slice(0, turn), own.slice(turn + 1)])
        assert.equal(new Set(way).size, way.length, own.join(' '));
    };

    await t.test('on the way there', async () => {
      const before = await run().then(shownBy);
      const id = await dieInSwitching();
      await takenForDead();
      const done = await reaches(id, 'it goes on without it', (now) => now.endedAtMs !== null);
      assert.equal(done.phase, 'done');
      provedOnce(done);
      const port = await run();
      await showsTheSame(port);
      assert.notEqual(await shownBy(port), before);
    });

    await t.test('F-37 on the way back', async () => {
      const before = keys.certificateOf('root').keyId;
      const shown = await shownBy(trust.server.ports.agent);
      const id = await dieInSwitching();
      const turned = await trust.call(rollBackRotation, { params: { id } });
      assert.equal(turned.direction, 'back');
      await takenForDead();
      const done = await reaches(id, 'it is turned back without it', (now) => now.endedAtMs !== null);
      assert.equal(done.phase, 'rolled-back');
      provedOnce(done);
      assert.equal(keys.certificateOf('root').keyId, before);
      await showsTheSame(await run());
      assert.equal(await shownBy(trust.server.ports.agent), shown);
    });
  });
});
