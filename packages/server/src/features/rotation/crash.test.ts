import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { getRotation, listRotations, startRotation } from '@sekisho/core/wire/rotations.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { callerOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDoomed } from '../../testing/doomed-server.ts';

/** In the order of an update: each process goes on where the one before it was killed, and is killed at the next. */
const POINTS: readonly (readonly ['tls' | 'ca', readonly CrashPoint[], 'off-on'?])[] = [
  [
    'tls',
    [
      'rotation.announce.before-commit',
      'rotation.switch.before-commit',
      'rotation.switch.committed',
      'rotation.confirm.before-commit',
      'rotation.settle.before-commit',
      'rotation.withdraw.before-commit',
      'rotation.finish.before-commit',
    ],
  ],
  ['tls', ['rotation.withdraw.before-commit'], 'off-on'],
  ['ca', ['rotation.rekey.before-commit']],
];

test('F-33 an update that is killed with SIGKILL at every step goes on, and ends as if nothing had been', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const { dataFolder } = trust;
  await trust.server.stop();
  const call = callerOf(() => join(dataFolder, 'run', 'admin.sock'));
  for (const [kind, points, path] of POINTS) {
    for (const [index, point] of points.entries()) {
      const doomed = await startDoomed(t, dataFolder, point);
      // the process may be gone before it has answered
      if (index === 0) await call(startRotation, { body: { kind, path } }).catch(() => undefined);
      assert.equal(await doomed.died, 'SIGKILL', point);
    }
    await trust.restart();
    const { rotations } = await trust.call(listRotations, {});
    const [newest] = rotations;
    assert.equal(newest?.kind, kind);
    const done = await eventually('the update ends', async () => {
      const view = await trust.call(getRotation, { params: { id: newest.id } });
      return view.endedAtMs === null ? undefined : view;
    });
    assert.equal(done.phase, 'done');
    assert.equal(
      new Set(done.steps.map(({ step }) => step)).size,
      done.steps.length,
      'no step was done twice',
    );
    await trust.server.stop();
  }
  const doomed = await startDoomed(t, dataFolder, 'rotation.take-over.before-commit');
  const calm = await call(startRotation, { body: { kind: 'tls', overlapSeconds: 3_600 } });
  const emergency = { body: { kind: 'signing', emergency: 'stolen' } } as const;
  await call(startRotation, emergency).catch(() => undefined);
  assert.equal(await doomed.died, 'SIGKILL');
  await trust.restart();
  const [open] = (await trust.call(listRotations, {})).rotations;
  assert.deepEqual([open?.id, open?.endedAtMs], [calm.id, null], 'nothing was taken over by half');
  const { id } = await trust.call(startRotation, emergency);
  await eventually('both updates end', async () => {
    const { rotations } = await trust.call(listRotations, {});
    return rotations[0]?.id === id && rotations.every(({ endedAtMs }) => endedAtMs !== null)
      ? true
      : undefined;
  });
  const { keys } = trust.server.context;
  assert.deepEqual(
    keys.keysOf('server-tls').map(({ state }) => state),
    ['active'],
  );
});
