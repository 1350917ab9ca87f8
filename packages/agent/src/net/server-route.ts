import { AppError } from '@sekisho/core/errors.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { TLSSocket } from 'node:tls';
import { describeNetworkError } from './http-request.ts';
import { relayName, type Relay } from './open-tunnel.ts';

/** How long the direct way gets before the media servers are tried, when there are some: a firewall that drops says nothing. */
export const DIRECT_PATIENCE_MS = 4 * SECOND_MS;
/** While a tunnel is in use the direct way is looked at again, no more often than this. */
export const DIRECT_AGAIN_MS = 10 * SECOND_MS;
/** Media servers that are tried for one connection. */
const RELAYS_TRIED_MAX = 8;

export interface ServerRouteParts {
  /** The server, as messages name it. */
  readonly server: string;
  readonly relays: () => readonly Relay[];
  readonly direct: (signal: AbortSignal, timeoutMs: number | undefined) => Promise<TLSSocket>;
  readonly through: (relay: Relay, signal: AbortSignal) => Promise<TLSSocket>;
  /** The direct way works again: what goes through tunnels should come over. */
  readonly onDirectAgain: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The way to one management server (T-60): the direct one; where that leads nowhere, a tunnel through a media server, found without any
 * configuration; and back to the direct one when it works again. Only failures of the network send an agent to a media server: a server
 * that answers with the wrong certificate is refused, not gone around.
 */
export class ServerRoute {
  readonly #parts: ServerRouteParts;
  #via: Relay | undefined;
  /** The direct way was the last that led there. */
  #isDirect = false;
  #lookedMs: number | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: ServerRouteParts) {
    this.#parts = parts;
  }

  /** The media server whose tunnel is in use; undefined: the direct way. */
  get via(): Relay | undefined {
    return this.#via;
  }

  /** False: a tunnel is in use, or nothing was reached yet and it may need one. */
  get mayBeDirect(): boolean {
    return this.#isDirect || this.#parts.relays().length === 0;
  }

  /** Rejects with the failed check of a peer, or SERVER_UNREACHABLE that names each way that was tried. */
  async dial(signal: AbortSignal): Promise<TLSSocket> {
    const relays = this.#inOrder();
    if (relays.length === 0) {
      const socket = await this.#parts.direct(signal, undefined);
      this.#use(undefined);
      return socket;
    }
    const failures: string[] = [];
    const isSettled = this.#via !== undefined;
    if (!isSettled) {
      const socket = await this.#tryDirect(signal, failures);
      if (socket !== undefined) return socket;
    }
    let refusal: AppError | undefined;
    for (const relay of relays) {
      if (signal.aborted) break;
      try {
        const socket = await this.#parts.through(relay, signal);
        this.#use(relay);
        return socket;
      } catch (error) {
        const detail = error instanceof AppError ? error.code : describeNetworkError(error);
        failures.push(`${relayName(relay)}: ${detail}`);
        this.#parts.log.warn({ err: error, relay: relayName(relay) }, 'this media server opens no way');
        if (error instanceof AppError && error.code.startsWith('PEER_')) refusal ??= error;
      }
    }
    if (isSettled && !signal.aborted) {
      const socket = await this.#tryDirect(signal, failures);
      if (socket !== undefined) return socket;
    }
    throw (
      refusal ??
      new AppError('SERVER_UNREACHABLE', { server: this.#parts.server, detail: failures.join('; ') })
    );
  }

  /** While a tunnel is in use: tries the direct way, and takes it when it works. Not too often; one try at a time. */
  lookForDirect(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    if (this.#via === undefined || this.#looking !== undefined) return this.#looking ?? Promise.resolve();
    if (this.#lookedMs !== undefined && clock.monotonicMs() - this.#lookedMs < DIRECT_AGAIN_MS)
      return Promise.resolve();
    this.#lookedMs = clock.monotonicMs();
    this.#looking = this.#look(signal).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      const socket = await this.#parts.direct(signal, undefined);
      socket.destroy();
    } catch {
      return; // it is as it was
    }
    this.#use(undefined);
    this.#parts.onDirectAgain();
  }

  async #tryDirect(signal: AbortSignal, failures: string[]): Promise<TLSSocket | undefined> {
    try {
      const socket = await this.#parts.direct(signal, DIRECT_PATIENCE_MS);
      this.#use(undefined);
      return socket;
    } catch (error) {
      if (error instanceof AppError || signal.aborted) throw error;
      failures.push(describeNetworkError(error));
      return undefined;
    }
  }

  /** The one in use first. */
  #inOrder(): Relay[] {
    const relays = [...this.#parts.relays()];
    const via = this.#via;
    const current = via === undefined ? [] : relays.filter((relay) => isSame(relay, via));
    if (current.length === 0) this.#via = undefined; // it is no media server any more
    return [...current, ...relays.filter((relay) => via === undefined || !isSame(relay, via))].slice(
      0,
      RELAYS_TRIED_MAX,
    );
  }

  #use(relay: Relay | undefined): void {
    const before = this.#via;
    this.#via = relay;
    this.#isDirect = relay === undefined;
    if (before === undefined ? relay === undefined : relay !== undefined && isSame(before, relay)) return;
    const { log, server } = this.#parts;
    if (relay === undefined) log.info({ server }, 'the management server is reached directly');
    else
      log.info(
        { server, relay: relayName(relay) },
        'the management server is reached through a media server',
      );
  }
}

const isSame = (a: Relay, b: Relay): boolean => a.address === b.address && a.port === b.port;
