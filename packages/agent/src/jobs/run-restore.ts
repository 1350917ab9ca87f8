import { AppError } from '@sekisho/core/errors.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from '../data-folder.ts';
import {
  openRepository,
  type OpenRepository,
  type RepositoryContext,
} from '../repositories/open-repository.ts';
import { originalPlace } from './original-place.ts';
import { escapePattern } from './own-folders.ts';
import { nothingPlaced, placeFiles, type Placement } from './place-files.ts';
import { parseNode, parseSnapshotPaths } from './restic-nodes.ts';
import { makeStaging } from './restore-staging.ts';
import { NO_PROGRESS } from './run-backup.ts';
import type { JobOutcome, RunningJob } from './running-job.ts';

type RestoreAct = Extract<OrderAct, { what: 'restore' }>;

export interface RestoreContext {
  readonly repositories: RepositoryContext;
  readonly folder: DataFolder;
}

/** Arguments of one restic call stay far below what the system takes. */
const ARGUMENT_BYTES_MAX = 256 * 1024;
const PROGRESS_EVERY_MS = 500;

/**
 * Restores to another folder (below it, each file keeps its whole path) or to the original places (P-14). restic puts the
 * files together in a staging folder on the target's file system, checking every blob; then our own code places them as the
 * conflict setting says. What was asked for is counted first, and the count must come out. Refusals: POINT_PATH_MISSING,
 * RESTORE_TARGET_UNUSABLE, and what opening the repository or restic says.
 */
export async function runRestore(
  context: RestoreContext,
  job: RunningJob,
  act: RestoreAct,
): Promise<JobOutcome> {
  job.progress({ ...NO_PROGRESS, phase: 'preparing' });
  const repository = await openRepository(context.repositories, job, act);
  try {
    const wanted = await measure(job, repository, act);
    const roots = outermost(act.paths.length > 0 ? act.paths : wanted.snapshotPaths);
    const stagingAt =
      act.targetFolder === null ? await firstPlace(roots) : await makeTarget(act.targetFolder);
    const staging = await makeStaging(context.folder, job.facts.jobId, stagingAt);
    try {
      await fill(job, context, repository, act, staging.path, wanted);
      job.progress({
        ...NO_PROGRESS,
        phase: 'finishing',
        filesTotal: wanted.files,
        bytesTotal: wanted.bytes,
      });
      const placed = await placeAll(job, act, roots, staging.path);
      return outcomeOf(job, act, wanted, placed);
    } finally {
      await staging.remove();
    }
  } finally {
    await repository.close();
  }
}

interface Wanted {
  readonly files: number;
  readonly bytes: number;
  readonly snapshotPaths: readonly string[];
}

/** Everything but folders, as it is counted when it is placed. */
async function measure(job: RunningJob, repository: OpenRepository, act: RestoreAct): Promise<Wanted> {
  let files = 0;
  let bytes = 0;
  let snapshotPaths: string[] = [];
  const asked = outermost(act.paths);
  const seen = new Set<string>();
  const onLine = (line: string): void => {
    const entry = parseNode(line);
    if (entry === undefined) {
      snapshotPaths = parseSnapshotPaths(line) ?? snapshotPaths;
      return;
    }
    if (asked.length > 0) {
      const root = asked.find((path) => isInside(entry.path, path));
      if (root === undefined) return;
      seen.add(root);
    }
    if (entry.kind === 'folder') return;
    files += 1;
    bytes += entry.kind === 'file' ? entry.bytes : 0;
  };
  if (asked.length === 0) await repository.mustRun(['ls', '--json', act.snapshotId], { onLine });
  for (const chunk of chunks(asked))
    await repository.mustRun(['ls', '--json', '--recursive', act.snapshotId, ...chunk], { onLine });
  const missing = asked.find((path) => !seen.has(path));
  if (missing !== undefined) throw new AppError('POINT_PATH_MISSING', { path: missing });
  job.log(`${files} files, ${bytes} bytes are asked for`);
  return { files, bytes, snapshotPaths };
}

