import type { JobId } from '@sekisho/core/ids.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTBOX_KEPT_MS, pruneOutbox, writeOutbox } from '../events/outbox.ts';
import { pruneBooks } from '../fleet/prune-books.ts';
import { takeSpool } from '../fleet/take-spool.ts';
import { createPlan } from '../plans/save-plan.ts';
import { dropOldestBackups, JOBS_KEPT_MS } from './prune-jobs.ts';
import { runPlan } from './run-plan.ts';

const always = (): Promise<void> => Promise.resolve();

eachStore((_dialect, open) => {
  const scene = async (t: Parameters<typeof ProtectionDomain.open>[0]) => {
    const domain = await ProtectionDomain.open(t, open);
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    const targets = { hosts: [client], groups: [] };
    const plan = await createPlan(domain.context, ADMIN, domain.spec({ mediaServers: [media], targets }));
    const start = async (): Promise<JobId> =>
      (await runPlan(domain.context, ADMIN, { planId: plan.id, hosts: null, scheduleName: null }))[0]!;
    const report = (...reports: Parameters<ProtectionDomain['jobItem']>[0][]): Promise<void> =>
      takeSpool(
        domain.context,
        client,
        reports.map((one) => domain.jobItem(one)),
        () => undefined,
      );
    const jobs = async (): Promise<string[]> =>
      (await domain.store.db.selectFrom('jobs').select('id').orderBy('num').execute()).map(({ id }) => id);
    return { domain, client, plan, start, report, jobs };
  };

  test('invariant 8: an ended job goes after 400 days, with its order; an open one stays', async (t) => {
    const { domain, start, report, jobs } = await scene(t);
    const ended = await start();
    const waiting = await start();
    await report(domain.report({ id: ended }));
    await domain.clock.advance(JOBS_KEPT_MS);
    const young = await start();
    await pruneBooks(domain.context, always);
    assert.deepEqual(await jobs(), [ended, waiting, young]);
    await domain.clock.advance(1);
    await pruneBooks(domain.context, always);
    assert.deepEqual(await jobs(), [waiting, young]);
    assert.equal(await domain.documents.latest('order', ended), undefined);
    assert.notEqual(await domain.documents.latest('order', waiting), undefined);
  });

  test('invariant 8: of a host’s ended backups the newest are kept', async (t) => {
    const { domain, client, start, report, jobs } = await scene(t);
    const ids = [await start(), await start(), await start(), await start()];
    await report(...ids.slice(0, 3).map((id) => domain.report({ id })));
    await domain.store.transaction((tx) => dropOldestBackups(tx, client, 2));
    assert.deepEqual(await jobs(), ids.slice(1));
  });

  test('invariant 10: a host cannot invent attempts of a run without end', async (t) => {
    const { domain, client, plan, report, jobs } = await scene(t);
    const scheduledAtMs = Math.floor(domain.nowMs / MINUTE_MS) * MINUTE_MS;
    const invented = [0, 4, 1_000_000].map((attempt) =>
      domain.report(
        { id: scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, attempt), planId: plan.id },
        { trigger: 'schedule', scheduleName: 'nightly', scheduledAtMs, attempt },
      ),
    );
    await report(...invented);
    assert.deepEqual(await jobs(), []);
  });

  test('invariant 8: the outbox is limited by age and by number', async (t) => {
    const { domain } = await scene(t);
    const numbers = async (): Promise<number[]> =>
      (await domain.store.db.selectFrom('outbox').select('num').orderBy('num').execute()).map(
        ({ num }) => num,
      );
    await domain.store.transaction(async (tx) => {
      for (let count = 0; count < 3; count += 1)
        await writeOutbox(tx, { kind: 'old', subject: 'some', body: {} }, domain.nowMs);
    });
    await domain.clock.advance(OUTBOX_KEPT_MS + 1);
    await domain.store.transaction(async (tx) => {
      for (let count = 0; count < 3; count += 1)
        await writeOutbox(tx, { kind: 'new', subject: 'some', body: {} }, domain.nowMs);
    });
    await pruneBooks(domain.context, always);
    assert.deepEqual(await numbers(), [4, 5, 6]);
    assert.equal(await domain.store.transaction((tx) => pruneOutbox(tx, domain.nowMs, 2)), 1);
    assert.deepEqual(await numbers(), [5, 6]);
  });
});
