import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { PEER_ANSWER_SECONDS, PEER_REFUSAL_SECONDS } from '@sekisho/core/limits.ts';
import { decideName, judgeName, type NameOutcome, type ReservedName } from '@sekisho/core/rules/naming.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import type { PeerAnswer, PeerQuestion } from '@sekisho/core/wire/names.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { DomainFacts } from '../../context.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import { MANY } from '@sekisho/core/rules/merging.ts';
import type { RefusalBook } from '../audit/refusal-book.ts';
import { writeOutbox } from '../events/outbox.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import type { PeerIdentity } from '../../http/peer.ts';
import type { SecurityCache } from '../security/security-cache.ts';
import { recordFound } from './record-found.ts';
import { NameIndex, type IndexedName } from './name-index.ts';
import { NewNameLimits } from './new-name-limits.ts';
import { reservedKey, ReservedNames } from './reserved-names.ts';

/** A name that waits is noted again, with the time, no sooner. */
export const PENDING_TOUCH_MS = 5 * MINUTE_MS;
/** Of a flood others are told once in this time. */
export const FLOOD_TOLD_EVERY_MS = 10 * MINUTE_MS;

export interface NameDeskParts {
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly log: Log;
  readonly domain: DomainFacts;
  readonly registry: CertificateRegistry;
  readonly security: SecurityCache;
  readonly refusals: RefusalBook;
}

/** Who asks: the verified host of the connection, and from where. */
export interface Asker {
  readonly hostId: HostId;
  /** `unknown` when the socket does not say. */
  readonly address: string;
}

/**
 * T-31 Answers whether hosts may go by names, out of memory; the store is written when a name is new, and only then. What one host, and
 * all together, may bring up is bounded: the rest of a flood is refused without being looked at.
 */
