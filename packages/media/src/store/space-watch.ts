import { AppError } from '@sekisho/core/errors.ts';
import { statfs as systemStatfs } from 'node:fs/promises';
import { DISK_FULL_SHARE, DISK_LOW_SHARE, DISK_RESERVE_BYTES } from '../limits.ts';
import type { MediaEventName } from '../media-event.ts';

/** Free and total bytes of the disk that holds a folder. */
export type MeasureSpace = (folder: string) => Promise<{ freeBytes: number; totalBytes: number }>;

export const measureSpace: MeasureSpace = async (folder) => {
  const { bavail, blocks, bsize } = await systemStatfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
};

/** How far free space must come back before the next crossing is told again. */
const REARM_SHARE = 0.02;

/**
 * Watches the disk: refuses an upload that would take the last of it, and tells once per crossing that it is low or full
 * . Uploads that ask at the same time share one measurement.
 */
export class SpaceWatch {
  readonly #folder: string;
  readonly #measure: MeasureSpace;
  readonly #tell: (event: MediaEventName, detail: Record<string, string | number>) => void;
  #level: 'enough' | 'low' | 'full' = 'enough';
  #running: ReturnType<MeasureSpace> | undefined;
  /** Bytes of uploads that were let in and are not on the disk yet. */
  #promisedBytes = 0;

  constructor(
    folder: string,
    measure: MeasureSpace,
    tell: (event: MediaEventName, detail: Record<string, string | number>) => void,
  ) {
    this.#folder = folder;
    this.#measure = measure;
    this.#tell = tell;
  }

  /** Lets an upload of that length in, or refuses with DISK_FULL. Call the result when the upload has ended. */
  async admit(lengthBytes: number): Promise<() => void> {
    const space = await this.look();
    if (space.freeBytes - this.#promisedBytes - lengthBytes < DISK_RESERVE_BYTES) throw this.full(space);
    this.#promisedBytes += lengthBytes;
    return () => {
      this.#promisedBytes -= lengthBytes;
    };
  }

  /** Measures now, and tells of a crossing. */
  async look(): Promise<{ freeBytes: number; totalBytes: number }> {
    this.#running ??= this.#measure(this.#folder).finally(() => {
      this.#running = undefined;
    });
    const space = await this.#running;
    const share = space.totalBytes === 0 ? 1 : space.freeBytes / space.totalBytes;
    if (share < DISK_FULL_SHARE) this.#reach('full', space);
    else if (share < DISK_LOW_SHARE && this.#level === 'enough') this.#reach('low', space);
    else if (share >= DISK_LOW_SHARE + REARM_SHARE) this.#level = 'enough';
    else if (share >= DISK_FULL_SHARE + REARM_SHARE && this.#level === 'full') this.#level = 'low';
    return space;
  }

  /** No space on a write: an event, and the refusal for the client. */
  full(space?: { freeBytes: number; totalBytes: number }, cause?: unknown): AppError {
    this.#reach('full', space);
    return new AppError('DISK_FULL', { path: this.#folder }, { cause });
  }

  #reach(level: 'low' | 'full', space?: { freeBytes: number; totalBytes: number }): void {
    if (this.#level === level) return;
    this.#level = level;
    this.#tell(level === 'full' ? 'repository-full' : 'repository-low', {
      folder: this.#folder,
      ...(space === undefined ? {} : { freeBytes: space.freeBytes, totalBytes: space.totalBytes }),
    });
  }
}

/** True for what the system says when a disk or a disk quota is full. */
export const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
