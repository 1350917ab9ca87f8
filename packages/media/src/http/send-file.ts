import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { READ_CHUNK_BYTES } from '../limits.ts';

/**
 * Sends the bytes `first` to `last` of a file. One buffer is used over and over, and filled again only when the socket has
 * taken what was in it: a slow reader costs no memory.
 */
export async function sendFile(
  file: FileHandle,
  response: ServerResponse,
  { first, last }: { first: number; last: number },
): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_CHUNK_BYTES, last - first + 1));
  let leave: () => void = () => undefined;
  const gone = new Promise<never>((_, reject) => {
    leave = () => {
      reject(new Error('the reader went away'));
    };
    response.once('close', leave);
  });
  try {
    for (let position = first; position <= last;) {
      const { bytesRead } = await file.read(
        buffer,
        0,
        Math.min(buffer.length, last - position + 1),
        position,
      );
      if (bytesRead === 0) throw new Error('the file became shorter');
      await Promise.race([gone, written(response, buffer.subarray(0, bytesRead))]);
      position += bytesRead;
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    gone.catch(() => undefined);
    response.off('close', leave);
  }
}

const written = (response: ServerResponse, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    response.write(bytes, (error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });
