import type { JobId } from '@sekisho/core/ids.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { getJob, listJobs, type JobView } from '@sekisho/core/wire/jobs.ts';
import { getPlan, type PlanView, type Schedule } from '@sekisho/core/wire/plans.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FAKE_CLOCK_BACK_DAYS, FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

/** 03:00 and 12:00 in Tokyo are 18:00 and 03:00 UTC; the tests begin at 12:00 UTC. */
const NIGHT: Schedule = { name: 'night', cron: '0 3 * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 30 };
const NOON: Schedule = { name: 'noon', cron: '0 12 * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 30 };
/** The window of a run and what the server waits beyond it, and a little. */
const JUDGED_AFTER_MS = 45 * MINUTE_MS;

/** A fleet on a clock of its own, in which one plan of one host runs by its schedules. */
class Timetable {
  readonly clock: FakeClock;
  readonly fleet: Fleet;
  readonly plan: PlanView;
  readonly #bornMs: number;

  private constructor(clock: FakeClock, fleet: Fleet, plan: PlanView, bornMs: number) {
    this.clock = clock;
    this.fleet = fleet;
    this.plan = plan;
    this.#bornMs = bornMs;
  }

  static async start(t: TestContext, schedules: readonly Schedule[]): Promise<Timetable> {
    const today = Math.floor(systemClock.nowMs() / DAY_MS) * DAY_MS;
    const bornMs = today - FAKE_CLOCK_BACK_DAYS * DAY_MS + 12 * HOUR_MS;
    const clock = new FakeClock({ startMs: bornMs });
    const fleet = await Fleet.start(t, {
      hosts: [{ name: 'vault', media: true }, { name: 'laptop' }],
      clock,
      hostCertificateHours: 450 * 24,
    });
    const source = join(fleet.folder, 'source');
    await mkdir(source);
    await writeFile(join(source, 'file'), 'what is backed up');
    const plan = await fleet.plan('laptop', [source], 'vault', schedules);
    const times = new Timetable(clock, fleet, plan, bornMs);
    await times.deployed();
    return times;
  }

  /** Asks again and again, and lets time flow meanwhile: a tenth of a second each turn. */
  meanwhile<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return eventually(what, async () => {
      await this.clock.advance(100);
      return ask();
    });
  }

  deployed(): Promise<true> {
    return this.meanwhile('the laptop holds the plan', async () => {
      const { deployed } = await this.fleet.call(getPlan, { params: { id: this.plan.id } });
      return deployed.acknowledged === 1 ? true : undefined;
    });
  }

  /** The moment so many days and hours after midnight (UTC) of the first day. */
  at(day: number, hour: number): number {
    return this.#bornMs - 12 * HOUR_MS + day * DAY_MS + hour * HOUR_MS;
  }

  /** Sleeps, as a suspended machine does, until just before a moment, then lives through it. */
  async sleepOver(atMs: number): Promise<void> {
    const restMs = atMs - this.clock.nowMs();
    assert.ok(restMs > MINUTE_MS, 'that is over');
    this.clock.jump(restMs - 10 * SECOND_MS);
    await this.clock.advance(45 * SECOND_MS);
  }

  /** The ID that everybody computes for a run. */
  jobId(schedule: Schedule, atMs: number): JobId {
    return scheduledJobId(this.plan.id, this.fleet.host('laptop').hostId, schedule.name, atMs, 1);
  }

  /** The job of a run, once the server knows that it ended so. */
  ended(schedule: Schedule, atMs: number, state: JobView['state']): Promise<JobView> {
    const id = this.jobId(schedule, atMs);
    return this.meanwhile(`the run of ${new Date(atMs).toISOString()} is ${state}`, async () => {
      const { jobs } = await this.fleet.call(listJobs, { query: { plan: this.plan.id } });
      return jobs.find((job) => job.id === id && job.state === state);
    });
  }

  /** What the outbox says of a job's ends: state, by whom, and whether that corrects what was said before. */
  async told(id: JobId): Promise<string[]> {
    const rows = await this.fleet.server.context.store.db
      .selectFrom('outbox')
      .select('body')
      .where('kind', '=', 'job-ended')
      .where('subject', '=', id)
      .orderBy('num')
      .execute();
    return rows.map(({ body }) => {
      const said = JSON.parse(body) as { state: string; by: string; corrected: boolean };
      return `${said.state} by ${said.by}${said.corrected ? ', corrected' : ''}`;
    });
  }

  /** Snapshots that are really in the repository: what ran, whatever anybody says. */
  async snapshots(): Promise<number> {
    const repository = `${this.fleet.host('laptop').hostId}.1`;
    const place = join(this.fleet.host('vault').dataFolder, 'repositories');
    const found = (await readdir(place, { recursive: true })).filter(
      (path) => path.includes(repository) && /\/snapshots\/[0-9a-f]{64}$/.test(path),
    );
    return found.length;
  }

  /** The laptop has finished its work, and so many reports wait for the server. */
  spooled(reports: number): Promise<true> {
    return this.meanwhile(`${reports} reports wait`, () => {
      const { jobs, spooled } = this.fleet.host('laptop').agent.status();
      return jobs.length === 0 && spooled === reports ? true : undefined;
    });
  }

  async jobs(): Promise<number> {
    return (await this.fleet.call(listJobs, { query: { plan: this.plan.id } })).jobs.length;
  }
}

test('P-12 a day without the server: the schedule is kept, reported late, corrects "missed", and nothing runs twice', async (t) => {
  const times = await Timetable.start(t, [NIGHT, NOON]);
  const { clock, fleet } = times;

  await times.sleepOver(times.at(0, 18));
  const first = await times.ended(NIGHT, times.at(0, 18), 'done');
  assert.deepEqual(
    [first.trigger, first.scheduleName, first.scheduledAtMs, first.hostId],
    ['schedule', 'night', times.at(0, 18), fleet.host('laptop').hostId],
  );
  assert.deepEqual(await times.told(first.id), ['done by agent']);

  // A day without the server: the agent's own memory, the signed policy and the media server are enough.
  await fleet.stopServer();
  const lost: [Schedule, number][] = [
    [NOON, times.at(1, 3)],
    [NIGHT, times.at(1, 18)],
  ];
  for (const [index, [, atMs]] of lost.entries()) {
    await times.sleepOver(atMs);
    await times.spooled(index + 1);
    assert.equal(await times.snapshots(), index + 2);
  }

  // The server is back before the laptop tells it anything, and judges as it must.
  await fleet.host('laptop').agent.stop();
  clock.jump(JUDGED_AFTER_MS);
  await fleet.startServer();
  for (const [schedule, atMs] of lost) {
    const missed = await times.ended(schedule, atMs, 'missed');
    assert.deepEqual(await times.told(missed.id), ['missed by server']);
  }
  await fleet.restartAgent('laptop');
  for (const [schedule, atMs] of lost) {
    const late = await times.ended(schedule, atMs, 'done');
    assert.deepEqual(await times.told(late.id), ['missed by server', 'done by agent, corrected']);
    assert.equal(late.report?.scheduledAtMs, atMs);
  }
  await times.spooled(0);
  assert.equal(await times.snapshots(), 3);
  assert.equal(await times.jobs(), 3);
  const points = await times.meanwhile('all are recovery points', async () => {
    const found = await fleet.points('laptop', 3);
    return found.every((point) => point.jobId !== null) ? found : undefined;
  });
  assert.equal(new Set(points.map((point) => point.jobId)).size, 3);

  // The clock is set back by more than a day, over three runs: none runs again, the next one does.
  clock.jump(-30 * HOUR_MS);
  for (const atMs of [times.at(0, 18), times.at(1, 3), times.at(1, 18)]) await times.sleepOver(atMs);
  await times.sleepOver(times.at(2, 3));
  await times.ended(NOON, times.at(2, 3), 'done');
  assert.equal(await times.snapshots(), 4);
  assert.equal(await times.jobs(), 4);
});

test('P-12 an agent that was down over a run: late within the window, missed after it, and never twice', async (t) => {
  const times = await Timetable.start(t, [NIGHT]);
  const { clock, fleet } = times;

  // Back within the window: the run starts late, as itself.
  await fleet.host('laptop').agent.stop();
  await times.sleepOver(times.at(0, 18));
  clock.jump(20 * MINUTE_MS);
  assert.equal(await times.jobs(), 0);
  await fleet.restartAgent('laptop');
  const late = await times.ended(NIGHT, times.at(0, 18), 'done');
  assert.ok((late.startedAtMs ?? 0) >= times.at(0, 18) + 20 * MINUTE_MS);

  // Stopped and started again, with the run still in its window: it is done.
  await fleet.restartAgent('laptop');
  await clock.advance(MINUTE_MS);

  // Back after the window: both say missed, and nothing runs in its place.
  await fleet.host('laptop').agent.stop();
  await times.sleepOver(times.at(1, 18));
  clock.jump(25 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  await assert.rejects(
    fleet.call(getJob, { params: { id: times.jobId(NIGHT, times.at(1, 18)) } }),
    'before the window and the grace are over nothing is judged',
  );
  clock.jump(20 * MINUTE_MS);
  const missed = await times.ended(NIGHT, times.at(1, 18), 'missed');
  assert.deepEqual(await times.told(missed.id), ['missed by server']);
  assert.equal(missed.report?.snapshotId, null);
  await fleet.restartAgent('laptop');
  await times.meanwhile('the agent agrees', async () =>
    (await times.told(missed.id)).at(-1) === 'missed by agent, corrected' ? true : undefined,
  );
  assert.equal(await times.snapshots(), 1);

  await times.sleepOver(times.at(2, 18));
  await times.ended(NIGHT, times.at(2, 18), 'done');
  assert.equal(await times.snapshots(), 2);
  assert.equal(await times.jobs(), 3);
});
