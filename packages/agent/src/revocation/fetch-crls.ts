import { CRL_BYTES_MAX } from '@sekisho/core/limits.ts';
import { CRL_ASKED_AGAIN_MS, crlRetryMs } from '@sekisho/core/rules/revocation.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { Agent } from 'node:http';
import type { DocumentStore } from '../documents/document-store.ts';
import { refusalOf, sendRequest } from '../net/http-request.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { CrlStore, NamedList } from './crl-store.ts';

const CRL_TIMEOUT_MS = 60_000;
const CRL_WHOLE_MAX_MS = 10 * 60_000;
/** Lists may be signed while others are fetched: so many passes over all of them, then the next heartbeat goes on. */
const PASSES_MAX = 8;

/**
 * Fetches the revocation lists that the trust bundle names, over plain HTTP: they are signed, and must be had also by who is refused
 * elsewhere. Where only a tunnel leads to the server, from its agents' port (T-60).
 */
export class CrlFetcher {
  readonly #parts: CrlFetcherParts;
  #failures = 0;
  #told = 0;
  #lastTryMs: number | undefined;
  #cancelRetry: () => void = () => undefined;
  #stopped = false;

  constructor(parts: CrlFetcherParts) {
    this.#parts = parts;
  }

  /**
   * Is a wish worth a try now? After a failure the agent tries by itself, with growing distance; a heartbeat that asks meanwhile changes
   * nothing, and the word of a server that there is something new (T-41) a little sooner.
   */
  isDue(why: 'told' | 'heartbeat'): boolean {
    if (this.#failures === 0 || this.#lastTryMs === undefined) return true;
    return why === 'told' && this.#parts.clock.monotonicMs() - this.#lastTryMs >= CRL_ASKED_AGAIN_MS;
  }

  /** The server has said that there is a list of this number. */
  heard(number: number): void {
    this.#told = Math.max(this.#told, number);
  }

  /**
   * Passes over all lists until one finds nothing newer, or nothing above what the server had said before that pass. Only then is the
   * highest number confirmed: of two shards that are signed at once, the one with the lower number must have been looked at after the other
   * was there (T-44). True when a list or that number changed.
   */
  async fetchAll(): Promise<boolean> {
    const { documents, server } = this.#parts;
    const bundle = documents.held('bundle')?.payload;
    const target = bundle === undefined ? undefined : server.publicTarget(bundle.httpPort);
    if (bundle === undefined || target === undefined) return false;
    this.#cancelRetry();
    this.#lastTryMs = this.#parts.clock.monotonicMs();
    if (target.agent !== undefined) return this.#passes(bundle.crls, target);
    // one connection for all lists and passes, and none that stays
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      return await this.#passes(bundle.crls, { ...target, agent });
    } finally {
      agent.destroy();
    }
  }

  async #passes(lists: readonly NamedList[], target: CrlSource): Promise<boolean> {
    const { crls, log } = this.#parts;
    let changed = false;
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      const told = this.#told;
      let newer = 0;
      let failed = 0;
      for (const list of lists) {
        try {
          if (await this.#fetch(target, list)) newer += 1;
        } catch (error) {
          failed += 1;
          log.warn({ err: error, path: list.path }, 'a CRL was not taken');
        }
        if (this.#stopped) return changed;
      }
      changed ||= newer > 0;
      if (failed > 0) {
        this.#retry();
        return changed;
      }
      this.#failures = 0;
      if (newer > 0 && lists.some((list) => (crls.numberOf(list) ?? 0) > told)) continue;
      const before = crls.number;
      await crls.confirm(lists);
      return changed || crls.number !== before;
    }
    return changed;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry();
  }

  /** True when it is another one than is held. */
  async #fetch(target: CrlSource, list: NamedList): Promise<boolean> {
    const { crls } = this.#parts;
    const held = crls.numberOf(list);
    const reply = await sendRequest(target, {
      method: 'GET',
      path: list.path,
      headers: held === undefined ? {} : { 'if-none-match': `"${held}"` },
      timeoutMs: CRL_TIMEOUT_MS,
      wholeMaxMs: CRL_WHOLE_MAX_MS,
      replyBytesMax: CRL_BYTES_MAX,
    });
    if (reply.status === 304 && held !== undefined) return false;
    if (reply.status !== 200) throw refusalOf(`${target.host}:${target.port}`, reply);
    // from a server that is behind another one it is refused: what is held stays, and nothing is confirmed
    return crls.offer(list, reply.body);
  }

  #retry(): void {
    const { clock, random, again } = this.#parts;
    this.#failures += 1;
    this.#cancelRetry = clock.timer(crlRetryMs(this.#failures, random.fraction()), () => {
      if (!this.#stopped) again();
    });
  }
}

type CrlSource = Omit<NonNullable<ReturnType<ServerConnection['publicTarget']>>, 'agent'> & {
  readonly agent?: Agent;
};

export interface CrlFetcherParts {
  readonly documents: Pick<DocumentStore, 'held'>;
  readonly crls: CrlStore;
  readonly server: Pick<ServerConnection, 'publicTarget'>;
  /** The time of another try has come. */
  readonly again: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
