import { AppError, isErrorCode, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { PEER_DECISIONS_MAX, PEER_QUESTIONS_MAX } from '@sekisho/core/limits.ts';
import { canonicalName } from '@sekisho/core/rules/naming.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import {
  askPeers,
  type PeerAnswer,
  type PeerDirection,
  type PeerQuestion,
} from '@sekisho/core/wire/names.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { StandingDecisions } from './standing-decisions.ts';

/** A new connection waits so long for an answer; then it counts as none. */
export const ANSWER_MAX_MS = 8 * SECOND_MS;
/** A server that did not answer is not asked again before this. */
export const ASK_AGAIN_MS = 10 * SECOND_MS;
/** Questions that wait for an answer; who comes then is told that there is none. */
export const WAITING_QUESTIONS_MAX = 1_000;

/** Earlier yeses that are asked about again at once. */
const ASKED_AGAIN_AT_ONCE = 200;

/** A peer that was verified in every other way, and the name that is to be its own. */
export interface NamedPeer {
  /** Dialled: the address. Accepted: the name that its certificate claims. */
  readonly name: string;
  readonly hostId: HostId;
  readonly direction: PeerDirection;
  /** Left out when nobody has shown one yet: then no name is mapped. */
  readonly fingerprint?: Sha256Hex;
}

/** T-31, T-33 May these peers go by these names? Answers come from the server, and are kept for a bounded time. */
export interface PeerDecisions {
  /** The answer that is at hand: a refusal, `true`, or undefined when the server has to be asked. */
  known(peer: NamedPeer): true | AppError | undefined;
  /**
   * Resolves when the peer may go on. Refusals: PEER_NAME_…, HOST_NAME_…, PEER_REVOKED, NAMES_TOO_MANY; PEER_NAME_UNANSWERED when
   * nobody answers and T-33 gives nothing.
   */
  require(peer: NamedPeer): Promise<void>;
  /** Asks now about a peer that will be needed, unless there is an earlier yes. */
  prepare(peer: NamedPeer): void;
  /** What was pushed, or heard with a heartbeat: it was decided who goes by these names (null: by any). */
  changed(names: readonly string[] | null, count: { since: number; generation: number }): void;
  /** Heard with a heartbeat: the number of decisions until now. */
  heard(generation: number): void;
  /** The server can be reached. */
  reached(): void;
  readonly size: number;
}

interface Kept {
  /** Canonical. */
  readonly name: string;
  readonly verdict: true | AppError;
  readonly untilMs: number;
}

interface Waiting {
  readonly peer: NamedPeer;
  readonly settle: (verdict: true | AppError) => void;
}

