import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder that is worked in by its handle: on Linux every path below is `/proc/self/fd/N/name`, so nobody can put a link in
 * the place of a folder that was already looked at. Elsewhere plain paths are used, and links are still not followed when a
 * folder is entered.
 */
export class OpenFolder {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  /** Refuses links and what is no folder (ELOOP, ENOTDIR). */
  static async open(path: string): Promise<OpenFolder> {
    const handle = await open(path, FLAGS);
    return new OpenFolder(handle, process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path);
  }

  /** The path of a direct child. */
  path(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new TypeError('a name inside this folder was expected');
    return join(this.#path, name);
  }

  names(): Promise<string[]> {
    return readdir(this.#path);
  }

  /** A folder inside; never through a link. */
  enter(name: string): Promise<OpenFolder> {
    return OpenFolder.open(this.path(name));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
