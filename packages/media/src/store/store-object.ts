import { AppError } from '@sekisho/core/errors.ts';
import { parseSnapshotId, repositoryOwner } from '@sekisho/core/ids.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { syncFolder } from '@sekisho/platform/durable-file.ts';
import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { INDEXES_MAX, KEYS_MAX, LOCKS_MAX, SNAPSHOTS_MAX, WRITE_BATCH_BYTES } from '../limits.ts';
import { consumeBody } from './consume-body.ts';
import { fileSize } from './file-size.ts';
import type { MediaStore } from './media-store.ts';
import type { Caller, Repository } from './repository.ts';
import type { ObjectName } from './repository-paths.ts';
import { isNoSpace } from './space-watch.ts';

const COUNT_MAX = { locks: LOCKS_MAX, snapshots: SNAPSHOTS_MAX, keys: KEYS_MAX, index: INDEXES_MAX } as const;

export interface StoreObjectInput {
  readonly repository: Repository;
  readonly object: ObjectName;
  readonly caller: Caller;
  /** Exactly so many bytes come. */
  readonly lengthBytes: number;
  readonly body: Readable;
}

/**
 * Stores one object (P-03): temporary file → hash while writing → fsync → rename → fsync of the folder. When this resolves the
 * object, and the reception time of a snapshot, survive power loss. Whatever fails leaves nothing. An object that is there
 * already is not written again, if the bytes are right.
 * @throws AppError CONFIG_EXISTS, OBJECT_HASH_WRONG, OBJECT_CUT_OFF, OBJECTS_TOO_MANY, REPOSITORY_SEALED,
 *   REPOSITORY_IN_MAINTENANCE, REPOSITORY_QUOTA, DISK_FULL
 */
export async function storeObject(store: MediaStore, input: StoreObjectInput): Promise<void> {
  const { repository, object, caller } = input;
  const endWrite = repository.beginWrite(caller);
  try {
    const storedBytes = await fileSize(repository.path(object));
    if (object.type === 'config' && storedBytes !== undefined) throw new AppError('CONFIG_EXISTS');
    if (object.type !== 'config' && storedBytes === input.lengthBytes) await compareAgain(input, object.id);
    else await storeNew(store, input);
    if (object.type === 'snapshots') await recordReception(store, repository, object.id);
  } finally {
    endWrite();
  }
}

async function storeNew(store: MediaStore, input: StoreObjectInput): Promise<void> {
  const releases: (() => void)[] = [];
  try {
    await refuseTooMany(input);
    // Locks are small and few, and a restore needs one: neither quota counts them.
    if (input.object.type !== 'locks') {
      if (input.caller.kind === 'client')
        releases.push(await store.quotas.reserve(repositoryOwner(input.repository.name), input.lengthBytes));
      releases.push(await store.space.admit(input.lengthBytes));
    }
    await writeAndRename(store, input);
  } catch (error) {
    throw isNoSpace(error) ? store.space.full(undefined, error) : error;
  } finally {
    for (const release of releases) release();
  }
}

async function refuseTooMany({ repository, object }: StoreObjectInput): Promise<void> {
  if (object.type === 'config' || object.type === 'data') return;
  const limit = COUNT_MAX[object.type];
  if ((await repository.count(object.type)) >= limit)
    throw new AppError('OBJECTS_TOO_MANY', { type: object.type, limit });
}

async function writeAndRename(store: MediaStore, input: StoreObjectInput): Promise<void> {
  const { repository, object } = input;
  const name = `${Buffer.from(store.random.bytes(12)).toString('hex')}.tmp`;
  const temporary = join(repository.paths.incoming, name);
  const file = await open(temporary, 'wx', 0o600);
  try {
    const sha256 = await writeBody(file, input);
    if (object.type !== 'config' && sha256 !== object.id) throw new AppError('OBJECT_HASH_WRONG');
    const nowSeconds = store.clock.nowMs() / 1000;
    await file.utimes(nowSeconds, nowSeconds); // the age of a lock is judged by our clock
    crashPoint('upload.before-fsync');
    await file.sync();
    await file.close();
    await repository.commit(object, () => moveIntoPlace(input, temporary));
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function moveIntoPlace(
  { repository, object, caller, lengthBytes }: StoreObjectInput,
  temporary: string,
): Promise<void> {
  repository.refuseWrite(caller); // sealed while the bytes came?
  const path = repository.path(object);
  const replacedBytes = await fileSize(path);
  if (object.type === 'config' && replacedBytes !== undefined) throw new AppError('CONFIG_EXISTS');
  crashPoint('upload.before-rename');
  await rename(temporary, path);
  crashPoint('upload.renamed');
  await syncFolder(repository.folder(object));
  crashPoint('upload.folder-synced');
  if (object.type !== 'locks') repository.addBytes(lengthBytes - (replacedBytes ?? 0));
  if (object.type !== 'config' && replacedBytes === undefined) repository.changeCount(object.type, 1);
}

/** Writes the body in batches, in one buffer that is used again: memory stays bounded. Gives the SHA-256 of what came. */
async function writeBody(file: FileHandle, { body, lengthBytes }: StoreObjectInput): Promise<string> {
  const hash = createHash('sha256');
  const batch = Buffer.allocUnsafeSlow(Math.max(1, Math.min(WRITE_BATCH_BYTES, lengthBytes)));
  let filled = 0;
  let received = 0;
  const writeOut = async (chunk: Buffer): Promise<void> => {
    let taken = 0;
    do {
      hash.update(batch); // a batch at a time: a call for each piece that comes costs more than the hashing
      await writeAll(file, batch);
      const part = chunk.subarray(taken, taken + batch.length);
      batch.set(part);
      filled = part.length;
      taken += filled;
    } while (filled === batch.length);
  };
  await consumeBody(body, (chunk) => {
    received += chunk.length;
    if (received > lengthBytes) throw new AppError('OBJECT_CUT_OFF');
    const part = chunk.subarray(0, batch.length - filled);
    batch.set(part, filled);
    filled += part.length;
    return filled === batch.length ? writeOut(chunk.subarray(part.length)) : undefined;
  });
  if (filled > 0) {
    hash.update(batch.subarray(0, filled));
    await writeAll(file, batch.subarray(0, filled));
  }
  if (received !== lengthBytes) throw new AppError('OBJECT_CUT_OFF');
  return hash.digest('hex');
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += (await file.write(bytes, offset)).bytesWritten;
}

/** The same blob again is fine (a lost answer must not fail the backup), other bytes under its name are not. */
async function compareAgain({ body, lengthBytes }: StoreObjectInput, id: string): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  await consumeBody(body, (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
    return undefined;
  });
  if (bytes !== lengthBytes) throw new AppError('OBJECT_CUT_OFF');
  if (hash.digest('hex') !== id) throw new AppError('OBJECT_HASH_WRONG');
}

async function recordReception(store: MediaStore, repository: Repository, rawId: string): Promise<void> {
  const id = parseSnapshotId(rawId);
  if (id === undefined) return;
  try {
    await repository.journal.receive(id, store.clock.nowMs());
  } catch (error) {
    throw isNoSpace(error) ? store.space.full(undefined, error) : error;
  }
  await store.tellSnapshot(repository, id);
}
