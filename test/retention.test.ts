import type { RepositoryName } from '@sekisho/core/ids.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { JobView } from '@sekisho/core/wire/jobs.ts';
import {
  deletePoints,
  getPoint,
  listPoints,
  maintainRepository,
  type PointView,
} from '@sekisho/core/wire/points.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FAKE_CLOCK_BACK_DAYS, FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeFiles, refusedWith, sameTree } from './under-way.ts';

/** What the repository's folder on the media server holds below one of its own folders. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Weeks in the life of one repository, on a clock that only the test moves. */
class Weeks {
  readonly clock: FakeClock;
  readonly fleet: Fleet;
  readonly source: string;
  readonly #bornMs: number;

  private constructor(clock: FakeClock, fleet: Fleet) {
    this.clock = clock;
    this.fleet = fleet;
    this.source = join(fleet.folder, 'source');
    this.#bornMs = clock.nowMs();
  }

  static async start(t: TestContext): Promise<Weeks> {
    const clock = new FakeClock({ startMs: systemClock.nowMs() - FAKE_CLOCK_BACK_DAYS * DAY_MS });
    const fleet = await Fleet.start(t, {
      hosts: [{ name: 'vault', media: true }, { name: 'laptop' }],
      clock,
      hostCertificateHours: 450 * 24,
    });
    const weeks = new Weeks(clock, fleet);
    await makeFiles(weeks.source);
    return weeks;
  }

  /** Lets time flow a little until the work is done. */
  async flow<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    work.then(done, done);
    await eventually('the work is done', async () => {
      await this.clock.advance(100);
      return settled ? true : undefined;
    });
    return work;
  }

  /** Everything sleeps until so many days after the beginning, then lives on for a moment. */
  async until(day: number): Promise<void> {
    const restMs = this.#bornMs + day * DAY_MS - this.clock.nowMs();
    assert.ok(restMs > 0, 'that is over');
    this.clock.jump(restMs);
    await this.clock.advance(45 * SECOND_MS);
    await this.flow(
      eventually('both hosts are connected', () =>
        ['vault', 'laptop'].every((name) => this.fleet.host(name).agent.status().channel === 'open')
          ? true
          : undefined,
      ),
    );
  }

  get repository(): RepositoryName {
    return `${this.fleet.host('laptop').hostId}.1` as RepositoryName;
  }

  get folder(): string {
    return join(this.fleet.host('vault').dataFolder, 'repositories', this.repository);
  }

  points(): Promise<PointView[]> {
    return this.fleet
      .call(listPoints, { query: { host: this.fleet.host('laptop').hostId } })
      .then(({ points }) => points);
  }

  maintain(preview: boolean) {
    return this.fleet.call(maintainRepository, { params: { name: this.repository }, body: { preview } });
  }

  /** Restores a point and compares it with the copy that was made when it was backed up. */
  async proveRestores(point: PointView, kept: string): Promise<void> {
    const target = join(this.fleet.folder, `restored-${point.id.slice(0, 8)}-${this.clock.nowMs()}`);
    const job = await this.flow(this.fleet.restore(point, target));
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    await sameTree(kept, join(target, this.source));
  }

  /** A request to the media server with the laptop's own key. */
  async asLaptop(method: string, path: string): Promise<number> {
    const identity = join(this.fleet.host('laptop').dataFolder, 'identity');
    const [key, cert] = await Promise.all(
      ['key.pem', 'certificate.pem'].map((name) => readFile(join(identity, name), 'utf8')),
    );
    return new Promise((resolve, reject) => {
      const port = this.fleet.host('vault').mediaPort;
      const target = { host: '127.0.0.1', port, method, path, key, cert };
      const sent = request({ ...target, rejectUnauthorized: false, agent: false }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      });
      sent.once('error', reject);
      sent.end();
    });
  }
}

