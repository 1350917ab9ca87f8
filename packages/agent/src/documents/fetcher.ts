import { AppError } from '@sekisho/core/errors.ts';
import type { HeldSerials } from '@sekisho/core/rules/heartbeat.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { getDocument, type BroughtDocuments, type Fetchable } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { CrlStore } from '../revocation/crl-store.ts';
import { CrlFetcher } from '../revocation/fetch-crls.ts';
import type { Spool } from '../spool/spool.ts';
import type { Adoption, DocumentStore, KeptDocument } from './document-store.ts';

/**
 * Fetches what a server says is new, one document after the other, and hands on what was adopted. CRLs come from another,
 * plain port, which may be slow or shut: they are fetched beside the documents, and no document waits for them.
 */
export interface Fetcher {
  /**
   * What a server says of its own accord: adds to what is to be fetched; several wishes for the same become one. What was brought along is
   * not fetched, unless it is refused. `crlNumber`: of the newest list that there is.
   */
  request(what: readonly Fetchable[], brought?: BroughtDocuments, crlNumber?: number): void;
  /**
   * What the answer to a heartbeat names, by what that said was held: what has come since, or is being fetched, is not asked for again. It
   * doesn't hurry CRLs that could not be fetched a moment ago.
   */
  answered(what: readonly Fetchable[], said: HeldSerials): void;
  /** Resolves when nothing is left to fetch. */
  settled(): Promise<void>;
  /** Resolves when no document is left to fetch, whatever becomes of the CRLs. */
  documentsSettled(): Promise<void>;
  stop(): Promise<void>;
}

export function startFetcher(options: {
  documents: DocumentStore;
  crls: CrlStore;
  server: ServerConnection;
  spool: Spool;
  health: HealthBoard;
  onAdopted: (what: KeptDocument | 'crl') => void;
  onRenewalAsked: () => void;
  clock: Clock;
  random: Random;
  log: Log;
}): Fetcher {
  const { documents, crls, server, spool, health, clock, random, log } = options;
  /** What was refused last, so that the same document is told once. */
  const refused = new Map<KeptDocument, string>();
  /** Came with the word that they are new, and were not looked at yet. */
  const brought = new Map<Fetchable, string>();
  /** To be come for, whatever is brought: after a switch only a new connection shows the server's new certificate (F-37). */
  const sentFor = new Set<Fetchable>();
  const documentLane = new Lane(DOCUMENT_ORDER, fetchOne);
  const crlLane = new Lane(['crl'], fetchOne);
  const again = (): void => crlLane.request(['crl']);
  const crlFetcher = new CrlFetcher({ documents, crls, server, again, clock, random, log });

  async function fetchDocument(type: KeptDocument): Promise<void> {
    const here = brought.get(type);
    brought.delete(type);
    sentFor.delete(type);
    if (here !== undefined && (await isTaken(type, here))) return;
    const { jws } = await server.call(getDocument, { params: { type } });
    try {
      if ((await take(type, jws)) === 'fork')
        await tell(type, 'document-fork', { type, serial: documents.serial(type) });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'DOCUMENT_FOR_OTHERS') {
        // F-20: an assignment that has just changed comes after it; the next heartbeat asks again
        log.warn({ type }, 'a document for others was refused');
        return;
      }
      await tell(type, 'document-refused', { type, code: error.code });
    }
  }

  async function take(type: KeptDocument, jws: string): Promise<Adoption> {
    const { isVerified } = server; // as it was asked: what is asked of nobody knows whom is dropped once they are verified
    const listed = listPaths();
    const adoption = await documents.offer(type, jws, isVerified);
    if (adoption === 'fork') return adoption;
    refused.delete(type);
    health.set('document-refused', refused.size > 0, [...refused.keys()].join(' '));
    health.set('document-damaged', documents.damaged.size > 0, [...documents.damaged].join(' '));
    if (adoption !== 'adopt') return adoption;
    log.info({ type, serial: documents.serial(type) }, 'document adopted');
    options.onAdopted(type);
    // it names where they are; of those that it named before it is told when they are new
    if (type === 'bundle' && listPaths() !== listed) again();
    return adoption;
  }

  /** False: what the server gives when it is asked decides. */
  async function isTaken(type: KeptDocument, jws: string): Promise<boolean> {
    try {
      const adoption = await take(type, jws);
      return adoption === 'adopt' || adoption === 'same';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return false;
    }
  }

  const listPaths = (): string =>
    (documents.held('bundle')?.payload.crls ?? []).map(({ path }) => path).join(' ');

  /** F-04: what is refused is reported, and what is held stays in use. */
  async function tell(
    type: KeptDocument,
    event: 'document-refused' | 'document-fork',
    detail: Record<string, string | number>,
  ): Promise<void> {
    const text = `${event} ${JSON.stringify(detail)}`;
    if (refused.get(type) === text) return;
    refused.set(type, text);
    health.set('document-refused', true, [...refused.keys()].join(' '));
    log.warn({ event, ...detail }, 'a document was refused');
    await spool.put({ kind: 'event', spoolId: random.uuid(), event, atMs: clock.nowMs(), detail });
  }

  async function fetchCrls(): Promise<void> {
    if (!(await crlFetcher.fetchAll())) return;
    log.info({ number: crls.number }, 'CRL taken');
    options.onAdopted('crl');
  }

  async function fetchOne(what: Fetchable): Promise<void> {
    try {
      if (what === 'certificate') options.onRenewalAsked();
      else if (what === 'crl') await fetchCrls();
      else await fetchDocument(what);
    } catch (error) {
      // The next heartbeat asks again.
      log.warn({ err: error, what }, 'could not be fetched');
    }
  }

  function wish(what: readonly Fetchable[], why: 'told' | 'heartbeat'): void {
    documentLane.request(what.filter((one) => one !== 'crl'));
    if (what.includes('crl') && crlFetcher.isDue(why)) again();
  }

  return {
    request(what, documents = {}, crlNumber = 0) {
      for (const type of BROUGHT) {
        const jws = documents[type];
        if (jws !== undefined) {
          if (!sentFor.has(type)) brought.set(type, jws);
        } else if (what.includes(type)) {
          sentFor.add(type);
          brought.delete(type);
        }
      }
      crlFetcher.heard(crlNumber);
      if (documents.bundle === undefined || !what.includes('bundle') || !what.includes('crl'))
        wish(what, 'told');
      else {
        // it is here, and may name other lists
        wish(
          what.filter((one) => one !== 'crl'),
          'told',
        );
        void documentLane.settled().then(() => {
          wish(['crl'], 'told');
        });
      }
    },
    answered(what, said) {
      const isNew = (one: Fetchable): boolean => {
        if (documentLane.isAt(one) || crlLane.isAt(one)) return false; // the next heartbeat tells whether that was enough
        if (one === 'certificate') return true;
        return (one === 'crl' ? crls.number : documents.serial(one)) <= said[ECHOED[one]];
      };
      wish(what.filter(isNew), 'heartbeat');
    },
    async settled() {
      while (documentLane.busy || crlLane.busy)
        await Promise.all([documentLane.settled(), crlLane.settled()]);
    },
    documentsSettled: () => documentLane.settled(),
    async stop() {
      crlFetcher.stop();
      await Promise.all([documentLane.stop(), crlLane.stop()]);
    },
  };
}

