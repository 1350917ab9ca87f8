import { AppError } from '@sekisho/core/errors.ts';
import { parseSnapshotId, type SnapshotId } from '@sekisho/core/ids.ts';
import { z } from 'zod';
import { ENCRYPTED_BYTES_MIN } from '../limits.ts';
import { listObjects } from '../store/list-objects.ts';
import type { Repository } from '../store/repository.ts';
import type { ObjectType } from '../store/repository-paths.ts';
import { sha256OfFile } from '../store/scrub.ts';
import { moveToTrash } from '../store/trash.ts';
import type { ResticSession } from './restic-session.ts';

export interface QuarantineRun {
  readonly name: string;
  readonly nowMs: number;
}

/** Moves what is too short to be an encrypted object out of restic's way (0.14 panics on it). Gives the snapshots among it. */
export async function quarantineStubs(repository: Repository, run: QuarantineRun): Promise<SnapshotId[]> {
  const stubs: { type: ObjectType; id: string }[] = [];
  for (const type of ['data', 'index', 'snapshots'] as const) {
    for await (const { id, bytes } of listObjects(repository, type))
      if (bytes < ENCRYPTED_BYTES_MIN) stubs.push({ type, id });
  }
  for (const stub of stubs) await moveToTrash(repository, stub, { ...run, kind: 'quarantined' });
  return stubs
    .filter((stub) => stub.type === 'snapshots')
    .map((stub) => parseSnapshotId(stub.id))
    .filter((id) => id !== undefined);
}

/**
 * Moves snapshots that restic cannot read to the trash: garbage from the beginning, since the bytes are those of the name.
 * One that the disk changed is no garbage: then nothing goes on.
 * @throws AppError MAINTENANCE_CHECK_FAILED
 */
export async function quarantineUnreadable(
  repository: Repository,
  session: ResticSession,
  run: QuarantineRun,
): Promise<SnapshotId[]> {
  const stored = await repository.snapshotIds();
  const readable = new Set((await readSnapshots(session)).keys());
  let unreadable = stored.filter((id) => !readable.has(id));
  if (unreadable.length === 0) return [];
  const again = new Set((await readSnapshots(session)).keys());
  unreadable = unreadable.filter((id) => !again.has(id));
  for (const id of unreadable) await refuseDamaged(repository, 'snapshots', id);
  for (const id of unreadable)
    await moveToTrash(repository, { type: 'snapshots', id }, { ...run, kind: 'quarantined' });
  return unreadable;
}

/** An object whose bytes are not those of its name was changed by the disk: fail closed. */
export async function refuseDamaged(repository: Repository, type: ObjectType, id: string): Promise<void> {
  if ((await sha256OfFile(repository.path({ type, id }))) === id) return;
  throw new AppError('MAINTENANCE_CHECK_FAILED', {
    repository: repository.name,
    detail: `the disk changed ${type}/${id}`,
  });
}

const snapshotList = z.array(z.object({ id: z.string(), tree: z.string() }));

/** The snapshots that restic can read, with the tree that each stands for. */
export async function readSnapshots(session: ResticSession): Promise<Map<SnapshotId, string>> {
  let text = '';
  await session.require(['snapshots', '--json', '--no-lock'], {
    onLine: (line) => {
      text += line;
    },
  });
  const found = new Map<SnapshotId, string>();
  for (const snapshot of snapshotList.parse(JSON.parse(text === '' ? '[]' : text) ?? [])) {
    const id = parseSnapshotId(snapshot.id);
    if (id !== undefined) found.set(id, snapshot.tree);
  }
  return found;
}

/** Snapshots whose tree is in no pack: nothing of them can be restored. */
export async function findRootless(session: ResticSession): Promise<Set<SnapshotId>> {
  const snapshots = await readSnapshots(session);
  const missing = new Set(snapshots.values());
  await session.require(['list', 'blobs', '--no-lock'], {
    onLine: (line) => {
      missing.delete(line.slice(line.indexOf(' ') + 1));
    },
  });
  return new Set([...snapshots].filter(([, tree]) => missing.has(tree)).map(([id]) => id));
}
