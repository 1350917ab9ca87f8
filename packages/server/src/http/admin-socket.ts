import { makePrivateFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';

export const RUN_FOLDER = 'run';
export const SOCKET_FILE = 'admin.sock';
/** Says where the socket is when its own place is too deep for the system. */
export const SOCKET_PATH_FILE = 'socket-path';
/** sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included. */
export const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Listens on `run/admin.sock` inside a folder that only its owner can enter: whoever can open it administers. A path that is
 * too long falls back to a short one under the system's temporary folder, which `run/socket-path` names.
 */
export async function listenOnAdminSocket(
  server: Server,
  dataFolder: string,
): Promise<{ path: string; close: () => Promise<void> }> {
  const run = join(dataFolder, RUN_FOLDER);
  const pointer = join(run, SOCKET_PATH_FILE);
  await makePrivateFolder(run);
  await chmod(run, 0o700);
  await rm(pointer, { force: true });
  let path = join(run, SOCKET_FILE);
  let shortFolder: string | undefined;
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    shortFolder = await mkdtemp(join(tmpdir(), 'sekisho-')); // mkdtemp makes it 0700
    path = join(shortFolder, SOCKET_FILE);
    await writeDurably(pointer, `${path}\n`);
  }
  await rm(path, { force: true }); // left by a crash: the store's lock says that nobody serves it
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return {
    path,
    close: async () => {
      await rm(path, { force: true });
      await rm(pointer, { force: true });
      if (shortFolder !== undefined) await rm(dirname(path), { recursive: true, force: true });
    },
  };
}
