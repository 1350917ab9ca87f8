import type { JobId, PlanId } from '@sekisho/core/ids.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import { getPlan, replacePlan } from '@sekisho/core/wire/plans.ts';
import { listPoints, startRestore, type PointView } from '@sekisho/core/wire/points.ts';
import { planId } from '@sekisho/core/wire/scalars.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Installation } from './installation.ts';

const MIB = 1024 * 1024;
/** Random bytes do not compress: at the slow rate this takes many seconds, at full speed none. */
const DATA_BYTES = 6 * MIB;
const SLOW_KIB = 1024;
/** So much of one pack is on the media server's disk: the backup is in full swing. */
const UNDER_WAY_BYTES = MIB / 2;

const planSaid = z.object({ id: planId });

/** What a plan protects, and what becomes of it while programs are killed. */
class Victim {
  readonly installation: Installation;
  readonly source: string;
  #restores = 0;
  #isSlow = false;
  #planId!: PlanId;

  constructor(installation: Installation) {
    this.installation = installation;
    this.source = join(installation.folder, 'source');
  }

  /** Makes the plan and its first recovery point with the commands that people use. */
  async makePlan(): Promise<void> {
    await mkdir(this.source);
    await writeFile(join(this.source, 'constant'), 'the same for ever');
    const made = await this.installation.sekisho(
      ...(['server', 'plan', 'create', '--name', 'files'] as const),
      ...['--host', 'laptop', '--path', this.source],
    );
    this.#planId = planSaid.parse(JSON.parse(made)).id;
    await this.installation.sekisho('server', 'backup', 'run', 'files');
  }

  /** Starts a backup that takes long, and returns when a pack is half way on the media server. */
  async beginSlowly(): Promise<JobId> {
    await writeFile(join(this.source, 'random'), randomBytes(DATA_BYTES));
    await this.#beSlow(true);
    const id = await this.#run();
    const incoming = join(await this.installation.repository(), 'incoming');
    await eventually('a pack is half way', async () => {
      for (const name of await readdir(incoming)) {
        const { size } = await stat(join(incoming, name)).catch(() => ({ size: 0 }));
        if (size >= UNDER_WAY_BYTES) return true;
      }
      return undefined;
    });
    const job = await this.job(id);
    assert.equal(job.state, 'active');
    assert.equal((await this.installation.restics()).length, 1);
    return id;
  }

  async #beSlow(slow: boolean): Promise<void> {
    if (this.#isSlow === slow) return;
    const params = { id: this.#planId };
    const plan = await this.installation.call(getPlan, { params });
    const bandwidthKiBps = slow ? SLOW_KIB : null;
    await this.installation.call(replacePlan, { params, body: { ...plan, bandwidthKiBps } });
    this.#isSlow = slow;
  }

  async #run(): Promise<JobId> {
    const body = { hosts: null, scheduleName: null };
    const { jobs } = await this.installation.call(runPlan, { params: { id: this.#planId }, body });
    const [job] = jobs;
    assert.ok(job !== undefined);
    return job.id;
  }

  job(id: JobId): Promise<JobView> {
    return this.installation.call(getJob, { params: { id } });
  }

  ended(id: JobId): Promise<JobView> {
    return eventually(`job ${id} ends`, async () => {
      const job = await this.job(id);
      return isEnded(job.state) ? job : undefined;
    });
  }

  /** A backup at full speed: it must be done, and gives its recovery point. */
  async backUp(): Promise<PointView> {
    const { id, state, report } = await this.ended(await this.#run());
    assert.equal(state, 'done', JSON.stringify(report));
    return this.point(id);
  }

  /** The recovery point of a job. */
  point(id: JobId): Promise<PointView> {
    return eventually(`job ${id} left a recovery point`, async () => {
      const { points } = await this.installation.call(listPoints);
      return points.find((point) => point.jobId === id);
    });
  }

  async points(): Promise<number> {
    return (await this.installation.call(listPoints)).points.length;
  }

  /** Restores a point and compares it with what is protected, byte for byte. */
  async proveRestores(point: PointView): Promise<void> {
    this.#restores += 1;
    const target = join(this.installation.folder, `restored-${this.#restores}`);
    const { id } = await this.installation.call(startRestore, {
      body: { point: point.id, paths: [], targetFolder: target, conflict: 'overwrite' },
    });
    assert.equal((await this.ended(id)).state, 'done');
    await promisify(execFile)('diff', ['-r', '--no-dereference', this.source, join(target, this.source)]);
  }

  /** The day goes on: the next run succeeds, restores, the repository is sound, and nothing is left behind. */
  async goOn(): Promise<void> {
    await this.#beSlow(false);
    const before = await this.points();
    const point = await this.backUp();
    assert.equal(await this.points(), before + 1);
    await this.proveRestores(point);
    await this.installation.proveSound();
    const repository = await this.installation.repository();
    assert.deepEqual(await readdir(join(repository, 'incoming')), [], 'no half file');
    assert.deepEqual(await readdir(join(repository, 'repository', 'locks')), [], 'no lock');
    await this.noRestic();
  }

  noRestic(): Promise<true> {
    return eventually('no restic is left behind', async () =>
      (await this.installation.restics()).length === 0 ? true : undefined,
    );
  }
}

test('P-12 programs that are killed in mid-backup end in a true state, and the next run succeeds', async (t) => {
  const installation = await Installation.start(t);
  const victim = new Victim(installation);
  await victim.makePlan();

  await t.test('the agent: restic dies with it, the job is interrupted', async () => {
    const before = await victim.points();
    const id = await victim.beginSlowly();
    await installation.kill('laptop');
    await victim.noRestic();
    assert.equal((await victim.job(id)).state, 'active', 'nobody knows yet how it ended');
    await installation.startAgent('laptop');
    const job = await victim.ended(id);
    assert.deepEqual([job.state, job.report?.code], ['failed', 'JOB_INTERRUPTED']);
    assert.equal(await victim.points(), before);
    await victim.goOn();
  });

  await t.test('restic: the job fails and says so', async () => {
    const before = await victim.points();
    const id = await victim.beginSlowly();
    for (const pid of await installation.restics()) process.kill(pid, 'SIGKILL');
    const job = await victim.ended(id);
    assert.deepEqual([job.state, job.report?.code], ['failed', 'RESTIC_FAILED']);
    assert.equal(await victim.points(), before);
    await victim.goOn();
  });

  await t.test('the media server: the backup goes on when it is back', async () => {
    const id = await victim.beginSlowly();
    await installation.kill('vault');
    assert.equal((await victim.job(id)).state, 'active');
    await installation.startAgent('vault');
    const job = await victim.ended(id);
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    await victim.proveRestores(await victim.point(id));
    await victim.goOn();
  });

  await t.test(
    'the management server: the backup does not need it, and is reported when it is back',
    async () => {
      const id = await victim.beginSlowly();
      await installation.kill('server');
      await victim.noRestic(); // done, or given up: the agent does not wait for anybody
      await installation.startServer();
      const job = await victim.ended(id);
      assert.equal(job.state, 'done', JSON.stringify(job.report));
      await victim.proveRestores(await victim.point(id));
      await victim.goOn();
    },
  );

  await installation.stopAll();
  await victim.noRestic();
});
