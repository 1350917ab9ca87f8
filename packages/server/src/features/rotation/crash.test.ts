import { listRotations, startRotation } from '@sekisho/core/wire/rotations.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { callerOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDoomed } from '../../testing/doomed-server.ts';

// each step of each kind and path, with agents that stay connected: test/killed-updates.test.ts and killed-off-on.test.ts

test('F-33 F-34 an emergency that is killed with SIGKILL while it takes over an update takes over nothing by half', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const { dataFolder } = trust;
  await trust.server.stop();
  const call = callerOf(() => join(dataFolder, 'run', 'admin.sock'));
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