/** Asks in batches, one request at a time; questions that are the same share an answer. */
export function createPeerDecisions(options: {
  server: Pick<ServerConnection, 'call'>;
  standing: StandingDecisions;
  clock: Clock;
  log: Log;
  /** Some answers count no more: live connections are looked at again. Null: all. */
  onChanged: (names: readonly string[] | null) => void;
}): PeerDecisions {
  const { server, standing, clock, log } = options;
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<true | AppError>>();
  const waiting: Waiting[] = [];
  let asking = false;
  let generation: number | undefined;
  /** Goes up with each push: an answer that was on its way then may be older than what was decided. */
  let pushes = 0;
  let rounds = 0;
  let isAgainDue = false;
  let silentUntilMs = Number.NEGATIVE_INFINITY;

  function known(peer: NamedPeer): true | AppError | undefined {
    const key = keyOf(peer);
    const found = kept.get(key);
    if (found === undefined) return undefined;
    if (clock.monotonicMs() < found.untilMs) return found.verdict;
    kept.delete(key);
    return undefined;
  }

  function keep(peer: NamedPeer, verdict: true | AppError, seconds: number): void {
    const key = keyOf(peer);
    kept.delete(key);
    kept.set(key, {
      name: canonicalName(peer.name),
      verdict,
      untilMs: clock.monotonicMs() + seconds * SECOND_MS,
    });
    if (kept.size <= PEER_DECISIONS_MAX) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }

  function ask(peer: NamedPeer): Promise<true | AppError> {
    const key = keyOf(peer);
    const same = underWay.get(key);
    if (same !== undefined) return same;
    if (waiting.length >= WAITING_QUESTIONS_MAX || clock.monotonicMs() < silentUntilMs)
      return Promise.resolve(unanswered(peer));
    const answer = new Promise<true | AppError>((resolve) => {
      const cancel = clock.timer(ANSWER_MAX_MS, () => {
        settle(unanswered(peer));
      });
      const settle = (verdict: true | AppError): void => {
        cancel();
        underWay.delete(key);
        resolve(verdict);
      };
      waiting.push({ peer, settle });
    });
    underWay.set(key, answer);
    if (!asking) void askAll();
    return answer;
  }

  async function askAll(): Promise<void> {
    asking = true;
    // what comes in the same turn goes in the same request
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, PEER_QUESTIONS_MAX);
      try {
        const questions = batch.map(({ peer }): PeerQuestion => ({ ...peer }));
        const before = pushes;
        const reply = await server.call(askPeers, { body: { questions } });
        if (before !== pushes) {
          // who waits too long is told that nobody answers
          waiting.unshift(...batch.filter(({ peer }) => underWay.has(keyOf(peer))));
          continue;
        }
        heard(reply.generation);
        for (const [n, { peer, settle }] of batch.entries()) settle(take(peer, reply.answers[n]));
      } catch (error) {
        log.warn({ err: error, questions: batch.length }, 'nobody said who goes by which name');
        silentUntilMs = clock.monotonicMs() + ASK_AGAIN_MS;
        for (const { peer, settle } of [...batch, ...waiting.splice(0)]) settle(unanswered(peer));
      }
    }
    asking = false;
  }

  function take(peer: NamedPeer, answer: PeerAnswer | undefined): true | AppError {
    if (answer === undefined) return unanswered(peer);
    const verdict = answer.allow ? true : refusalOf(peer, answer);
    keep(peer, verdict, answer.cacheSeconds);
    if (answer.allow) standing.allow(peer);
    else standing.drop(peer);
    return verdict;
  }

  /** T-33: nobody answers; an earlier yes about a peer that the policy names by its host ID holds until the revocation list ends. */
  const unanswered = (peer: NamedPeer): true | AppError =>
    standing.holds(peer)
      ? true
      : new AppError('PEER_NAME_UNANSWERED', { name: peer.name, host: peer.hostId });

  function changed(names: readonly string[] | null, count: { since: number; generation: number }): void {
    pushes += 1;
    const isNext = generation === undefined || generation === count.since;
    generation = count.generation;
    const gone = isNext ? names : null;
    if (gone === null) kept.clear();
    else {
      const names = new Set(gone);
      for (const [key, { name }] of kept) if (names.has(name)) kept.delete(key);
    }
    // of a name that was told an earlier yes counts no more, not even while the server is away
    standing.dropNames(new Set(names));
    if (gone === null) void askStandingAgain();
    options.onChanged(gone);
  }

  function heard(now: number): void {
    const before = generation;
    generation = now;
    if (before === now) return;
    void askStandingAgain();
    if (before === undefined) return;
    kept.clear();
    options.onChanged(null);
  }

  /**
   * Something was decided while nobody told this agent: an earlier yes counts on only if it is said once more. In slices, so that many old
   * ones do not stand in the way of new connections; when the server falls silent meanwhile, all of them once it is back.
   */
  async function askStandingAgain(): Promise<void> {
    const round = (rounds += 1);
    isAgainDue = false;
    const all = standing.all();
    for (let from = 0; from < all.length && round === rounds; from += ASKED_AGAIN_AT_ONCE) {
      await Promise.all(all.slice(from, from + ASKED_AGAIN_AT_ONCE).map(ask));
      if (clock.monotonicMs() >= silentUntilMs) continue;
      isAgainDue = true;
      return;
    }
  }

  return {
    known,
    async require(peer) {
      const verdict = known(peer) ?? (await ask(peer));
      if (verdict !== true) throw verdict;
    },
    prepare(peer) {
      if (known(peer) === undefined && !standing.has(peer)) void ask(peer);
    },
    changed,
    heard,
    reached() {
      silentUntilMs = Number.NEGATIVE_INFINITY;
      if (isAgainDue) void askStandingAgain();
    },
    get size() {
      return kept.size;
    },
  };
}

/** What was said of a certificate is said of that one alone: of another one its revocation may be known. */
const keyOf = ({ name, hostId, fingerprint }: NamedPeer): string =>
  `${canonicalName(name)} ${hostId} ${fingerprint ?? '-'}`;

function refusalOf(peer: NamedPeer, { code, params }: PeerAnswer): AppError {
  const known: Refusal['code'] = code !== undefined && isErrorCode(code) ? code : 'PEER_NAME_PENDING';
  return new AppError(known, params ?? { name: peer.name, host: peer.hostId });
}
