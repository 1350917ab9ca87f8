import { AppError } from '@sekisho/core/errors.ts';
import { releaseBytes } from '@sekisho/platform/release-bytes.ts';
import type { Readable } from 'node:stream';

/**
 * Gives every chunk of a body to `take`, which returns a promise only when the body has to wait: then it is paused. Without
 * a promise for each chunk, gigabytes leave little garbage, and the memory of a chunk that was taken is released: `take` keeps
 * none of it. The stream is not destroyed when `take` fails, so that the client can still hear why.
 * @throws AppError OBJECT_CUT_OFF when the connection ends before the body does; whatever `take` throws
 */
export function consumeBody(
  body: Readable,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    /** The last chunk may still be on its way to the disk when the body ends. */
    let waiting: Promise<void> | undefined;
    const finish = (settle: () => void): void => {
      body.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      settle();
    };
    const fail = (error: unknown): void => {
      body.pause();
      finish(() => {
        reject(error instanceof Error ? error : new AppError('INTERNAL', {}, { cause: error }));
      });
    };
    const onData = (chunk: Buffer): void => {
      try {
        waiting = take(chunk);
      } catch (error) {
        fail(error);
        return;
      }
      if (waiting === undefined) {
        releaseBytes(chunk);
        return;
      }
      body.pause();
      waiting.then(() => {
        releaseBytes(chunk);
        body.resume();
      }, fail);
    };
    const onEnd = (): void => {
      (waiting ?? Promise.resolve()).then(() => {
        finish(resolve);
      }, fail);
    };
    const onCut = (cause?: Error): void => {
      const cut = new AppError('OBJECT_CUT_OFF', {}, { cause });
      (waiting ?? Promise.resolve()).then(
        () => {
          fail(cut);
        },
        () => {
          fail(cut);
        },
      );
    };
    if (body.destroyed || body.readableEnded) {
      reject(new AppError('OBJECT_CUT_OFF'));
      return;
    }
    body.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}
