import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { getJob, type JobView } from '@sekisho/core/wire/jobs.ts';
import type { PlanView } from '@sekisho/core/wire/plans.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import type { Fleet, PlanWish } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MIB = 1024 * 1024;
/** Random bytes do not compress: at the slow rate this takes many seconds. */
export const SLOW_BYTES = 6 * MIB;
export const SLOW_KIBPS = 300;

/** A folder with some files in folders, and of one large file of random bytes. */
export async function makeFiles(folder: string, largeBytes = 64 * 1024): Promise<void> {
  await mkdir(join(folder, 'sub', 'deep'), { recursive: true });
  await writeFile(join(folder, 'a.txt'), 'alpha');
  await writeFile(join(folder, 'sub', 'b.txt'), 'beta');
  await writeFile(join(folder, 'sub', 'deep', 'c.txt'), 'gamma');
  await writeFile(join(folder, 'large'), randomBytes(largeBytes));
}

/** A plan that takes many seconds. */
export async function slowPlan(
  fleet: Fleet,
  host: string,
  media: string,
  wish: PlanWish = {},
): Promise<{ plan: PlanView; source: string }> {
  const source = join(fleet.folder, `slow-${host}`);
  await makeFiles(source, SLOW_BYTES);
  const plan = await fleet.plan(host, [source], media, [], { bandwidthKiBps: SLOW_KIBPS, ...wish });
  return { plan, source };
}

/** Once bytes of the job are on their way: the job as it is then. */
export function underWay(fleet: Fleet, id: JobId): Promise<JobView> {
  return eventually(`job ${id} is under way`, async () => {
    const job = await fleet.call(getJob, { params: { id } });
    if (job.endedAtMs !== null) throw new Error(`it ended too early: ${JSON.stringify(job.report)}`);
    const moving = job.progress?.phase === 'transferring' && job.progress.bytesDone > 0;
    return job.state === 'active' && moving ? job : undefined;
  });
}

/** Restic processes that work for this fleet: each has its cache in a host's data folder. */
export async function resticsOf(fleet: Fleet): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('restic') && environment.includes(fleet.folder)) found.push(pid);
  }
  return found;
}

/** No restic is at work for this fleet. */
export function noRestic(fleet: Fleet): Promise<true> {
  return eventually('no restic is left', async () =>
    (await resticsOf(fleet)).length === 0 ? true : undefined,
  );
}

/** The call is refused with this code. */
export async function refusedWith(code: ErrorCode, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

/** Both folders hold the same, byte for byte. */
export async function sameTree(left: string, right: string): Promise<void> {
  await promisify(execFile)('diff', ['-r', '--no-dereference', left, right]);
}
