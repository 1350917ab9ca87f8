import { retryJob, type JobView } from '@sekisho/core/wire/jobs.ts';
import { browsePoint, startRestore, type PointView } from '@sekisho/core/wire/points.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFiles, refusedWith, sameTree, slowPlan, underWay } from './under-way.ts';

const NIGHT = { name: 'night', cron: '0 3 1 1 *', timeZone: 'UTC', startWithinMinutes: 60 };

test('P-13 a run by hand makes a custom point, or one of a schedule’s; what failed is tried again', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const source = join(fleet.folder, 'source');
  const plan = await fleet.plan('laptop', [source], 'vault', [NIGHT]);

  await t.test(
    'P-13 a retry is a job of its own, by the plan as it is, and the first one stays as it ended',
    async () => {
      const failed = await fleet.backup(plan.id, 'laptop', NIGHT.name);
      assert.deepEqual([failed.state, failed.report?.code], ['failed', 'PLAN_PATHS_MISSING']);
      await makeFiles(source);
      const again = await fleet.ended((await fleet.call(retryJob, { params: { id: failed.id } })).id);
      assert.equal(again.state, 'done', JSON.stringify(again.report));
      assert.deepEqual(
        [again.trigger, again.attempt, again.scheduleName, again.planId],
        ['retry', 2, NIGHT.name, plan.id],
      );
      assert.notEqual(again.id, failed.id);
      const [point] = await fleet.points('laptop');
      assert.deepEqual([point?.jobId, point?.scheduleName], [again.id, NIGHT.name]);
    },
  );

  await t.test('P-13 as it is: custom; as a schedule: counted with it; as another’s: refused', async () => {
    const custom = await fleet.backup(plan.id, 'laptop');
    const counted = await fleet.backup(plan.id, 'laptop', NIGHT.name);
    const points = await fleet.points('laptop', 3);
    const nameOf = (job: JobView) => points.find(({ jobId }) => jobId === job.id)?.scheduleName;
    assert.equal(nameOf(custom), null);
    assert.equal(nameOf(counted), NIGHT.name);
    await refusedWith('PLAN_SCHEDULE_UNKNOWN', fleet.begin(plan.id, 'laptop', 'noon'));
  });

  await t.test('P-13 what still runs is not tried again', async () => {
    const slow = await slowPlan(fleet, 'laptop', 'vault');
    const id = await fleet.begin(slow.plan.id, 'laptop');
    await underWay(fleet, id);
    await refusedWith('JOB_RETRY_RUNNING', fleet.call(retryJob, { params: { id } }));
  });
});