/** Wishes that are fulfilled one after the other, in a given order; the same twice is one. */
class Lane {
  readonly #wanted = new Set<Fetchable>();
  readonly #order: readonly Fetchable[];
  readonly #work: (what: Fetchable) => Promise<void>;
  #running: Promise<void> | undefined;
  #current: Fetchable | undefined;
  #stopped = false;

  /** `work` never rejects. */
  constructor(order: readonly Fetchable[], work: (what: Fetchable) => Promise<void>) {
    this.#order = order;
    this.#work = work;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Is this wish being fulfilled now? */
  isAt(what: Fetchable): boolean {
    return this.#current === what;
  }

  request(what: readonly Fetchable[]): void {
    for (const one of what) this.#wanted.add(one);
    if (this.#wanted.size === 0 || this.#running !== undefined || this.#stopped) return;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      this.request([]);
    });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next !== undefined && !this.#stopped; next = this.#next()) {
      this.#wanted.delete(next);
      this.#current = next;
      await this.#work(next);
      this.#current = undefined;
    }
  }

  #next(): Fetchable | undefined {
    return this.#order.find((one) => this.#wanted.has(one));
  }
}

/** Where a heartbeat says what is held. */
const ECHOED = {
  bundle: 'bundleGeneration',
  list: 'listSerial',
  assignment: 'assignmentSerial',
  policy: 'policySerial',
  crl: 'crlNumber',
} as const;

const BROUGHT = ['bundle', 'list', 'policy'] as const;

/** The bundle first: what else is new may need its anchors. Then the assignment: it says whose list and policy are ours. */
const DOCUMENT_ORDER: readonly Fetchable[] = ['bundle', 'assignment', 'list', 'policy', 'certificate'];
