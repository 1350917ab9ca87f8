import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { getJob } from '@sekisho/core/wire/jobs.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Installation } from './installation.ts';
import { proveWhole, Survivor } from './survivor.ts';

test('killed at the points of job results, an installation loses and doubles nothing', async (t) => {
  const installation = await Installation.start(t);
  const survivor = await Survivor.start(installation);
  const { call } = installation;
  await survivor.proveDone(await survivor.run());
  t.beforeEach(() => installation.startAll());

  // The second batch is the report of the job or its recovery point: the first says that the order was taken.
  await t.test('P-12 job-result.committed: what was not acknowledged comes again', async () => {
    await survivor.nothingSpooled();
    await installation.stop('server');
    await installation.startServer(`${'job-result.committed' satisfies CrashPoint}:2`);
    const id = await survivor.run();
    await installation.died('server');
    await installation.startServer();
    await survivor.proveDone(id);
  });

  await t.test('P-12 spool.before-send, spool.acknowledged: a report is told until it is known', async () => {
    await survivor.nothingSpooled();
    const id = await survivor.run();
    await eventually('it is under way', async () =>
      (await call(getJob, { params: { id } })).state === 'active' ? true : undefined,
    );
    await installation.kill('server');
    await eventually('it ended without the server', async () => {
      const { spooled, jobs } = await survivor.status('laptop');
      return jobs.length === 0 && spooled > 0 ? true : undefined;
    });
    await installation.stop('laptop');
    await installation.startServer();
    assert.equal((await call(getJob, { params: { id } })).state, 'active');
    for (const point of ['spool.before-send', 'spool.acknowledged'] as const satisfies CrashPoint[]) {
      await installation.startDoomedAgent('laptop', point);
      await installation.died('laptop');
    }
    await installation.startAgent('laptop');
    await survivor.proveDone(id);
  });

  await proveWhole(survivor);
});
