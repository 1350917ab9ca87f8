import { AppError } from '@sekisho/core/errors.ts';
import { AGENT_BODY_BYTES_MAX, SPOOL_ITEMS_MAX, SPOOL_ITEMS_PER_FRAME_MAX } from '@sekisho/core/limits.ts';
import { spoolItem, type SpoolItem } from '@sekisho/core/wire/agent.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../settings.ts';

/** Items of one frame or body stay below this together: room for the frame around them. */
export const BATCH_BYTES_MAX = Math.floor(AGENT_BODY_BYTES_MAX * 0.75);

/**
 * What waits for the server, one file an item, in the order in which it came (`<sequence>.<spoolId>.json`). An item is on
 * the disk before `put` resolves, and leaves it only when the server has acknowledged it (P-12).
 */
export interface Spool {
  /** Resolves when the item is durable. The same spoolId again replaces what waits. Refusal: SPOOL_FULL. */
  put(item: SpoolItem): Promise<void>;
  has(spoolId: string): boolean;
  readonly size: number;
  /** The oldest items that fit one frame; empty when nothing waits. They stay until acknowledged. */
  batch(): Promise<SpoolItem[]>;
  acknowledge(spoolIds: readonly string[]): Promise<void>;
  /** Called after each `put`. */
  onPut(listener: () => void): void;
}

export async function openSpool(options: { folder: string; log: Log; itemsMax?: number }): Promise<Spool> {
  const { folder, log } = options;
  const itemsMax = options.itemsMax ?? SPOOL_ITEMS_MAX;
  const files = new Map<string, { name: string; event: boolean }>();
  const listeners: (() => void)[] = [];
  let sequence = 0;
  for (const name of (await readdir(folder)).sort()) {
    const found = FILE_NAME.exec(name);
    if (found === null) continue;
    const item = await readItem(join(folder, name));
    if (item === undefined) {
      log.warn({ name }, 'a damaged spool item was set aside');
      await rename(join(folder, name), join(folder, `${name}.damaged`));
      continue;
    }
    sequence = Math.max(sequence, Number(found[1]));
    const older = files.get(item.spoolId);
    if (older !== undefined) await rm(join(folder, older.name), { force: true });
    files.delete(item.spoolId);
    files.set(item.spoolId, { name, event: item.kind === 'event' });
  }

  /** Events give way to what counts more; nothing else is ever thrown away. */
  async function makeRoom(item: SpoolItem): Promise<void> {
    if (files.size < itemsMax || files.has(item.spoolId)) return;
    const oldest = item.kind === 'event' ? undefined : [...files].find(([, file]) => file.event);
    if (oldest === undefined) throw new AppError('SPOOL_FULL', { limit: itemsMax });
    await rm(join(folder, oldest[1].name), { force: true });
    files.delete(oldest[0]);
  }

  return {
    async put(item) {
      await makeRoom(item);
      sequence += 1;
      const name = `${String(sequence).padStart(12, '0')}.${item.spoolId}.json`;
      await writeDurably(join(folder, name), JSON.stringify(item), {
        moments: {
          beforeFsync: () => {
            crashPoint('spool.before-fsync');
          },
          beforeRename: () => {
            crashPoint('spool.before-rename');
          },
          renamed: () => {
            crashPoint('spool.renamed');
          },
        },
      });
      const older = files.get(item.spoolId);
      files.delete(item.spoolId);
      files.set(item.spoolId, { name, event: item.kind === 'event' });
      if (older !== undefined) await rm(join(folder, older.name), { force: true });
      for (const listener of listeners) listener();
    },
    has: (spoolId) => files.has(spoolId),
    get size() {
      return files.size;
    },
    async batch() {
      const items: SpoolItem[] = [];
      let bytes = 0;
      for (const [spoolId, file] of files) {
        if (items.length >= SPOOL_ITEMS_PER_FRAME_MAX) break;
        const item = await readItem(join(folder, file.name));
        if (item === undefined) {
          // Gone in the meantime (acknowledged or replaced), or damaged: the next start sets that aside.
          if (files.get(spoolId) === file) files.delete(spoolId);
          continue;
        }
        const itemBytes = Buffer.byteLength(JSON.stringify(item));
        if (items.length > 0 && bytes + itemBytes > BATCH_BYTES_MAX) break;
        items.push(item);
        bytes += itemBytes;
      }
      return items;
    },
    async acknowledge(spoolIds) {
      crashPoint('spool.acknowledged');
      let removed = 0;
      for (const spoolId of spoolIds) {
        const file = files.get(spoolId);
        if (file === undefined) continue;
        files.delete(spoolId);
        await rm(join(folder, file.name), { force: true });
        removed += 1;
      }
      if (removed > 0) await syncFolder(folder);
    },
    onPut(listener) {
      listeners.push(listener);
    },
  };
}

const FILE_NAME = /^(\d{12})\.([A-Za-z0-9_-]{1,64})\.json$/;

async function readItem(path: string): Promise<SpoolItem | undefined> {
  try {
    const parsed = spoolItem.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
