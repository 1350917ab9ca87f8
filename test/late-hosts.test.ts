import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { getDomain, getHost } from '@sekisho/core/wire/trust.ts';
import { pauseRotation, planRotation, resumeRotation } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './root.ts';
import { allHoldNewest, beginUpdate, comesBack, onceEach, reaches, viewOf } from './updates.ts';

const THERE = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
const AWAY = ['north', 'south', 'west'];
/** Of a week and four updates, which take seconds each. */
const CERTIFICATE_HOURS = 450 * 24;

test('F-32 F-37 F-38 three of ten agents are off while certificates and CAs are changed, and come back by themselves a week later', async (t) => {
  const clock = new FakeClock();
  const fleet = await Fleet.start(t, {
    clock,
    heartbeatSeconds: 10,
    hostCertificateHours: CERTIFICATE_HOURS,
    hosts: [...THERE, ...AWAY].map((name) => ({ name })),
  });
  const tick = (ms = SECOND_MS): Promise<void> => clock.advance(ms);

  /** The fleet goes on without these; the plan says that they are not lost. */
  const leave = async (): Promise<void> => {
    for (const name of AWAY) await fleet.host(name).agent.stop();
    await eventually('the plan names who is not there', async () => {
      await tick();
      const plan = await fleet.call(planRotation, { body: { kind: 'ca' } });
      assert.deepEqual([plan.wouldBeLost, plan.prevented], [[], false]);
      return plan.late
        .map(({ name }) => name)
        .sort()
        .join() === [...AWAY].sort().join()
        ? true
        : undefined;
    });
  };
  /** Changes the CA; nobody is asked anything. */
  const change = async (): Promise<void> => {
    const id = await beginUpdate(fleet, { kind: 'ca' });
    const done = await reaches(fleet, id, ['done'], tick, ({ hosts, problem }) => {
      assert.deepEqual([hosts.undecided, problem], [0, null]);
    });
    assert.deepEqual(
      done.steps.map(({ step }) => step),
      ['start', 'announce', 'switch', 'settle', 'rekey', 'withdraw', 'finish'],
    );
  };
  /** Held up for longer than the gate waits for who is silent, it says of whom it knows that they come back. */
  const countsThem = async (): Promise<void> => {
    const id = await beginUpdate(fleet, { kind: 'signing' });
    await reaches(fleet, id, ['announced'], tick);
    await fleet.call(pauseRotation, { params: { id } });
    const { hosts } = await eventually('the gate has waited for who is silent', async () => {
      await tick();
      const view = await viewOf(fleet, id);
      return view.hosts.silent + view.hosts.waiting === 0 ? view : undefined;
    });
    assert.deepEqual([hosts.acknowledged, hosts.late, hosts.undecided], [THERE.length, AWAY.length, 0]);
    await fleet.call(resumeRotation, { params: { id } });
    onceEach(await reaches(fleet, id, ['done'], tick));
  };
  /** An agent begins to follow, and its power fails on the way. */
  const killed = async (name: string, point: CrashPoint): Promise<void> => {
    const behindMs = String(Date.now() - clock.nowMs());
    const child = spawn(
      process.execPath,
      [join(ROOT, 'packages/agent/test/agent-child.ts'), fleet.host(name).dataFolder, '0', behindMs],
      { env: { ...process.env, SEKISHO_TEST_CRASH_POINT: point }, stdio: 'ignore' },
    );
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await eventually(`${name} dies at ${point}`, async () => {
      await tick();
      return child.exitCode ?? child.signalCode ?? undefined;
    });
    assert.deepEqual(await ended, [null, 'SIGKILL'], point);
  };
  const comeBack = async (point: CrashPoint): Promise<void> => {
    clock.jump(7 * DAY_MS);
    await killed('west', point);
    await Promise.all(AWAY.map((name) => fleet.restartAgent(name)));
    const all = [...THERE, ...AWAY];
    for (const name of all) await comesBack(fleet, name, tick);
    await allHoldNewest(fleet, all, tick);
  };

  const before = await fleet.call(getDomain);
  await t.test('after one change, and one of the signing certificate', async () => {
    await leave();
    await countsThem();
    await change();
    await comeBack('agent-anchors.before-save');
  });

  await t.test('after three changes', async () => {
    await leave();
    for (let changes = 0; changes < 3; changes += 1) await change();
    await comeBack('agent-document.renamed');
  });
  const after = await fleet.call(getDomain);
  assert.notEqual(after.caFingerprint, before.caFingerprint);
  for (const name of AWAY) {
    const { states } = await fleet.call(getHost, { params: { id: fleet.host(name).hostId } });
    assert.deepEqual(states, ['online'], name);
  }
});
