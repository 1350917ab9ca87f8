import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { CLOCK_SKEW_MAX_MS } from '@sekisho/core/limits.ts';
import { SIGNATURE_HEADER, type SignedRequest } from '@sekisho/core/wire/signed-request.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { verifyRequest } from '@sekisho/pki/request-signature.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import type { IncomingMessage } from 'node:http';
import type { ServerContext } from '../../context.ts';
import { addressKey } from '../../http/connections.ts';
import type { PeerIdentity } from '../../http/peer.ts';
import { addressOf } from '../../http/request-origin.ts';
import {
  MinuteCounts,
  REFUSED_SIGNATURES_PER_MINUTE_MAX,
  SIGNED_REQUESTS_PER_MINUTE_MAX,
} from './request-limits.ts';
import { takeMoment } from './request-moments.ts';

type Parts = Pick<
  ServerContext,
  'clock' | 'store' | 'feed' | 'domain' | 'keys' | 'registry' | 'refusals' | 'fleet'
>;

const EMPTY_SHA256 = sha256Hex(new Uint8Array());

/**
 * Who sends a request without TLS (F-20): the host whose certificate is in the registry, unexpired and unrevoked, and whose key signed this
 * very request, a moment ago, for the first time. Only while verification is off for its group, or until it has heard that it is on.
 */
export class SignedRequests {
  readonly #parts: Parts;
  readonly #perHost: MinuteCounts;
  readonly #refused: MinuteCounts;
  readonly #bodies = new WeakMap<IncomingMessage, { readonly sha256: Sha256Hex; readonly sender: string }>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#perHost = new MinuteCounts(parts.clock, SIGNED_REQUESTS_PER_MINUTE_MAX);
    this.#refused = new MinuteCounts(parts.clock, REFUSED_SIGNATURES_PER_MINUTE_MAX);
  }

  /**
   * Before a byte of the body is read. Refusals: REQUEST_SIGNATURE_INVALID, REQUEST_TIME_WRONG, REQUEST_REPLAYED, VERIFICATION_IS_ON,
   * PEER_CERTIFICATE_UNKNOWN, PEER_CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED, the failed check of the chain (PEER_…), RATE_LIMITED,
   * SERVER_STOPPING.
   */
  async requirePeer(raw: IncomingMessage): Promise<PeerIdentity> {
    const from = addressKey(raw.socket.remoteAddress);
    let sender = from;
    let subject = 'unknown';
    let isLimited = false;
    try {
      if (!this.#parts.feed.fresh) throw new AppError('SERVER_STOPPING');
      const header = raw.headers[SIGNATURE_HEADER];
      if (typeof header !== 'string') throw invalid('there is none');
      const { request, judged: peer } = await verifyRequest(header, (leaf) => {
        sender = this.#senderOf(from, leaf);
        isLimited = true;
        this.#refused.require(sender);
        isLimited = false;
        return this.#judge(leaf);
      });
      subject = peer.hostId;
      await this.#requireThis(raw, request, peer.hostId, sender);
      this.#parts.registry.noteUse(peer.fingerprint);
      return peer;
    } catch (error) {
      const isRefusal =
        error instanceof AppError && error.code !== 'SERVER_STOPPING' && error.code !== 'SERVER_BUSY';
      if (isRefusal && !isLimited) this.#note(raw, subject, error, sender);
      throw error;
    }
  }

  /** Once the body is there; undefined: there was none. Refusal: REQUEST_SIGNATURE_INVALID. */
  requireBody(raw: IncomingMessage, body: Uint8Array | undefined): void {
    const found = body === undefined ? EMPTY_SHA256 : sha256Hex(body);
    const signed = this.#bodies.get(raw);
    if (signed?.sha256 === found) return;
    const error = invalid('the body is another one');
    this.#note(raw, 'unknown', error, signed?.sender ?? addressKey(raw.socket.remoteAddress));
    throw error;
  }

  /**
   * For whose refusals this one counts: of many hosts behind one address the one in whose name somebody guesses waits, and the others do not.
   * Whoever shows a certificate that is not in the registry is one with all of those there.
   */
  #senderOf(from: string, { fingerprint }: Certificate): string {
    const hostId = this.#parts.registry.lookup(fingerprint)?.hostId;
    return hostId === undefined ? from : `${from} as ${hostId}`;
  }

  /** As for a connection with mutual TLS: the chain, and the registry's word for this moment. */
  #judge(leaf: Certificate): PeerIdentity {
    const { registry, clock, keys, domain } = this.#parts;
    const { fingerprint, serial, notAfterMs } = leaf;
    const entry = registry.lookup(fingerprint);
    if (entry === undefined) throw new AppError('PEER_CERTIFICATE_UNKNOWN', { fingerprint });
    if (entry.revoked) throw new AppError('CERTIFICATE_REVOKED');
    const { hostId, issuerKeyId } = verifyChain({
      leaf,
      intermediates: keys.issuers(),
      anchors: keys.anchors(),
      nowMs: clock.nowMs(),
      domainId: domain.id,
      role: 'host-client',
    });
    if (hostId === undefined || entry.hostId !== hostId)
      throw new AppError('PEER_CERTIFICATE_UNKNOWN', { fingerprint });
    return { hostId, fingerprint, serial, issuerKeyId, notAfterMs };
  }

  async #requireThis(
    raw: IncomingMessage,
    request: SignedRequest,
    hostId: HostId,
    sender: string,
  ): Promise<void> {
    const { clock, domain, fleet, store } = this.#parts;
    if (request.method !== raw.method || request.path !== raw.url) throw invalid('it is of another request');
    if (request.domain !== domain.id || request.server !== domain.serverId)
      throw invalid('it is for another server');
    if (request.host !== hostId) throw invalid('it is of another host');
    if (Math.abs(request.atMs - clock.nowMs()) > CLOCK_SKEW_MAX_MS) throw new AppError('REQUEST_TIME_WRONG');
    this.#perHost.require(hostId);
    if (!(await fleet.mayAskPlain(hostId))) throw new AppError('VERIFICATION_IS_ON');
    if (!(await takeMoment(store, hostId, request.atMs))) throw new AppError('REQUEST_REPLAYED');
    // only now: whoever repeats what he overheard must not use up what the host may ask
    this.#perHost.add(hostId);
    this.#bodies.set(raw, { sha256: request.bodySha256, sender });
  }

  #note(raw: IncomingMessage, subject: string, { code }: AppError, sender: string): void {
    this.#refused.add(sender);
    const origin = addressOf(raw.socket);
    this.#parts.refusals.note({ act: 'refuse-peer', actor: 'unknown', origin, subject, code });
  }
}

const invalid = (detail: string): AppError => new AppError('REQUEST_SIGNATURE_INVALID', { detail });
