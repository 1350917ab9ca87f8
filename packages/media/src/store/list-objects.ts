import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSize } from './file-size.ts';
import type { Repository } from './repository.ts';
import { FAN_OUT, type ObjectType } from './repository-paths.ts';

export interface StoredObject {
  readonly id: string;
  readonly bytes: number;
}

const ID = /^[0-9a-f]{64}$/;

/** Every object of a type, folder by folder, so that millions of packs never lie in memory together. */
export async function* listObjects(repository: Repository, type: ObjectType): AsyncGenerator<StoredObject> {
  const base = join(repository.paths.objects, type);
  const folders = type === 'data' ? FAN_OUT.map((prefix) => join(base, prefix)) : [base];
  for (const folder of folders) {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (!ID.test(entry.name)) continue;
      const bytes = await fileSize(join(folder, entry.name));
      if (bytes !== undefined) yield { id: entry.name, bytes };
    }
  }
}
