import { AppError } from '@sekisho/core/errors.ts';
import { parseSnapshotId } from '@sekisho/core/ids.ts';
import { TRASH_KEEP_MS } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { makePrivateFolder, syncFolder } from '@sekisho/platform/durable-file.ts';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@sekisho/core/time.ts';
import { exists, fileSize } from './file-size.ts';
import type { Repository } from './repository.ts';
import { objectFolder, objectPath, type ObjectName, type ObjectType } from './repository-paths.ts';

/**
 * Why an object is in the trash. `removed`: forget and prune took it; an administrator can undo that. `replaced`: an index
 * that was made anew from the packs. `quarantined`: what no restore can use. The last two are kept to look at, never put back.
 */
export type TrashKind = 'removed' | 'replaced' | 'quarantined';

/** Names the trash folder of one maintenance run by its time, so that age and order can be read: `20261121T224955123Z`. */
export const trashRunName = (nowMs: number): string => new Date(nowMs).toISOString().replace(/[-:.]/g, '');

/** Moves an object out of the repository into the trash, durably. An object that is not there is fine. */
export async function moveToTrash(
  repository: Repository,
  object: Exclude<ObjectName, { type: 'config' }>,
  run: { name: string; kind: TrashKind; nowMs: number },
): Promise<void> {
  const path = repository.path(object);
  const bytes = await fileSize(path);
  if (bytes === undefined) return;
  const base = join(repository.paths.trash, run.name, run.kind);
  await makePrivateFolder(objectFolder(base, object));
  crashPoint('maintenance.before-trash');
  await rename(path, objectPath(base, object));
  await syncFolder(objectFolder(base, object));
  await syncFolder(repository.folder(object));
  crashPoint('maintenance.trashed');
  repository.addBytes(-bytes);
  repository.changeCount(object.type, -1);
  const snapshotId = object.type === 'snapshots' ? parseSnapshotId(object.id) : undefined;
  if (snapshotId !== undefined) await repository.journal.markRemoved(snapshotId, run.nowMs);
}

/**
 * Puts back what runs since then removed: packs first, then indexes, snapshots last, so that a crash in between leaves a
 * repository that is whole. Every object keeps its name, and a snapshot its reception time.
 * @throws AppError TRASH_EMPTY, REPOSITORY_BUSY, REPOSITORY_SEALED
 */
export async function recoverFromTrash(
  repository: Repository,
  sinceMs: number,
  clock: Clock,
): Promise<{ objects: number; snapshots: number }> {
  const runs = (await trashRuns(repository)).filter((run) => run.atMs >= sinceMs);
  await repository.enterMaintenance({ jobId: 'recover-from-trash', startedAtMs: clock.nowMs() });
  try {
    const put = await putBackRuns(
      repository,
      runs.map((run) => run.name),
      clock.nowMs(),
    );
    if (put.objects === 0)
      throw new AppError('TRASH_EMPTY', { repository: repository.name, keepDays: TRASH_KEEP_MS / DAY_MS });
    return put;
  } finally {
    await repository.leaveMaintenance();
  }
}

/** Puts back what one run removed; the caller holds the repository. */
export const putBackRun = (
  repository: Repository,
  runName: string,
  nowMs: number,
): Promise<{ objects: number; snapshots: number }> => putBackRuns(repository, [runName], nowMs);

async function putBackRuns(
  repository: Repository,
  runNames: readonly string[],
  nowMs: number,
): Promise<{ objects: number; snapshots: number }> {
  let objects = 0;
  let snapshots = 0;
  for (const type of ['keys', 'data', 'index', 'snapshots'] as const) {
    for (const runName of runNames) {
      for (const id of await trashedIds(repository, runName, 'removed', type)) {
        await putBack(repository, runName, 'removed', { type, id });
        objects += 1;
        const snapshotId = type === 'snapshots' ? parseSnapshotId(id) : undefined;
        if (snapshotId === undefined) continue;
        snapshots += 1;
        await repository.journal.markRecovered(snapshotId, nowMs);
      }
    }
  }
  return { objects, snapshots };
}

/** Puts back the packs that an interrupted run had set aside and not judged yet: the next run judges them again. */
export async function putBackSetAside(repository: Repository, runName: string): Promise<void> {
  for (const id of await trashedIds(repository, runName, 'quarantined', 'data'))
    await putBack(repository, runName, 'quarantined', { type: 'data', id });
}

/** Moves one object from the trash back to its place. */
export async function putBack(
  repository: Repository,
  runName: string,
  kind: TrashKind,
  object: Exclude<ObjectName, { type: 'config' }>,
): Promise<void> {
  const from = join(repository.paths.trash, runName, kind);
  const bytes = await fileSize(objectPath(from, object));
  if (bytes === undefined) return;
  const replaced = await fileSize(repository.path(object));
  await rename(objectPath(from, object), repository.path(object));
  await syncFolder(repository.folder(object));
  repository.addBytes(bytes - (replaced ?? 0));
  if (replaced === undefined) repository.changeCount(object.type, 1);
}

/** Removes for good what has been in the trash for TRASH_KEEP_MS. */
export async function sweepTrash(repository: Repository, nowMs: number): Promise<number> {
  let swept = 0;
  for (const run of await trashRuns(repository)) {
    if (nowMs - run.atMs < TRASH_KEEP_MS) continue;
    await rm(join(repository.paths.trash, run.name), { recursive: true, force: true });
    swept += 1;
  }
  if (swept > 0) await syncFolder(repository.paths.trash);
  return swept;
}

/** The runs that left something, oldest first. */
async function trashRuns(repository: Repository): Promise<{ name: string; atMs: number }[]> {
  const runs: { name: string; atMs: number }[] = [];
  for (const name of await readdir(repository.paths.trash)) {
    const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(name);
    if (parts === null) continue;
    const [, year, month, day, hour, minute, second, ms] = parts;
    const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
    if (Number.isFinite(atMs)) runs.push({ name, atMs });
  }
  return runs.sort((a, b) => a.atMs - b.atMs);
}

async function trashedIds(
  repository: Repository,
  runName: string,
  kind: TrashKind,
  type: ObjectType,
): Promise<string[]> {
  const base = join(repository.paths.trash, runName, kind, type);
  if (!(await exists(base))) return [];
  const names = await readdir(base);
  if (type !== 'data') return names;
  const ids: string[] = [];
  for (const prefix of names) ids.push(...(await readdir(join(base, prefix))));
  return ids;
}
