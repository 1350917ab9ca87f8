import { AppError } from '@sekisho/core/errors.ts';
import { parseSnapshotId, type RepositoryName, type SnapshotId } from '@sekisho/core/ids.ts';
import { makePrivateFolder, syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LOCK_FRESH_MS } from '../limits.ts';
import { exists, fileSize } from './file-size.ts';
import {
  FAN_OUT,
  OBJECT_TYPES,
  objectFolder,
  objectPath,
  repositoryPaths,
  type ObjectName,
  type ObjectType,
  type RepositoryPaths,
} from './repository-paths.ts';
import { ReceptionJournal } from './reception-journal.ts';
import { putBackSetAside, trashRunName } from './trash.ts';

/** Who asks: the host of a client certificate, or the maintenance that holds the repository. */
export type Caller =
  | { readonly kind: 'client' }
  | {
      readonly kind: 'maintenance';
      /** Folder of the trash that takes what this run removes. */
      readonly trashRun: string;
      /** True while the index is made anew: the old ones must never come back. */
      readonly replacesIndexes: () => boolean;
    };

const SEALED_MARKER = 'sealed.json';
const MAINTENANCE_MARKER = 'maintenance.json';
const markerContent = z.object({ startedAtMs: z.int() });

/** One repository: its folders, its reception journal, and the gate that says who may write now. */
export class Repository {
  readonly name: RepositoryName;
  readonly paths: RepositoryPaths;
  readonly journal: ReceptionJournal;
  #sealed: boolean;
  #maintained = false;
  #writesInFlight = 0;
  #bytes: Promise<number> | undefined;
  /** Objects that are being renamed into place: a second upload of one waits. */
  readonly #committing = new Map<string, Promise<unknown>>();
  readonly #counts = new Map<ObjectType, number>();

  private constructor(
    name: RepositoryName,
    paths: RepositoryPaths,
    journal: ReceptionJournal,
    sealed: boolean,
  ) {
    this.name = name;
    this.paths = paths;
    this.journal = journal;
    this.#sealed = sealed;
  }

  /** Makes the folders of a repository (again: nothing happens), durably. */
  static async create(baseFolder: string, name: RepositoryName): Promise<void> {
    const paths = repositoryPaths(baseFolder, name);
    for (const folder of [paths.meta, paths.incoming, paths.trash]) await makePrivateFolder(folder);
    for (const type of OBJECT_TYPES) await makePrivateFolder(join(paths.objects, type));
    for (const prefix of FAN_OUT) await makePrivateFolder(join(paths.objects, 'data', prefix));
    for (const folder of [join(paths.objects, 'data'), paths.objects, paths.root, baseFolder])
      await syncFolder(folder);
  }

  /**
   * Opens a repository after a start, clean or not: temporary files go; a maintenance that was interrupted is over, and its
   * locks with it; a snapshot without a reception time was received now.
   */
  static async open(
    baseFolder: string,
    name: RepositoryName,
    options: { nowMs: number; forgetBeforeMs: number },
  ): Promise<Repository> {
    await Repository.create(baseFolder, name);
    const paths = repositoryPaths(baseFolder, name);
    for (const left of await readdir(paths.incoming)) await rm(join(paths.incoming, left), { force: true });
    const journal = await ReceptionJournal.open(paths.meta, options.forgetBeforeMs);
    const repository = new Repository(name, paths, journal, await exists(join(paths.meta, SEALED_MARKER)));
    await releaseInterruptedMaintenance(repository);
    await repository.#reconcileJournal(options.nowMs);
    return repository;
  }

  get sealed(): boolean {
    return this.#sealed;
  }

  get maintained(): boolean {
    return this.#maintained;
  }

  get writesInFlight(): number {
    return this.#writesInFlight;
  }

  path(object: ObjectName): string {
    return objectPath(this.paths.objects, object);
  }

  folder(object: ObjectName): string {
    return objectFolder(this.paths.objects, object);
  }

