import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import type { InstallPackage } from '@sekisho/core/wire/documents.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { syncFolder } from '@sekisho/platform/durable-file.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerContext } from '../../context.ts';
import { folderRefusal } from '../domain/data-folder.ts';
import {
  keptPackages,
  PACKAGE_PART_BYTES,
  PARTS_AT_ONCE,
  putParts,
  readParts,
  removeUnkeptParts,
} from './package-parts.store.ts';

type Parts = Pick<ServerContext, 'clock' | 'dataFolder' | 'log' | 'store'>;
type Content = Pick<InstallPackage, 'sha256' | 'bytes'>;

/** A file that is this young may be one that is about to be published. */
const YOUNG_MS = HOUR_MS;

/** Where this server keeps the files that it hands to agents. */
const folderOf = (dataFolder: string): string => join(dataFolder, 'packages');
/** By their hash. */
export const packageFile = (dataFolder: string, sha256: string): string =>
  join(folderOf(dataFolder), `${sha256}.deb`);

/**
 * F-04 Brings a package that lies in this server's data folder to where every worker of the domain has it: into the database, when that serves
 * several. It goes there by parts that nobody reads before the package is published: one that was killed in the middle is begun anew.
 * Refusals: PACKAGE_FILE_MISSING, DISK_FULL.
 */
export async function offerPackage(parts: Parts, { sha256, bytes }: Content): Promise<void> {
  const { store, dataFolder, clock } = parts;
  const path = packageFile(dataFolder, sha256);
  const found = await hashFile(path, bytes).catch(() => undefined);
  if (found?.sha256 !== sha256 || found.bytes !== bytes)
    throw new AppError('PACKAGE_FILE_MISSING', { sha256 });
  if (store.dialect !== 'postgres') return;
  const file = await open(path);
  try {
    for (let part = 0; part * PACKAGE_PART_BYTES < bytes; part += PARTS_AT_ONCE) {
      const read = await file.read({
        buffer: Buffer.alloc(Math.min(PACKAGE_PART_BYTES * PARTS_AT_ONCE, bytes - part * PACKAGE_PART_BYTES)),
        position: part * PACKAGE_PART_BYTES,
      });
      if (read.bytesRead < read.buffer.byteLength) throw new AppError('PACKAGE_FILE_MISSING', { sha256 });
      const pieces = Array.from({ length: Math.ceil(read.bytesRead / PACKAGE_PART_BYTES) }, (_, n) =>
        read.buffer.subarray(n * PACKAGE_PART_BYTES, (n + 1) * PACKAGE_PART_BYTES),
      );
      await store.transaction((tx) => putParts(tx, sha256, part, pieces, clock.nowMs()));
      crashPoint('package.part-written');
    }
  } finally {
    await file.close();
  }
}

/** F-04 Packages that are kept no longer go, from the database and from this server's data folder. */
export async function removeUnkeptPackages({ store, dataFolder, clock }: Parts): Promise<void> {
  await removeUnkeptParts(store, clock.nowMs());
  const kept = await keptPackages(store.db);
  const folder = folderOf(dataFolder);
  for (const name of await readdir(folder).catch(() => [])) {
    const [sha256 = ''] = name.split('.', 1);
    if (!/^[0-9a-f]{64}\.(deb|new|part)$/.test(name) || (name.endsWith('.deb') && kept.has(sha256))) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (file !== undefined && clock.nowMs() - file.mtimeMs >= YOUNG_MS) await rm(path, { force: true });
  }
}

/** F-04 The packages as this worker hands them out: from its own disk, where they come out of the database when they are first wanted. */
export class PackageFiles {
  readonly #parts: Parts;
  /** Agents that want the same wait for the same. */
  readonly #fetching = new Map<Sha256Hex, Promise<void>>();
  /** What was found to be whole, by the place and times of the file. */
  readonly #verified = new Map<Sha256Hex, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * An open file with the package: the caller closes it. With one worker it is the file that was published, and agents find out by themselves
   * when somebody changed it; out of the database it is verified before the first byte is handed out. Refusals: PACKAGE_FILE_MISSING,
   * DISK_FULL.
   */
  async open(content: Content): Promise<FileHandle> {
    const { store, dataFolder } = this.#parts;
    const { sha256 } = content;
    if (store.dialect === 'postgres' && !(await this.#isWhole(content))) await this.#fetchOnce(content);
    return open(packageFile(dataFolder, sha256)).catch((error: unknown) => {
      throw new AppError('PACKAGE_FILE_MISSING', { sha256 }, { cause: error });
    });
  }

  async #isWhole({ sha256, bytes }: Content): Promise<boolean> {
    const path = packageFile(this.#parts.dataFolder, sha256);
    const file = await stat(path).catch(() => undefined);
    if (file?.size !== bytes) return false;
    const mark = `${file.ino} ${file.mtimeMs} ${file.ctimeMs}`;
    if (this.#verified.get(sha256) === mark) return true;
    const found = await hashFile(path, bytes).catch(() => undefined);
    if (found?.sha256 !== sha256) return false;
    this.#verified.set(sha256, mark);
    return true;
  }

  async #fetchOnce(content: Content): Promise<void> {
    const { sha256 } = content;
    let fetching = this.#fetching.get(sha256);
    if (fetching === undefined) {
      fetching = this.#fetch(content).finally(() => this.#fetching.delete(sha256));
      this.#fetching.set(sha256, fetching);
    }
    await fetching;
  }

  async #fetch({ sha256, bytes }: Content): Promise<void> {
    const { store, dataFolder, log } = this.#parts;
    const folder = folderOf(dataFolder);
    const half = join(folder, `${sha256}.part`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      const hash = createHash('sha256');
      let length = 0;
      const file = await open(half, 'w', 0o644);
      try {
        for await (const part of readParts(store.db, sha256)) {
          length += part.byteLength;
          if (length > bytes) break;
          hash.update(part);
          await file.write(part);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      if (length !== bytes || hash.digest('hex') !== sha256)
        throw new AppError('PACKAGE_FILE_MISSING', { sha256 });
      crashPoint('package.before-rename');
      await rename(half, packageFile(dataFolder, sha256));
      await syncFolder(folder);
    } catch (error) {
      await rm(half, { force: true });
      throw folderRefusal(error, folder);
    }
    log.info({ sha256, bytes }, 'an install package was taken over from the database');
    await removeUnkeptPackages(this.#parts);
  }
}
