import { releaseBytes } from '@sekisho/platform/release-bytes.ts';
import type { Readable, Writable } from 'node:stream';

/**
 * Streams a body on with back pressure and ends `to` with it, as `pipe` does; tells `onBytes` of each piece, and releases its
 * memory when it has been written. The result stops that and leaves `from` paused, and so does the end of `to`; errors are the
 * caller's.
 */
export function streamBody(from: Readable, to: Writable, onBytes: (piece: Buffer) => void): () => void {
  const onData = (piece: Buffer): void => {
    onBytes(piece);
    const hasRoom = to.write(piece, () => {
      releaseBytes(piece);
    });
    if (!hasRoom) from.pause();
  };
  const onDrain = (): void => {
    from.resume();
  };
  const onEnd = (): void => {
    to.end();
  };
  const stop = (): void => {
    from.off('data', onData).off('end', onEnd).pause();
    to.off('drain', onDrain).off('close', stop);
  };
  from.on('data', onData).on('end', onEnd);
  to.on('drain', onDrain).on('close', stop);
  return stop;
}