  /** Throws when this caller may not write now. Asked when a write begins and again before its rename. */
  refuseWrite(caller: Caller): void {
    if (this.#sealed) throw new AppError('REPOSITORY_SEALED');
    if (this.#maintained && caller.kind === 'client') throw new AppError('REPOSITORY_IN_MAINTENANCE');
  }

  /** Counts a write that began; maintenance does not start while there is one. Call the result at its end. */
  beginWrite(caller: Caller): () => void {
    this.refuseWrite(caller);
    this.#writesInFlight += 1;
    return () => {
      this.#writesInFlight -= 1;
    };
  }

  /**
   * Closes the gate for clients, durably, until `leaveMaintenance`. Locks that clients left long ago go.
   * @throws AppError REPOSITORY_BUSY while a client writes or holds a fresh lock; REPOSITORY_SEALED
   */
  async enterMaintenance(detail: { jobId: string; startedAtMs: number }): Promise<void> {
    this.#refuseBusy();
    this.#maintained = true;
    try {
      await this.#removeStaleLocks(detail.startedAtMs);
      await writeDurably(join(this.paths.meta, MAINTENANCE_MARKER), JSON.stringify(detail));
    } catch (error) {
      this.#maintained = false;
      throw error;
    }
  }

  async leaveMaintenance(): Promise<void> {
    await openGate(this.paths);
    this.#counts.delete('locks');
    this.#maintained = false;
  }

  /** Durable: from here on, and after every restart, the repository can only be read. */
  async seal(nowMs: number): Promise<void> {
    this.#sealed = true;
    await writeDurably(join(this.paths.meta, SEALED_MARKER), JSON.stringify({ sealedAtMs: nowMs }));
  }

  /** Runs one rename at a time for each object. */
  async commit<T>(object: ObjectName, work: () => Promise<T>): Promise<T> {
    const key = this.path(object);
    for (let other = this.#committing.get(key); other !== undefined; other = this.#committing.get(key))
      await other.catch(() => undefined);
    const running = work();
    this.#committing.set(key, running);
    try {
      return await running;
    } finally {
      this.#committing.delete(key);
    }
  }

  /** Stored bytes (locks and trash aside); measured once, then kept. */
  bytes(): Promise<number> {
    this.#bytes ??= measureBytes(this.paths.objects);
    this.#bytes.catch(() => {
      this.#bytes = undefined;
    });
    return this.#bytes;
  }

  addBytes(difference: number): void {
    if (this.#bytes !== undefined) this.#bytes = this.#bytes.then((bytes) => Math.max(0, bytes + difference));
  }

  /** How many objects of a type there are (not of `data`). */
  async count(type: Exclude<ObjectType, 'data'>): Promise<number> {
    const known = this.#counts.get(type);
    if (known !== undefined) return known;
    const counted = (await readdir(join(this.paths.objects, type))).length;
    this.#counts.set(type, counted);
    return counted;
  }

  changeCount(type: ObjectType, difference: number): void {
    const known = this.#counts.get(type);
    if (known !== undefined) this.#counts.set(type, Math.max(0, known + difference));
  }

  async snapshotIds(): Promise<SnapshotId[]> {
    const names = await readdir(join(this.paths.objects, 'snapshots'));
    return names.map(parseSnapshotId).filter((id) => id !== undefined);
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  #refuseBusy(): void {
    if (this.#sealed) throw new AppError('REPOSITORY_SEALED');
    const reason = this.#maintained
      ? 'maintenance runs'
      : this.#writesInFlight > 0
        ? 'a client is writing'
        : undefined;
    if (reason !== undefined) throw new AppError('REPOSITORY_BUSY', { repository: this.name, reason });
  }

  async #removeStaleLocks(nowMs: number): Promise<void> {
    const folder = join(this.paths.objects, 'locks');
    const locks = await readdir(folder);
    for (const name of locks) {
      const { mtimeMs } = await stat(join(folder, name));
      if (nowMs - mtimeMs < LOCK_FRESH_MS)
        throw new AppError('REPOSITORY_BUSY', { repository: this.name, reason: 'a client holds a lock' });
    }
    for (const name of locks) await rm(join(folder, name), { force: true });
    await syncFolder(folder);
    this.#counts.delete('locks');
  }

  async #reconcileJournal(nowMs: number): Promise<void> {
    const known = this.journal.received();
    const present = new Set(await this.snapshotIds());
    for (const id of present) if (!known.has(id)) await this.journal.markRecovered(id, nowMs);
    for (const id of known.keys()) if (!present.has(id)) await this.journal.markRemoved(id, nowMs);
  }
}

/** Ends a maintenance that a crash interrupted: packs that it had set aside come back, its locks go, the gate opens. */
async function releaseInterruptedMaintenance(repository: Repository): Promise<void> {
  const marker = join(repository.paths.meta, MAINTENANCE_MARKER);
  if (!(await exists(marker))) return;
  const { startedAtMs } = markerContent.parse(JSON.parse(await readFile(marker, 'utf8')));
  await putBackSetAside(repository, trashRunName(startedAtMs));
  await openGate(repository.paths);
}

/** While the marker of maintenance stands, every lock in the repository is maintenance's own: none of a client was let in. */
async function openGate(paths: RepositoryPaths): Promise<void> {
  const locks = join(paths.objects, 'locks');
  for (const name of await readdir(locks)) await rm(join(locks, name), { force: true });
  await syncFolder(locks);
  await rm(join(paths.meta, MAINTENANCE_MARKER), { force: true });
  await syncFolder(paths.meta);
}

async function measureBytes(objects: string): Promise<number> {
  let total = (await fileSize(join(objects, 'config'))) ?? 0;
  const folders = ['keys', 'snapshots', 'index', ...FAN_OUT.map((prefix) => join('data', prefix))];
  for (const folder of folders) {
    for (const name of await readdir(join(objects, folder)))
      total += (await fileSize(join(objects, folder, name))) ?? 0;
  }
  return total;
}
