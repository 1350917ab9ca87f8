import type { PresentedPeer } from './dial.ts';

/** Sessions with one server that are kept: a server hands out two with each full handshake, and each is used once. */
export const TLS_SESSIONS_MAX = 2;

/** What a session holds for: another certificate of ours, or other anchors, want a full handshake. */
export interface SessionTerms {
  readonly ca: readonly string[];
  readonly chainPem: string;
}

/** A session, and what the server showed in the handshake that it goes back to: a resumed connection shows nothing. */
export interface TlsSession {
  readonly ticket: Buffer;
  readonly presented: PresentedPeer;
}

/**
 * TLS sessions with one server, in memory only. A resumed session spares both sides the signatures, and nothing else: its peer is
 * judged like any other (dial.ts). It stands for the certificates that both sides showed when it began, so it is offered only on the
 * same terms, and only once.
 *
 * @source RFC 8446 C.4
 */
export class TlsSessions {
  readonly #sessions: TlsSession[] = [];
  #terms: SessionTerms | undefined;

  /** The newest session that was made on these terms; it is not given again. */
  take(terms: SessionTerms): TlsSession | undefined {
    return this.#terms !== undefined && isSame(this.#terms, terms) ? this.#sessions.pop() : undefined;
  }

  /** Keeps a session that the server has just handed out. */
  keep(terms: SessionTerms, session: TlsSession): void {
    if (this.#terms === undefined || !isSame(this.#terms, terms)) this.clear();
    this.#terms = terms;
    this.#sessions.push(session);
    if (this.#sessions.length > TLS_SESSIONS_MAX) this.#sessions.shift();
  }

  /** The next connection is made with a full handshake. */
  clear(): void {
    this.#sessions.length = 0;
    this.#terms = undefined;
  }
}

const isSame = (a: SessionTerms, b: SessionTerms): boolean =>
  a.chainPem === b.chainPem && a.ca.length === b.ca.length && a.ca.every((pem, n) => pem === b.ca[n]);
