import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { ADDRESSES_NOTED_MAX, PEER_ANSWER_SECONDS, PEER_REFUSAL_SECONDS } from '@sekisho/core/limits.ts';
import {
  decideName,
  isNoteDue,
  judgeName,
  type NameFacts,
  type NameOutcome,
  type ReservedName,
} from '@sekisho/core/rules/naming.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import type { PeerAnswer, PeerQuestion } from '@sekisho/core/wire/names.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { DomainFacts } from '../../context.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import { MANY } from '@sekisho/core/rules/merging.ts';
import type { RefusalBook } from '../audit/refusal-book.ts';
import { recordChange } from '../../store/record-change.ts';
import { writeOutbox } from '../events/outbox.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import type { PeerIdentity } from '../../http/peer.ts';
import { primaryNames } from '../hosts/primary-names.ts';
import { recordFound } from './record-found.ts';
import { noteSeen } from './name-rows.ts';
import { NameIndex, type IndexedName } from './name-index.ts';
import { NewNameLimits } from './new-name-limits.ts';
import { reservedKey, ReservedNames } from './reserved-names.ts';

/** A name that waits is noted again, with the time, no sooner. */
export const PENDING_TOUCH_MS = 5 * MINUTE_MS;
/** Of a flood others are told once in this time. */
export const FLOOD_TOLD_EVERY_MS = 10 * MINUTE_MS;

/** Channels that are looked at between two writes. */
const CHANNELS_PER_LOOK_MAX = 5_000;
const NAMES_PER_WRITE = 200;

interface OpenChannel {
  readonly peer: Pick<PeerIdentity, 'hostId' | 'fingerprint'>;
  readonly address: string;
}

/** What says once that it has ended. */
interface Closing {
  once(event: 'close', call: () => void): unknown;
}

export interface NameDeskParts {
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly log: Log;
  readonly domain: DomainFacts;
  readonly registry: CertificateRegistry;
  /** Are free names of this host mapped by themselves? As its group says, and the domain for the rest. */
  readonly mapsNames: (hostId: HostId) => boolean;
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
  /** Addresses under which their hosts were met, to be written. */
  readonly #met = new Set<string>();
  readonly #channels = new Set<OpenChannel>();
  #round: Iterator<OpenChannel, undefined> | undefined;

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
      mappings: this.#mappingsOf(name),
      reserved: this.#reserved.find(name),
      rejected: this.#isRejected(name, hostId),
      mapAutomatically: this.#parts.mapsNames(hostId),
      automaticNames: this.index.automaticOf(hostId),
      nowMs: this.#parts.clock.nowMs(),
    });
  }

  /** The answers to an agent's questions, in their order. */
  async answer(asker: Asker, questions: readonly PeerQuestion[]): Promise<PeerAnswer[]> {
    const answers = await Promise.all(
      questions.map(async (question) => this.answerAtOnce(asker, question) ?? this.#bringUp(asker, question)),
    );
    return this.#named(questions, answers);
  }

  /** Refusals say the host's name to who has seen its certificate: people know hosts by that. */
  async #named(questions: readonly PeerQuestion[], answers: readonly PeerAnswer[]): Promise<PeerAnswer[]> {
    const isAbout = (answer: PeerAnswer, at: number): PeerQuestion | undefined => {
      const question = questions[at];
      const isName = answer.code === 'PEER_NAME_PENDING' || answer.code === 'PEER_NAME_REJECTED';
      return isName && question !== undefined && this.#isShown(question) ? question : undefined;
    };
    const ids = answers.flatMap((answer, at) => isAbout(answer, at)?.hostId ?? []);
    if (ids.length === 0) return [...answers];
    const names = await primaryNames(this.#parts.store.db, ids);
    return answers.map((answer, at) => {
      const host = names.get(isAbout(answer, at)?.hostId ?? '');
      return host === undefined ? answer : { ...answer, params: { ...answer.params, host } };
    });
  }

  /** The answer out of memory; undefined when the name is new and must be written first. */
  answerAtOnce(asker: Asker, question: PeerQuestion): PeerAnswer | undefined {
    const revoked = this.#refusalOfCertificate(question);
    if (revoked !== undefined) return refused(revoked);
    const outcome = this.decide(question, asker.hostId);
    switch (outcome.outcome) {
      case 'go-on':
        if (outcome.because === 'automatic') this.#see(question.name, question.hostId);
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
   * one address) says nothing, as long as its host is met there.
   */
  noteAddress({ hostId, fingerprint }: Pick<PeerIdentity, 'hostId' | 'fingerprint'>, address: string): void {
    if (address === 'unknown') return;
    const owner = this.index.find(address);
    if (owner?.hostId === hostId) this.#see(address, hostId);
    if (!this.#parts.mapsNames(hostId)) return;
    if (owner !== undefined && (owner.hostId === hostId || owner.kind !== 'automatic')) return;
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

  /** The same of a channel that stays open, for as long as it is. */
  noteChannel(peer: Pick<PeerIdentity, 'hostId' | 'fingerprint'>, address: string, channel: Closing): void {
    this.noteAddress(peer, address);
    const open = { peer, address };
    this.#channels.add(open);
    channel.once('close', () => this.#channels.delete(open));
  }

  /** Writes under which addresses hosts were met, after a look at some of the channels that are open. */
  async flush(): Promise<void> {
    this.#round ??= this.#channels.values();
    for (let looked = 0; looked < CHANNELS_PER_LOOK_MAX; looked += 1) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = undefined;
        break;
      }
      this.noteAddress(next.value.peer, next.value.address);
    }
    const { store, clock } = this.#parts;
    const names = [...this.#met];
    this.#met.clear();
    for (let from = 0; from < names.length; from += NAMES_PER_WRITE) {
      const part = names.slice(from, from + NAMES_PER_WRITE);
      try {
        await store.transaction(async (tx) => {
          await noteSeen(tx, part, clock.nowMs());
          for (const name of part) await recordChange(tx, 'name-found', name);
        });
      } catch (error) {
        for (const name of names.slice(from)) this.#met.add(name);
        throw error;
      }
    }
  }

  /** The host is met under an address that was mapped automatically: once a day that is written. */
  #see(address: string, hostId: HostId): void {
    const lastSeenMs = this.index.lastSeenMs(address);
    const nowMs = this.#parts.clock.nowMs();
    if (lastSeenMs === undefined || !isNoteDue(lastSeenMs, nowMs)) return;
    if (this.index.find(address)?.hostId !== hostId || this.#met.size >= ADDRESSES_NOTED_MAX) return;
    this.index.see(address, nowMs);
    this.#met.add(address);
  }

  #mappingsOf(name: string): NameFacts['mappings'] {
    const first = this.index.find(name);
    const lastSeenMs = this.index.lastSeenMs(name);
    return lastSeenMs === undefined ? chainOf(first) : chainOf(first).map((one) => ({ ...one, lastSeenMs }));
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
    const { store, clock, feed, mapsNames } = this.#parts;
    const work = (tx: Tx): ReturnType<typeof recordFound> =>
      recordFound(tx, {
        asker,
        name,
        raw: question.name,
        hostId: question.hostId,
        isShown: this.#isShown(question),
        reserved: this.#reserved.find(name),
        mapAutomatically: mapsNames(question.hostId),
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