test('P-14 a recovery point is browsed and restored as it is asked for, and nothing else is touched', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const source = join(fleet.folder, 'source');
  const outside = join(fleet.folder, 'outside');
  await makeFiles(source);
  await mkdir(outside);
  await writeFile(join(outside, 'a.txt'), 'outside');
  await symlink(outside, join(source, 'way-out'));
  const plan = await fleet.plan('laptop', [source], 'vault');
  assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');
  const points = await fleet.points('laptop');
  const point = points[0] as PointView;

  const restore = async (wish: {
    paths?: string[];
    to: string | null;
    conflict?: 'overwrite' | 'skip' | 'rename';
  }): Promise<JobView> => {
    const body = {
      point: point.id,
      paths: wish.paths ?? [],
      targetFolder: wish.to,
      conflict: wish.conflict ?? 'overwrite',
    };
    return fleet.ended((await fleet.call(startRestore, { body })).id);
  };
  let drawn = 0;
  /** A target that holds a changed file, one of its own, and where the restored files come to be in it. */
  const lived = async (): Promise<{ target: string; inside: string }> => {
    drawn += 1;
    const target = join(fleet.folder, `target-${drawn}`);
    const inside = join(target, source);
    await mkdir(inside, { recursive: true });
    await writeFile(join(inside, 'a.txt'), 'changed');
    await writeFile(join(inside, 'mine.txt'), 'mine');
    return { target, inside };
  };

  await t.test('P-14 a folder is listed with kinds and sizes; one that is not in it is refused', async () => {
    const browse = async (path: string) => {
      const job = await fleet.call(browsePoint, { params: { id: point.id }, body: { path } });
      return (await fleet.ended(job.id)).report;
    };
    const listing = (await browse(source))?.listing?.map(({ path, kind, bytes }) => [path, kind, bytes]);
    assert.deepEqual(listing, [
      [join(source, 'a.txt'), 'file', 5],
      [join(source, 'large'), 'file', 64 * 1024],
      [join(source, 'sub'), 'folder', 0],
      [join(source, 'way-out'), 'link', 0],
    ]);
    assert.equal((await browse(join(source, 'no')))?.code, 'POINT_PATH_MISSING');
  });

  await t.test('P-14 chosen paths alone come to another folder', async () => {
    const target = join(fleet.folder, 'chosen');
    const paths = [join(source, 'sub', 'deep'), join(source, 'a.txt')];
    const job = await restore({ paths, to: target });
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    assert.equal(job.report?.filesDone, 2);
    assert.deepEqual((await readdir(join(target, source))).sort(), ['a.txt', 'sub']);
    assert.deepEqual(await readdir(join(target, source, 'sub')), ['deep']);
    assert.equal(await readFile(join(target, source, 'sub', 'deep', 'c.txt'), 'utf8'), 'gamma');
  });

  for (const [conflict, state, changed, renamed] of [
    ['overwrite', 'done', 'alpha', undefined],
    ['skip', 'warnings', 'changed', undefined],
    ['rename', 'warnings', 'changed', 'alpha'],
  ] as const)
    await t.test(
      `P-14 into a folder that has files, ${conflict}: what is not in the point stays`,
      async () => {
        const { target, inside } = await lived();
        const job = await restore({ to: target, conflict });
        assert.equal(job.state, state, JSON.stringify(job.report));
        assert.equal(await readFile(join(inside, 'a.txt'), 'utf8'), changed);
        assert.equal(await readFile(join(inside, 'mine.txt'), 'utf8'), 'mine');
        assert.equal(await readFile(join(inside, 'sub', 'b.txt'), 'utf8'), 'beta');
        const beside = join(inside, 'a.txt.restored');
        assert.equal(existsSync(beside) ? await readFile(beside, 'utf8') : undefined, renamed);
        if (state === 'warnings') assert.match(job.report?.warnings.join('\n') ?? '', /a\.txt/);
        assert.equal(await readlink(join(inside, 'way-out')), outside);
      },
    );

  await t.test('P-14 to the original places, what was lost comes back', async () => {
    await writeFile(join(source, 'a.txt'), 'changed since');
    await rm(join(source, 'sub'), { recursive: true });
    await writeFile(join(source, 'newer.txt'), 'newer');
    const chosen = await restore({ paths: [join(source, 'sub')], to: null });
    assert.equal(chosen.state, 'done', JSON.stringify(chosen.report));
    assert.equal(await readFile(join(source, 'sub', 'deep', 'c.txt'), 'utf8'), 'gamma');
    assert.equal(await readFile(join(source, 'a.txt'), 'utf8'), 'changed since');
    const whole = await restore({ to: null });
    assert.equal(whole.state, 'done', JSON.stringify(whole.report));
    assert.equal(await readFile(join(source, 'a.txt'), 'utf8'), 'alpha');
    assert.equal(await readFile(join(source, 'newer.txt'), 'utf8'), 'newer');
    assert.deepEqual(
      (await readdir(fleet.folder)).filter((name) => name.includes('sekisho')),
      [],
    );
  });

  await t.test('P-14 no restore writes through a link that leads out of the target', async () => {
    for (const conflict of ['overwrite', 'skip', 'rename'] as const) {
      drawn += 1;
      const target = join(fleet.folder, `target-${drawn}`);
      await mkdir(join(target, source), { recursive: true });
      await symlink(outside, join(target, source, 'sub'));
      await symlink(join(outside, 'a.txt'), join(target, source, 'a.txt'));
      const job = await restore({ to: target, conflict });
      assert.ok(['done', 'warnings'].includes(job.state), JSON.stringify(job.report));
      assert.deepEqual(await readdir(outside), ['a.txt']);
      assert.equal(await readFile(join(outside, 'a.txt'), 'utf8'), 'outside');
      const replaced = await lstat(join(target, source, 'a.txt'));
      assert.equal(replaced.isSymbolicLink(), conflict !== 'overwrite');
    }
    const link = join(fleet.folder, 'link');
    await symlink(outside, link);
    const through = await restore({ to: link });
    assert.deepEqual([through.state, through.report?.code], ['failed', 'RESTORE_TARGET_UNUSABLE']);
    assert.deepEqual(await readdir(outside), ['a.txt']);
  });

  await t.test('P-14 a whole point in an empty folder is the same, byte for byte', async () => {
    const target = join(fleet.folder, 'whole');
    assert.equal((await restore({ to: target })).state, 'done');
    await rm(join(source, 'newer.txt'));
    await sameTree(source, join(target, source));
  });
});
