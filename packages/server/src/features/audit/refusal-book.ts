import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { MANY } from '@sekisho/core/rules/merging.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyInstance } from 'fastify';
import { originOf } from '../../http/request-origin.ts';
import type { Store } from '../../store/store.ts';
import { recordRepeatedRefusal } from './record-audit.ts';

/** So long refusals are collected in memory: a flood of them costs one transaction in this time. */
export const REFUSALS_FLUSH_MS = SECOND_MS;
/** Different ones that wait; more are counted together. */
export const REFUSALS_WAITING_MAX = 1_000;

/** A refusal that belongs to no transaction: of a connection, or of a request that nobody may make. */
export interface NotedRefusal {
  readonly act: AuditAct;
  readonly actor: string;
  readonly origin: string;
  readonly subject: string;
  readonly code: string;
  /** What the subject is called, where its ID says too little. */
  readonly name?: string;
}

/**
 * Collects refusals that anybody can cause and writes them, merged and each counted, once a second. Whoever is refused does not
 * wait for that.
 */
export class RefusalBook {
  readonly #parts: { store: Store; clock: Clock; log: Log };
  readonly #waiting = new Map<string, { refusal: NotedRefusal; times: number }>();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: { store: Store; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  note(refusal: NotedRefusal): void {
    if (this.#stopped) return;
    const isFull = this.#waiting.size >= REFUSALS_WAITING_MAX && !this.#waiting.has(keyOf(refusal));
    const { act, code } = refusal;
    const noted = isFull ? { act, code, actor: MANY, origin: MANY, subject: MANY } : refusal;
    const key = keyOf(noted);
    this.#waiting.set(key, { refusal: noted, times: (this.#waiting.get(key)?.times ?? 0) + 1 });
    this.#cancel ??= this.#parts.clock.timer(REFUSALS_FLUSH_MS, () => {
      this.#cancel = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** Writes what waits, and takes nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const { store, clock, log } = this.#parts;
    const batch = [...this.#waiting.values()];
    this.#waiting.clear();
    try {
      await store.transaction(async (tx) => {
        for (const { refusal, times } of batch) {
          const { code, name, ...who } = refusal;
          const detail = name === undefined ? { code } : { code, name };
          const entry = { ...who, outcome: 'refused', detail } as const;
          await recordRepeatedRefusal(tx, entry, clock.nowMs(), times);
        }
      });
    } catch (error) {
      // nothing was granted, so nothing goes unlogged that took effect; the program's log has each refusal
      log.warn({ err: error, refusals: batch.length }, 'refusals could not be written to the audit log');
    }
  }
}

const keyOf = (refusal: NotedRefusal): string => JSON.stringify(Object.values(refusal));

/** Notes what administrators ask for and may not have. */
export function noteMissingRights(app: FastifyInstance, book: RefusalBook): void {
  app.addHook('onError', (request, _reply, error: Error, done) => {
    if (error instanceof AppError && RIGHTS_REFUSED.has(error.code)) {
      const { identity } = request;
      book.note({
        act: 'refuse-right',
        actor: identity.kind === 'principal' ? identity.principal.name : 'unknown',
        origin: identity.kind === 'principal' ? identity.principal.origin : originOf(request),
        subject: `${request.method} ${request.routeOptions.url ?? ''}`,
        code: error.code,
      });
    }
    done();
  });
}

const RIGHTS_REFUSED: ReadonlySet<string> = new Set(['RIGHT_MISSING', 'API_KEY_MAY_NOT']);
