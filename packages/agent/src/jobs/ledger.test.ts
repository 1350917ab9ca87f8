import { parseJobId, parsePlanId } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LEDGER_KEEP_MS, openLedger, type JobFacts } from './ledger.ts';
import { emptyReport } from './running-job.ts';

const planId = parsePlanId('0f0e0d0c-0b0a-4908-8706-050403020100')!;
const facts = (digit: string): JobFacts => ({
  jobId: parseJobId(digit.repeat(32))!,
  kind: 'backup',
  trigger: 'schedule',
  planId,
  planRevision: 1,
  scheduleName: 'nightly',
  scheduledAtMs: 1000,
  attempt: 1,
  repository: null,
  mediaHostId: newHostId(),
});
const open = (folder: string, nowMs = 1_000_000) => openLedger({ folder, nowMs, log: silentLog() });

test('P-12 a run that was taken is known after a restart, whatever its state', async (t) => {
  const folder = await tempFolder(t);
  const ledger = await open(folder);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(facts);
  await ledger.take(a!, 1);
  await ledger.take(b!, 2);
  await ledger.end({ ...emptyReport(b!, 2, 3), state: 'done' }, 3);
  await ledger.take(c!, 4);
  await ledger.reported(c!.jobId, 5);
  await ledger.refuse(d!.jobId, 6);
  const again = await open(folder);
  assert.deepEqual(
    [a, b, c, d].map((job) => again.state(job!.jobId)),
    ['taken', 'ended', 'reported', 'refused'],
  );
  const { interrupted, unspooled } = await again.leftovers();
  assert.deepEqual(interrupted, [{ job: a, atMs: 1 }]);
  assert.deepEqual(
    unspooled.map((report) => [report.jobId, report.state]),
    [[b!.jobId, 'done']],
  );
});

test('P-12 a damaged entry still forbids a second run', async (t) => {
  const folder = await tempFolder(t);
  const job = facts('a');
  await (await open(folder)).take(job, 1);
  await truncate(join(folder, `${job.jobId}.json`), 10);
  assert.equal((await open(folder)).state(job.jobId), 'reported');
});

test('reported entries are forgotten after their time, open ones never', async (t) => {
  const folder = await tempFolder(t);
  const ledger = await open(folder);
  await ledger.reported(facts('a').jobId, 1);
  await ledger.take(facts('b'), 1);
  const later = await open(folder, 2 + LEDGER_KEEP_MS);
  assert.deepEqual([later.state(facts('a').jobId), later.state(facts('b').jobId)], [undefined, 'taken']);
  assert.equal((await readdir(folder)).length, 1);
});

test('P-12 up to when a schedule was decided survives, each schedule for itself', async (t) => {
  const folder = await tempFolder(t);
  const ledger = await open(folder);
  await ledger.setDecided(planId, { nightly: DAY_MS });
  await ledger.setDecided(planId, { hourly: 2 * DAY_MS });
  const again = await open(folder);
  assert.equal(again.decidedUntilMs(planId, 'nightly'), DAY_MS);
  assert.equal(again.decidedUntilMs(planId, 'hourly'), 2 * DAY_MS);
  assert.equal(again.decidedUntilMs(planId, 'other'), undefined);
});

test('a repository that restic was working in is remembered until it is clean', async (t) => {
  const folder = await tempFolder(t);
  const repository = `${newHostId()}.1` as never;
  await (await open(folder)).markBusy(repository);
  const again = await open(folder);
  assert.equal(await again.wasBusy(repository), true);
  await again.clearBusy(repository);
  assert.equal(await again.wasBusy(repository), false);
});
