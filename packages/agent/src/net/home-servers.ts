import { listPayload, type ListPayload } from '@sekisho/core/wire/documents.ts';
import { serial } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isMissing } from '../settings.ts';

/** F-12 The servers of the list through which this agent was answered last: its way home when a newer list leads nowhere. */
export interface HomeServers {
  readonly servers: ListPayload['servers'];
  /** A server of this list has answered. Written once for each list; one that cannot be written is kept in memory. */
  reached(list: ListPayload): void;
  /** Resolves when what was told is on the disk. */
  settled(): Promise<void>;
}

const stored = z.object({ serial, servers: listPayload.shape.servers });

/** A file that is not readable is none: the way that the set-up named is left. */
export async function openHomeServers(options: { file: string; log: Log }): Promise<HomeServers> {
  const { file, log } = options;
  let kept = await read(file, log);
  let writing: Promise<unknown> = Promise.resolve();
  return {
    get servers() {
      return kept?.servers ?? [];
    },
    reached(list) {
      if (kept?.serial === list.serial) return;
      kept = { serial: list.serial, servers: list.servers };
      const text = JSON.stringify(kept);
      writing = writing
        .then(() => writeDurably(file, text))
        .catch((error: unknown) => {
          log.warn({ err: error }, 'the servers that answered could not be kept');
        });
    },
    async settled() {
      await writing;
    },
  };
}

async function read(file: string, log: Log): Promise<z.infer<typeof stored> | undefined> {
  try {
    return stored.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (!isMissing(error)) log.warn({ err: error }, 'the servers that answered are not readable');
    return undefined;
  }
}