export class NameDesk {
  readonly index: NameIndex;
  readonly #parts: NameDeskParts;
  readonly #reserved: ReservedNames;
  readonly #limits: NewNameLimits;
  /** The same new name, asked for by many at once, is written once. */
  readonly #underWay = new Map<string, Promise<PeerAnswer>>();
  #floodToldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: NameDeskParts) {
    this.#parts = parts;
    this.index = new NameIndex(parts.store);
    this.#reserved = new ReservedNames(parts.store, parts.domain.serverHostId);
    this.#limits = new NewNameLimits(parts.clock);
  }

  /** Fills what it answers from; the feed runs already. */
  async start(): Promise<void> {
    await this.index.start(this.#parts.feed);
    await this.#reserved.start(this.#parts.feed);
  }

  /** What the configuration says of a name. */
  reservedFor(raw: string): ReservedName | undefined {
    return this.#reserved.find(reservedKey(raw));
  }

  /** The decision alone, out of memory. */
  decide(question: Pick<PeerQuestion, 'name' | 'hostId' | 'fingerprint'>, askedBy: HostId): NameOutcome {
    const { name: raw, hostId } = question;
    const direct = this.index.find(raw);
    if (direct?.hostId === hostId && direct.kind !== 'automatic')
      return { outcome: 'go-on', because: direct.kind };
    const judged = judgeName(raw);
    const name = judged.allow ? judged.name : raw.toLowerCase();
    return decideName({
      raw,
      hostId,
      askedBy,
      isShown: this.#isShown(question),
      mappings: chainOf(this.index.find(name)),
      reserved: this.#reserved.find(name),
      rejected: this.#isRejected(name, hostId),
      mapAutomatically: this.#parts.security.current().mapAutomatically,
      automaticNames: this.index.automaticOf(hostId),
    });
  }

  /** The answers to an agent's questions, in their order. */
  async answer(asker: Asker, questions: readonly PeerQuestion[]): Promise<PeerAnswer[]> {
    return Promise.all(
      questions.map(async (question) => this.answerAtOnce(asker, question) ?? this.#bringUp(asker, question)),
    );
  }

  /** The answer out of memory; undefined when the name is new and must be written first. */
  answerAtOnce(asker: Asker, question: PeerQuestion): PeerAnswer | undefined {
    const revoked = this.#refusalOfCertificate(question);
    if (revoked !== undefined) return refused(revoked);
    const outcome = this.decide(question, asker.hostId);
    switch (outcome.outcome) {
      case 'go-on':
        return ALLOWED;
      case 'refuse':
        return refused(outcome);
      case 'map':
        return undefined;
      case 'pend': {
        const known = this.index.pending(outcome.name, question.hostId);
        const isFresh =
          known?.state === 'pending' && this.#parts.clock.nowMs() - known.lastSeenMs < PENDING_TOUCH_MS;
        return isFresh ? refused(outcome) : undefined;
      }
    }
  }

  /**
   * The address that an agent's connection comes from: one of the host's own, if nobody goes by it. One that is taken (many hosts behind
   * one address) says nothing.
   */
  noteAddress({ hostId, fingerprint }: Pick<PeerIdentity, 'hostId' | 'fingerprint'>, address: string): void {
    if (!this.#parts.security.current().mapAutomatically) return;
    if (address === 'unknown' || this.index.find(address) !== undefined) return;
    const judged = judgeName(address);
    if (!judged.allow || this.#reserved.find(judged.name) !== undefined) return;
    if (this.#isRejected(judged.name, hostId)) return;
    const asker = { hostId: this.#parts.domain.serverHostId, address };
    const question = { name: address, hostId, fingerprint, direction: 'accepted' } as const;
    if (this.decide(question, asker.hostId).outcome !== 'map') return;
    const key = `${hostId} ${judged.name}`;
    if (this.#underWay.has(key) || this.#limits.take(hostId) !== undefined) return;
    const writing = this.#write(asker, question, judged.name).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, writing);
    writing.catch((error: unknown) => {
      this.#parts.log.warn({ err: error, hostId }, 'the address of a host could not be noted');
    });
  }

  #isRejected(name: string, hostId: HostId): boolean {
    // found again after a rejection it waits once more, and is still not mapped by itself
    return (this.index.pending(name, hostId)?.decidedAtMs ?? null) !== null;
  }

  /** The certificate that was shown is the host's, and in force. */
  #isShown({ fingerprint, hostId }: Pick<PeerQuestion, 'fingerprint' | 'hostId'>): boolean {
    const entry = fingerprint === undefined ? undefined : this.#parts.registry.lookup(fingerprint);
    return entry?.hostId === hostId && !entry.revoked && this.#parts.clock.nowMs() <= entry.notAfterMs;
  }

  /** The registry knows of a revocation before any list says so. */
  #refusalOfCertificate({ fingerprint, hostId }: PeerQuestion): AppError | undefined {
    if (fingerprint === undefined) return undefined;
    const entry = this.#parts.registry.lookup(fingerprint);
    if (entry === undefined || entry.hostId !== hostId)
      return new AppError('PEER_CERTIFICATE_UNKNOWN', { fingerprint });
    return entry.revoked ? new AppError('PEER_REVOKED', { subject: hostId }) : undefined;
  }

  async #bringUp(asker: Asker, question: PeerQuestion): Promise<PeerAnswer> {
    const judged = judgeName(question.name);
    const name = judged.allow ? judged.name : question.name.toLowerCase();
    const key = `${question.hostId} ${name}`;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const retrySeconds = this.#limits.take(asker.hostId);
    if (retrySeconds !== undefined) return this.#refuseFlood(asker, name, retrySeconds);
    const writing = this.#write(asker, question, name).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, writing);
    return writing;
  }

  async #write(asker: Asker, question: PeerQuestion, name: string): Promise<PeerAnswer> {
    const { store, clock, feed, security } = this.#parts;
    const work = (tx: Tx): ReturnType<typeof recordFound> =>
      recordFound(tx, {
        asker,
        name,
        raw: question.name,
        hostId: question.hostId,
        isShown: this.#isShown(question),
        reserved: this.#reserved.find(name),
        mapAutomatically: security.current().mapAutomatically,
        waiting: { all: this.index.pendingSize, ofAsker: this.index.pendingMetBy(asker.hostId) },
        nowMs: clock.nowMs(),
      });
    let outcome: Awaited<ReturnType<typeof recordFound>>;
    try {
      outcome = await store.submit(work);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return refused(error);
      throw error;
    }
    if (outcome === 'full') return this.#refuseFlood(asker, name, Math.ceil(MINUTE_MS / 1000));
    await feed.catchUp();
    return 'code' in outcome ? refused(outcome) : ALLOWED;
  }

  /** One event, and one audit row that counts. */
  async #refuseFlood(asker: Asker, name: string, retrySeconds: number): Promise<PeerAnswer> {
    const { store, clock, log, refusals } = this.#parts;
    const code = 'NAMES_TOO_MANY';
    refusals.note({ act: 'use-name', actor: asker.hostId, origin: asker.address, subject: MANY, code });
    const nowMs = clock.nowMs();
    if (nowMs - this.#floodToldMs >= FLOOD_TOLD_EVERY_MS) {
      this.#floodToldMs = nowMs;
      log.warn({ hostId: asker.hostId }, 'too many new names at once');
      const body = { hostId: asker.hostId, origin: asker.address };
      await store.transaction((tx) =>
        writeOutbox(tx, { kind: 'names.flood', subject: asker.hostId, body }, nowMs),
      );
    }
    return { ...refused(new AppError(code, { name, retrySeconds })), cacheSeconds: retrySeconds };
  }
}

const ALLOWED: PeerAnswer = { allow: true, cacheSeconds: PEER_ANSWER_SECONDS };

const refused = ({ code, params }: Pick<AppError, 'code' | 'params'>): PeerAnswer => ({
  allow: false,
  code,
  params: { ...params },
  cacheSeconds: PEER_REFUSAL_SECONDS,
});

function chainOf(first: IndexedName | undefined): IndexedName[] {
  const chain: IndexedName[] = [];
  for (let one = first; one !== undefined; one = one.next) chain.push(one);
  return chain;
}
