import { AppError } from '@sekisho/core/errors.ts';
import { CrlBuilder, packCrlEntries, type CrlHead } from '@sekisho/pki/build-crl.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { CrlEntry } from '@sekisho/pki/crl.ts';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CrlThreadAnswer, CrlThreadWish } from './crl-thread.ts';

/** The part of a list that is to be signed. */
export interface BuiltCrl {
  readonly tbsDer: Uint8Array;
  readonly thisUpdateMs: number;
  readonly entries: number;
}

/** Longer lists are built on another thread: this one has heartbeats to answer (T-41). */
export const ENTRIES_HERE_MAX = 2_000;

/**
 * Builds and lints a list from pages of entries. `head` is asked for when all of them are there. thisUpdate is moved on to the newest
 * entry. Refusal: ISSUANCE_LINT_REFUSED.
 */
export async function buildCrlAside(
  thread: CrlThread,
  issuer: Certificate,
  pages: AsyncIterable<readonly CrlEntry[]>,
  head: () => CrlHead,
): Promise<BuiltCrl> {
  const first: Uint8Array<ArrayBuffer>[] = [];
  let entries = 0;
  let isLong = false;
  try {
    for await (const page of pages) {
      entries += page.length;
      first.push(packCrlEntries(page));
      isLong ||= entries > ENTRIES_HERE_MAX;
      if (isLong) for (const packed of first.splice(0)) thread.add(packed);
    }
    if (isLong) return { ...(await thread.finish(head(), issuer)), entries };
  } catch (error) {
    await thread.stop(); // it holds half a list
    throw error;
  }
  const builder = new CrlBuilder();
  for (const packed of first) builder.add(packed);
  const wish = head();
  const thisUpdateMs = Math.max(wish.thisUpdateMs, builder.newestMs);
  return { tbsDer: builder.finish({ ...wish, thisUpdateMs }, issuer), thisUpdateMs, entries };
}

/** Another thread, for one list after the other: to start it costs as much as a list of many thousands. It begins with the first long one. */
export class CrlThread {
  #running: { readonly worker: Worker; readonly failed: Promise<never> } | undefined;

  /** More entries of the list that is being built. */
  add(packed: Uint8Array<ArrayBuffer>): void {
    this.#tell({ packed }, [packed.buffer]);
  }

  /** The list of what was added; the next one begins. */
  async finish(head: CrlHead, issuer: Certificate): Promise<{ tbsDer: Uint8Array; thisUpdateMs: number }> {
    const { worker, failed } = this.#start();
    const come = once(worker, 'message').then(([answer]: unknown[]) => answer as CrlThreadAnswer); // of our own thread
    this.#tell({ head, issuerDer: issuer.der }, []);
    const answer = await Promise.race([come, failed]);
    if ('findings' in answer) throw new AppError('ISSUANCE_LINT_REFUSED', { findings: answer.findings });
    return answer;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.worker.terminate();
  }

  #start() {
    if (this.#running !== undefined) return this.#running;
    const worker = new Worker(new URL('./crl-thread.ts', import.meta.url));
    const failed = new Promise<never>((_resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        reject(new Error(`the thread of revocation lists ended with ${code}`));
      });
    });
    failed.catch(() => undefined); // heard of in `finish`
    return (this.#running = { worker, failed });
  }

  #tell(wish: CrlThreadWish, transferred: ArrayBuffer[]): void {
    this.#start().worker.postMessage(wish, transferred);
  }
}
