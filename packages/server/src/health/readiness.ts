import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { sql } from 'kysely';
import { statfs } from 'node:fs/promises';
import type { KeyStore } from '../features/keys/key-store.ts';
import type { ChangeFeed } from '../store/change-feed.ts';
import type { Store } from '../store/store.ts';

/** Why a server is not ready, in an order that says the most first. */
export const UNREADY_REASONS = [
  'draining',
  'database-silent',
  'feed-stale',
  'disk-full',
  'certificate-expired',
] as const;
export type UnreadyReason = (typeof UNREADY_REASONS)[number];

/** What was found out, and when. */
export interface Judgement {
  readonly ready: boolean;
  readonly reasons: readonly UnreadyReason[];
}

const JUDGEMENT_FRESH_MS = SECOND_MS;
const DATABASE_ANSWER_MS = 2 * SECOND_MS;
const MEGABYTE = 1024 * 1024;

/** What is looked at. */
export interface ReadinessParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly keys: KeyStore;
  readonly dataFolder: string;
  /** Below so much free space the server is not ready. */
  readonly freeMegabytes: number;
}

/** Is this process fit to serve? Asked by load balancers and supervisors; an answer is good for a second. */
export class Readiness {
  readonly #parts: ReadinessParts;
  #draining = false;
  #asked: { atMs: number; answer: Promise<Judgement> } | undefined;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** From now on not ready: the server stops. */
  drain(): void {
    this.#draining = true;
    this.#asked = undefined;
  }

  get draining(): boolean {
    return this.#draining;
  }

  judge(): Promise<Judgement> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#asked === undefined || nowMs - this.#asked.atMs >= JUDGEMENT_FRESH_MS)
      this.#asked = { atMs: nowMs, answer: this.#judge() };
    return this.#asked.answer;
  }

  async #judge(): Promise<Judgement> {
    const { clock, feed, keys } = this.#parts;
    const reasons: UnreadyReason[] = [];
    if (this.#draining) reasons.push('draining');
    else if (!(await this.#databaseAnswers())) reasons.push('database-silent');
    if (!this.#draining && !feed.fresh) reasons.push('feed-stale');
    if (!(await this.#hasSpace())) reasons.push('disk-full');
    const { notBeforeMs, notAfterMs } = keys.certificateOf('server-tls');
    const nowMs = clock.nowMs();
    if (nowMs < notBeforeMs || nowMs > notAfterMs) reasons.push('certificate-expired');
    return { ready: reasons.length === 0, reasons };
  }

  /** Within two seconds of the clock. */
  async #databaseAnswers(): Promise<boolean> {
    const { clock, store } = this.#parts;
    return await new Promise<boolean>((resolve) => {
      const cancel = clock.timer(DATABASE_ANSWER_MS, () => {
        resolve(false);
      });
      sql`select 1`.execute(store.db).then(
        () => {
          cancel();
          resolve(true);
        },
        () => {
          cancel();
          resolve(false);
        },
      );
    });
  }

  async #hasSpace(): Promise<boolean> {
    try {
      const { bavail, bsize } = await statfs(this.#parts.dataFolder);
      return bavail * bsize >= this.#parts.freeMegabytes * MEGABYTE;
    } catch {
      return false;
    }
  }
}
