import type { RepositoryName } from '@sekisho/core/ids.ts';
import { join } from 'node:path';

/** The types of the REST protocol, version 2; `config` is one object without a name. */
export const OBJECT_TYPES = ['data', 'keys', 'locks', 'snapshots', 'index'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** One object: a type and 64 hex digits, or the configuration. */
export type ObjectName = { readonly type: ObjectType; readonly id: string } | { readonly type: 'config' };

/** Where the parts of one repository lie. `objects` is a plain restic repository: restic can open it as a folder. */
export interface RepositoryPaths {
  readonly root: string;
  readonly objects: string;
  readonly incoming: string;
  readonly meta: string;
  readonly trash: string;
}

/** The folders of a repository; the name was parsed, so it cannot leave the base folder. */
export function repositoryPaths(baseFolder: string, name: RepositoryName): RepositoryPaths {
  const root = join(baseFolder, name);
  return {
    root,
    objects: join(root, 'repository'),
    incoming: join(root, 'incoming'),
    meta: join(root, 'meta'),
    trash: join(root, 'trash'),
  };
}

/** Folder of an object below `base` (`data` is fanned out by the first two hex digits). */
export function objectFolder(base: string, object: ObjectName): string {
  if (object.type === 'config') return base;
  if (object.type === 'data') return join(base, 'data', object.id.slice(0, 2));
  return join(base, object.type);
}

/** Path of an object below `base`. */
export const objectPath = (base: string, object: ObjectName): string =>
  join(objectFolder(base, object), object.type === 'config' ? 'config' : object.id);

/** The 256 folders of `data`. */
export const FAN_OUT: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
