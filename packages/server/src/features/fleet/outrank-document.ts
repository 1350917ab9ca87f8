import { judgeAhead } from '@sekisho/core/rules/echo.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { lastSerial } from '../../store/counters.ts';
import { highestSerial } from '../documents/highest-serial.ts';
import type { FleetContext } from './fleet-context.ts';
import type { IndexedHost } from './fleet-index.ts';

/** What hosts echo. */
export type AheadType = 'bundle' | 'list' | 'assignment' | 'policy';

/** Nobody makes a whole fleet fetch a document more often than this by echoing what was never given. */
export const OUTRANK_EVERY_MS = 5 * MINUTE_MS;
/** Documents whose last time is remembered; of an assignment only its own host hears. */
const REMEMBERED_MAX = 10_000;

/**
 * F-13, F-37 Signs a document again, with a higher serial, for hosts that hold a newer one than there is: out of a communication package, or
 * because the database failed over without its last transactions. The number itself moves nothing: the next serial is the time, or the last
 * one's successor.
 */
export class DocumentOutranker {
  readonly #context: Pick<FleetContext, 'clock' | 'documents' | 'log' | 'store'>;
  /** When each was last signed again for a serial that nobody knows of. */
  readonly #signedMs = new Map<string, number>();

  constructor(context: Pick<FleetContext, 'clock' | 'documents' | 'log' | 'store'>) {
    this.#context = context;
  }

  /** Undefined: there is nothing to do, or not now. The host echoes it again. */
  look(host: IndexedHost, type: AheadType, scope: string, serial: number): Promise<void> | undefined {
    const isToCome = serial > this.#context.clock.nowMs();
    // only lists are carried past the server, so that a serial of another scope is looked for once
    if (type === 'list' && host.listAhead !== serial) {
      host.listAhead = serial;
      return this.#outrank(host, type, scope, serial);
    }
    return isToCome || this.#isEarly(type, scope) ? undefined : this.#outrank(host, type, scope, serial);
  }

  /** Changes were missed: the database may have failed over once more, and nobody is to wait for that. */
  forget(): void {
    this.#signedMs.clear();
  }

  async #outrank(host: IndexedHost, type: AheadType, scope: string, serial: number): Promise<void> {
    const { clock, documents, log, store } = this.#context;
    const made = await store.transaction(async (tx) => {
      const newest = await highestSerial(tx, type, [scope]);
      const last = await lastSerial(tx, `document.${type}`);
      const verdict = judgeAhead(serial, { newest, last, nowMs: clock.nowMs() });
      const isDue = verdict === 'given' || (verdict === 'lost' && !this.#isEarly(type, scope));
      return isDue ? { verdict, serial: await documents.makeAgain(tx, type, scope) } : undefined;
    });
    if (made === undefined) return;
    if (made.verdict === 'lost') this.#remember(type, scope);
    const detail = { hostId: host.id, type, scope, held: serial, serial: made.serial };
    log.warn(detail, 'a host holds a newer document than there is: it was signed again with a higher serial');
  }

  #isEarly(type: AheadType, scope: string): boolean {
    const signedMs = this.#signedMs.get(`${type}/${scope}`);
    return signedMs !== undefined && this.#context.clock.nowMs() - signedMs < OUTRANK_EVERY_MS;
  }

  #remember(type: AheadType, scope: string): void {
    const [oldest] = this.#signedMs.keys();
    if (oldest !== undefined && this.#signedMs.size >= REMEMBERED_MAX) this.#signedMs.delete(oldest);
    this.#signedMs.delete(`${type}/${scope}`);
    this.#signedMs.set(`${type}/${scope}`, this.#context.clock.nowMs());
  }
}
