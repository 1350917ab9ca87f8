import { AppError } from '@sekisho/core/errors.ts';
import { syncFolder } from '@sekisho/platform/durable-file.ts';
import { rm } from 'node:fs/promises';
import { exists } from './file-size.ts';
import type { MediaStore } from './media-store.ts';
import type { Caller, Repository } from './repository.ts';
import type { ObjectName } from './repository-paths.ts';
import { moveToTrash } from './trash.ts';

/**
 * A client removes only its own locks; maintenance moves everything else to the trash. What is not there is removed already.
 * @throws AppError APPEND_ONLY, LOCK_NOT_YOURS, REPOSITORY_SEALED
 */
export async function removeObject(
  store: MediaStore,
  repository: Repository,
  object: Exclude<ObjectName, { type: 'config' }>,
  caller: Caller,
): Promise<void> {
  const path = repository.path(object);
  if (caller.kind === 'client') {
    if (object.type !== 'locks') throw new AppError('APPEND_ONLY');
    if (repository.sealed) throw new AppError('REPOSITORY_SEALED');
    if (!(await exists(path))) return;
    // No client lock survives the start of maintenance, so what is there now was made by it.
    if (repository.maintained) throw new AppError('LOCK_NOT_YOURS');
  }
  const endWrite = repository.beginWrite(caller);
  try {
    if (object.type === 'locks') await removeLock(repository, object, path);
    else if (caller.kind === 'maintenance')
      await moveToTrash(repository, object, {
        name: caller.trashRun,
        kind: object.type === 'index' && caller.replacesIndexes() ? 'replaced' : 'removed',
        nowMs: store.clock.nowMs(),
      });
  } finally {
    endWrite();
  }
}

async function removeLock(
  repository: Repository,
  object: Exclude<ObjectName, { type: 'config' }>,
  path: string,
): Promise<void> {
  if (!(await exists(path))) return;
  await rm(path, { force: true });
  await syncFolder(repository.folder(object));
  repository.changeCount('locks', -1);
}
