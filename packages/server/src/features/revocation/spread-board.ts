import { decideSpread } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../../context.ts';
import { startLoop, type Loop } from '../../loops/loop.ts';
import { countSpread } from './count-spread.ts';
import { listOpenRevocations, updateSpread, type RevocationRow } from './revocation-rows.ts';

/** While a revocation is young, it is counted so often, later so often. */
const COUNT_MS = SECOND_MS;
const COUNT_OLD_MS = 30 * SECOND_MS;
const YOUNG_MS = 10 * MINUTE_MS;
/** Revocations that are still followed: the newest, and none older than this. */
const FOLLOWED_MAX = 200;
const FOLLOWED_MS = 90 * DAY_MS;

/** Follows how revocations spread (T-44): counts the heartbeats in memory, and writes down when half and when all have confirmed. */
export class SpreadBoard {
  readonly #context: ServerContext;
  #open: RevocationRow[] = [];
  #countedMs = 0;
  #loop: Loop | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** The feed runs already. */
  async start(): Promise<void> {
    const { clock, log, feed } = this.#context;
    const fill = (): Promise<void> => this.#fill();
    this.#unsubscribe = feed.subscribeMany(['revocation', 'crl'], fill, fill);
    await fill();
    this.#loop = startLoop({ clock, log, name: 'spread', everyMs: COUNT_MS, run: () => this.#run() });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#loop?.stop();
  }

  /** Counts now, for somebody who looks: with the figures of this moment in place of those written last. */
  async count(rows: readonly RevocationRow[]): Promise<(RevocationRow & { readonly hosts: number })[]> {
    const open = rows.filter(({ allAtMs }) => allAtMs === null);
    const counts = await countSpread(this.#context, open);
    return rows.map((row) => {
      const counted = counts[open.indexOf(row)];
      if (counted === undefined) return { ...row, hosts: row.hostsThen };
      return { ...row, confirmed: counted.confirmed, hosts: counted.hosts };
    });
  }

  async #fill(): Promise<void> {
    const { clock, store } = this.#context;
    this.#open = await listOpenRevocations(store.db, clock.nowMs() - FOLLOWED_MS, FOLLOWED_MAX);
    this.#countedMs = 0;
  }

  async #run(): Promise<void> {
    const { clock, store } = this.#context;
    const listed = this.#open.filter(({ crlNumber }) => crlNumber !== null);
    if (listed.length === 0) return;
    const nowMs = clock.nowMs();
    const isYoung = listed.some(({ atMs }) => nowMs - atMs < YOUNG_MS);
    if (!isYoung && nowMs - this.#countedMs < COUNT_OLD_MS) return;
    this.#countedMs = nowMs;
    const counts = await countSpread(this.#context, listed);
    for (const [n, row] of listed.entries()) {
      const spread = decideSpread(row, counts[n]!, nowMs);
      const reached = spread.halfAtMs !== row.halfAtMs || spread.allAtMs !== row.allAtMs;
      if (!reached && spread.confirmed === row.confirmed) continue;
      await store.transaction((tx) => updateSpread(tx, row.num, spread));
      this.#open = this.#open
        .map((one) => (one.num === row.num ? { ...one, ...spread } : one))
        .filter(({ allAtMs }) => allAtMs === null);
    }
  }
}
