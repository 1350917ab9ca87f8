import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { NAME_LENGTH_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import { addressKey } from '../../http/connections.ts';

/** Certificate requests of one sender (T-15). */
export const REQUESTS_PER_MINUTE_MAX = 600;
/** Refused tokens of one sender (T-13): then it waits. */
export const TOKEN_FAILURES_MAX = 20;
export const TOKEN_FAILURES_WINDOW_MS = 10 * MINUTE_MS;
/** Senders that are remembered; the one longest not seen is forgotten first. */
export const SENDERS_MAX = 10_000;

interface Sender {
  windowStartMs: number;
  requests: number;
  failuresStartMs: number;
  failures: number;
}

/** How often one address may ask, and guess. In memory: each server process counts for itself. */
export class AttemptLimits {
  readonly #clock: Clock;
  readonly #failuresMax: number;
  readonly #senders = new Map<string, Sender>();

  /** `failuresMax`: of one address, whoever it says it is. */
  constructor(clock: Clock, failuresMax = TOKEN_FAILURES_MAX) {
    this.#clock = clock;
    this.#failuresMax = failuresMax;
  }

  /**
   * Counts a request of this socket's address, or of the address that a media server says; then also of that media server, which may
   * say what it likes (T-60). Refusal: RATE_LIMITED, with the seconds to wait.
   */
  take(remoteAddress: string | undefined, relay?: HostId): void {
    if (relay !== undefined) this.#take(`via ${relay}`);
    this.takeFrom(remoteAddress, relay);
  }

  /** Counts a request of this address alone, as that media server says it: others at that address are not held up. */
  takeFrom(remoteAddress: string | undefined, relay: HostId | undefined): void {
    this.#take(senderKey(remoteAddress, relay));
  }

  #take(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    const sender = this.#sender(key, nowMs);
    this.#requireFew(sender, this.#failuresMax, nowMs);
    if (nowMs - sender.windowStartMs >= MINUTE_MS) {
      sender.windowStartMs = nowMs;
      sender.requests = 0;
    }
    if (sender.requests >= REQUESTS_PER_MINUTE_MAX) throw limited(sender.windowStartMs + MINUTE_MS - nowMs);
    sender.requests += 1;
  }

  /** A token of this address was refused. */
  tokenRefused(remoteAddress: string | undefined, relay?: HostId): void {
    this.#sender(senderKey(remoteAddress, relay), this.#clock.monotonicMs()).failures += 1;
  }

  /**
   * Who it says it is: of many hosts behind one address the one under whose name keys were guessed waits, and the others do not.
   * Refusal: RATE_LIMITED.
   */
  requireClaim(name: string, remoteAddress: string | undefined, relay?: HostId): void {
    const claim = this.#senders.get(claimKey(name, remoteAddress, relay));
    if (claim !== undefined) this.#requireFew(claim, TOKEN_FAILURES_MAX, this.#clock.monotonicMs());
  }

  /** A key of this name was refused: it counts for the name at this address, and for the address. */
  claimRefused(name: string, remoteAddress: string | undefined, relay?: HostId): void {
    this.tokenRefused(remoteAddress, relay);
    this.#sender(claimKey(name, remoteAddress, relay), this.#clock.monotonicMs()).failures += 1;
  }

  #requireFew(sender: Sender, failuresMax: number, nowMs: number): void {
    if (nowMs - sender.failuresStartMs >= TOKEN_FAILURES_WINDOW_MS) {
      sender.failuresStartMs = nowMs;
      sender.failures = 0;
    }
    if (sender.failures >= failuresMax)
      throw limited(sender.failuresStartMs + TOKEN_FAILURES_WINDOW_MS - nowMs);
  }

  get size(): number {
    return this.#senders.size;
  }

  #sender(key: string, nowMs: number): Sender {
    const known = this.#senders.get(key);
    const sender = known ?? { windowStartMs: nowMs, requests: 0, failuresStartMs: nowMs, failures: 0 };
    this.#senders.delete(key);
    this.#senders.set(key, sender);
    if (this.#senders.size > SENDERS_MAX) {
      const oldest = this.#senders.keys().next();
      if (oldest.done !== true) this.#senders.delete(oldest.value);
    }
    return sender;
  }
}

/** Behind different media servers the same address is not the same sender. */
const senderKey = (remoteAddress: string | undefined, relay: HostId | undefined): string =>
  relay === undefined ? addressKey(remoteAddress) : `via ${relay} ${addressKey(remoteAddress)}`;

const claimKey = (name: string, remoteAddress: string | undefined, relay: HostId | undefined): string =>
  `${senderKey(remoteAddress, relay)} as ${name.slice(0, NAME_LENGTH_MAX)}`;

const limited = (waitMs: number): AppError =>
  new AppError('RATE_LIMITED', { retrySeconds: Math.max(1, Math.ceil(waitMs / 1000)) });