test('P-02 P-10 P-13: what retention and people remove goes when it is old enough, by the media server alone', async (t) => {
  const weeks = await Weeks.start(t);
  const { fleet } = weeks;
  const month = ((new Date(weeks.clock.nowMs()).getUTCMonth() + 6) % 12) + 1;
  const yearly = { name: 'yearly', cron: `0 3 1 ${month} *`, timeZone: 'UTC', startWithinMinutes: 60 };
  const plan = await fleet.plan('laptop', [weeks.source], 'vault', [yearly], { retention: { last: 2 } });
  const made: { point: PointView; kept: string }[] = [];
  const backUp = async (scheduleName: string | null): Promise<PointView> => {
    await writeFile(join(weeks.source, 'a.txt'), `version ${made.length}`);
    const kept = join(fleet.folder, `kept-${made.length}`);
    await cp(weeks.source, kept, { recursive: true });
    const job = await weeks.flow(fleet.backup(plan.id, 'laptop', scheduleName));
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    const points = await weeks.flow(fleet.points('laptop', made.length + 1));
    const point = points.find(({ jobId }) => jobId === job.id);
    assert.ok(point);
    made.push({ point, kept });
    return point;
  };
  const first = await backUp(yearly.name);
  const custom = await backUp(null);
  await weeks.until(2);
  const second = await backUp(yearly.name);
  await weeks.until(3);
  const third = await backUp(yearly.name);
  const fourth = await backUp(yearly.name);
  const reasons = async (preview = true): Promise<Map<string, readonly string[]>> =>
    new Map((await weeks.maintain(preview)).keep.map(({ id, reasons: why }) => [id, why]));

  await t.test('P-02 a point is as old as its reception, and nothing younger than 14 days goes', async () => {
    assert.ok(fourth.receivedAtMs <= weeks.clock.nowMs(), 'the clock of restic is 400 days ahead');
    const { remove, job } = await weeks.maintain(false);
    assert.deepEqual([remove, job], [[], null]);
    assert.deepEqual(
      await reasons(),
      new Map([
        [first.id, ['too-young']],
        [custom.id, ['custom']],
        [second.id, ['too-young']],
        [third.id, ['last']],
        [fourth.id, ['last']],
      ]),
    );
  });

  await t.test('P-02 a client deletes nothing, whatever it tries', async () => {
    const before = await filesIn(join(weeks.folder, 'repository'));
    const pack = before.map((path) => /data\/\w\w\/(\w{64})$/.exec(path)?.[1]).find((id) => id !== undefined);
    for (const path of [`snapshots/${first.id}`, `data/${pack}`, 'config', ''])
      assert.equal(await weeks.asLaptop('DELETE', `/${weeks.repository}/${path}`), 403, path);
    assert.deepEqual(await filesIn(join(weeks.folder, 'repository')), before);
  });

  await t.test('P-13 a deletion says first what it would do; what is too young waits, marked', async () => {
    const ids = [custom.id, fourth.id];
    const asked = await fleet.call(deletePoints, { body: { ids, preview: true } });
    assert.deepEqual(
      asked.points,
      [custom, fourth].map(({ id, receivedAtMs }) => ({
        id,
        removableFromMs: receivedAtMs + 14 * DAY_MS,
        lastOfHost: false,
      })),
    );
    assert.ok((await weeks.points()).every(({ removalAskedAtMs }) => removalAskedAtMs === null));
    const all = await fleet.call(deletePoints, {
      body: { ids: made.map(({ point }) => point.id), preview: true },
    });
    assert.ok(all.points.every(({ lastOfHost }) => lastOfHost));
    const done = await fleet.call(deletePoints, { body: { ids: [custom.id], preview: false } });
    assert.deepEqual(done.jobs, []);
    const marked = await fleet.call(getPoint, { params: { id: custom.id } });
    assert.ok(marked.removalAskedAtMs !== null);
    await weeks.proveRestores(custom, made[1]?.kept ?? '');
  });

  const maintained = async (): Promise<JobView> => {
    const { job } = await weeks.maintain(false);
    assert.ok(job !== null, 'there is something to remove');
    return weeks.flow(fleet.ended(job.id));
  };

  await t.test(
    'P-02 after 14 days the media server removes them under a signed order, and the others are whole',
    async () => {
      await weeks.until(15);
      const { remove } = await weeks.maintain(true);
      assert.deepEqual(new Set(remove), new Set([first.id, custom.id]));
      assert.deepEqual((await reasons()).get(second.id), ['too-young']);
      const job = await maintained();
      assert.equal(job.state, 'done', JSON.stringify(job.report));
      assert.equal(job.hostId, fleet.host('vault').hostId);
      assert.deepEqual(new Set(job.report?.forgotten), new Set([first.id, custom.id]));
      assert.deepEqual(job.report?.heldBack, []);
      assert.deepEqual(
        new Set((await weeks.points()).map(({ id }) => id)),
        new Set([second.id, third.id, fourth.id]),
      );
      const snapshots = await readdir(join(weeks.folder, 'repository', 'snapshots'));
      assert.deepEqual(new Set(snapshots), new Set([second.id, third.id, fourth.id]));
      for (const { point, kept } of made.slice(2)) await weeks.proveRestores(point, kept);
      await refusedWith('POINT_REMOVED', fleet.restore(first, join(fleet.folder, 'gone')));
    },
  );

  await t.test('P-02 what was removed lies in the trash for 14 days, and no longer', async () => {
    const trash = join(weeks.folder, 'trash');
    const trashed = async (id: string): Promise<boolean> =>
      (await filesIn(trash)).some((path) => path.endsWith(join('snapshots', id)));
    assert.deepEqual([await trashed(first.id), await trashed(custom.id)], [true, true]);
    await weeks.until(17);
    const job = await maintained();
    assert.deepEqual(job.report?.forgotten, [second.id], JSON.stringify(job.report));
    await weeks.until(28.5);
    await fleet.restartAgent('vault');
    await weeks.until(28.9);
    assert.deepEqual([await trashed(first.id), await trashed(second.id)], [true, true]);
    await weeks.until(29.5);
    await fleet.restartAgent('vault');
    await weeks.flow(
      eventually('the first is swept', async () => {
        // what is swept while it is listed is not swept yet
        const there = await trashed(first.id).catch(() => true);
        return there ? undefined : true;
      }),
    );
    assert.equal(await trashed(second.id), true);
    assert.deepEqual(new Set((await weeks.points()).map(({ id }) => id)), new Set([third.id, fourth.id]));
    await weeks.until(30);
    for (const { point, kept } of made.slice(3)) await weeks.proveRestores(point, kept);
    assert.deepEqual((await weeks.maintain(true)).remove, []);
  });
});
