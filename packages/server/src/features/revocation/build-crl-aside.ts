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
  issuer: Certificate,
  pages: AsyncIterable<readonly CrlEntry[]>,
  head: () => CrlHead,
): Promise<BuiltCrl> {
  const first: Uint8Array<ArrayBuffer>[] = [];
  let entries = 0;
  let aside: Aside | undefined;
  try {
    for await (const page of pages) {
      entries += page.length;
      first.push(packCrlEntries(page));
      if (aside === undefined && entries > ENTRIES_HERE_MAX) aside = new Aside();
      if (aside !== undefined) for (const packed of first.splice(0)) aside.add(packed);
    }
    if (aside !== undefined) return { ...(await aside.finish(head(), issuer)), entries };
  } finally {
    await aside?.stop();
  }
  const builder = new CrlBuilder();
  for (const packed of first) builder.add(packed);
  const wish = head();
  const thisUpdateMs = Math.max(wish.thisUpdateMs, builder.newestMs);
  return { tbsDer: builder.finish({ ...wish, thisUpdateMs }, issuer), thisUpdateMs, entries };
}

/** One list on another thread. */
class Aside {
  readonly #worker = new Worker(new URL('./crl-thread.ts', import.meta.url));
  readonly #answer: Promise<unknown>;

  constructor() {
    this.#answer = once(this.#worker, 'message').then(([answer]: unknown[]) => answer);
    this.#answer.catch(() => undefined); // a thread that fails is heard of in `finish`
  }

  add(packed: Uint8Array<ArrayBuffer>): void {
    this.#tell({ packed }, [packed.buffer]);
  }

  async finish(head: CrlHead, issuer: Certificate): Promise<{ tbsDer: Uint8Array; thisUpdateMs: number }> {
    this.#tell({ head, issuerDer: issuer.der }, []);
    const answer = (await this.#answer) as CrlThreadAnswer; // of our own thread
    if ('findings' in answer) throw new AppError('ISSUANCE_LINT_REFUSED', { findings: answer.findings });
    return answer;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(wish: CrlThreadWish, transferred: ArrayBuffer[]): void {
    this.#worker.postMessage(wish, transferred);
  }
}