async function fill(
  job: RunningJob,
  context: RestoreContext,
  repository: OpenRepository,
  act: RestoreAct,
  staging: string,
  wanted: Wanted,
): Promise<void> {
  const { clock } = context.repositories;
  const startedMs = clock.monotonicMs();
  // 0.14 says nothing while it restores: what came through the proxy tells how far it is.
  const tick = (): void => {
    const bytesDone = Math.min(repository.proxy.bytesDown, wanted.bytes);
    const seconds = (clock.monotonicMs() - startedMs) / 1000;
    const bytesPerSecond = seconds > 0 ? bytesDone / seconds : 0;
    const left = bytesPerSecond > 0 ? (wanted.bytes - bytesDone) / bytesPerSecond : null;
    job.progress({
      ...NO_PROGRESS,
      phase: 'transferring',
      filesTotal: wanted.files,
      bytesDone,
      bytesTotal: wanted.bytes,
      bytesPerSecond,
      secondsLeft: left,
    });
    cancel = clock.timer(PROGRESS_EVERY_MS, tick);
  };
  let cancel = clock.timer(PROGRESS_EVERY_MS, tick);
  try {
    const base = ['restore', act.snapshotId, '--target', staging];
    if (act.paths.length === 0) await restoreChunk(job, repository, base);
    for (const chunk of chunks(outermost(act.paths)))
      await restoreChunk(job, repository, [
        ...base,
        ...chunk.flatMap((path) => ['--include', escapePattern(path)]),
      ]);
  } finally {
    cancel();
  }
}

async function restoreChunk(
  job: RunningJob,
  repository: OpenRepository,
  args: readonly string[],
): Promise<void> {
  let ignored = 0;
  const result = await repository.run(args, {
    onStderr: (line) => {
      job.log(line);
      const failed = /^ignoring error for (.+?): (.*)$/.exec(line);
      if (failed === null) return;
      ignored += 1;
      job.unreadable(failed[1] ?? '?', failed[2] ?? '');
    },
  });
  job.check();
  // With single files that failed, 0.14 ends with 1 and a count: those are listed, the rest is placed.
  if (result.meaning === 'ok' || (ignored > 0 && result.exitCode !== null)) return;
  throw repository.explain(result, 'restore');
}

async function placeAll(
  job: RunningJob,
  act: RestoreAct,
  roots: readonly string[],
  staging: string,
): Promise<Placement> {
  const common = { conflict: act.conflict, signal: job.signal };
  if (act.targetFolder !== null) {
    const placed = await placeFiles({ ...common, staging, target: act.targetFolder });
    job.check();
    return placed;
  }
  const sum = nothingPlaced();
  for (const root of roots) {
    const { folder, above, name } = await originalPlace(root);
    // Nothing of it could be restored: it is listed already.
    if (!existsSync(join(staging, above))) continue;
    const placed = await placeFiles({
      ...common,
      staging: join(staging, above),
      target: folder,
      above: above === '/' ? '' : above,
      ...(name === '' ? {} : { only: name }),
    });
    job.check();
    sum.files += placed.files;
    sum.bytes += placed.bytes;
    sum.skipped += placed.skipped;
    sum.skippedFiles += placed.skippedFiles;
    sum.renamed += placed.renamed;
    sum.warnings.push(...placed.warnings);
    sum.failed.push(...placed.failed);
  }
  return sum;
}

function outcomeOf(job: RunningJob, act: RestoreAct, wanted: Wanted, placed: Placement): JobOutcome {
  for (const line of placed.warnings) job.warn(line);
  for (const { path, reason } of placed.failed) job.unreadable(path, reason);
  if (placed.skipped > 0) job.warn(`${placed.skipped} skipped`);
  const accounted = placed.files + placed.skippedFiles;
  const complete = accounted === wanted.files && !job.hasUnreadable;
  if (!complete) job.warn(`${wanted.files} files were asked for, ${accounted} came out`);
  job.log(`${placed.files} placed, ${placed.skipped} skipped, ${placed.renamed} renamed (${act.conflict})`);
  return {
    state: !complete ? 'incomplete' : job.hasWarnings ? 'warnings' : 'done',
    snapshotId: act.snapshotId,
    filesDone: placed.files,
    bytesDone: placed.bytes,
  };
}

async function makeTarget(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    const detail = error instanceof Error && 'code' in error ? String(error.code) : 'not a folder';
    throw new AppError('RESTORE_TARGET_UNUSABLE', { path, detail }, { cause: error });
  }
}

async function firstPlace(roots: readonly string[]): Promise<string> {
  const [first] = roots;
  return first === undefined ? '/' : (await originalPlace(first)).folder;
}

const isInside = (path: string, folder: string): boolean =>
  path === folder || folder === '/' || path.startsWith(`${folder}/`);

/** Without what lies inside another one; no trailing slashes. */
function outermost(paths: readonly string[]): string[] {
  const clean = [...new Set(paths.map((path) => (path === '/' ? path : path.replace(/\/+$/, ''))))];
  return clean.filter((path) => !clean.some((other) => other !== path && isInside(path, other)));
}

function chunks(paths: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = Infinity;
  for (const path of paths) {
    const size = 2 * Buffer.byteLength(path) + 16;
    if (bytes + size > ARGUMENT_BYTES_MAX) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(path);
    bytes += size;
  }
  return all;
}
