import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { crlRefreshSeconds, isIssuerOver, isRevokedAt } from '@sekisho/core/rules/revocation.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { Issuer } from '@sekisho/pki/issue.ts';
import { parseOcspRequest, type OcspQuestion, type OcspRequest } from '@sekisho/pki/ocsp-request.ts';
import {
  isIssuerOf,
  ocspRefusal,
  signOcspResponse,
  type OcspAnswer,
  type OcspState,
} from '@sekisho/pki/ocsp-response.ts';
import type { ServerContext } from '../../context.ts';
import { findBySerial, type CertificateStatus } from '../certificates/find-by-serial.ts';
import { OcspLimits } from './ocsp-limits.ts';

/** Answers that are kept, of about a kilobyte each; and certificates of which is remembered what was read. */
export const OCSP_KEPT_MAX = 20_000;

/** An answer in bytes. A kept one may be kept by others too, for a little while. */
export interface OcspReply {
  readonly der: Uint8Array;
  readonly thisUpdateMs: number | undefined;
  readonly nextUpdateMs: number | undefined;
}

interface KeptAnswer extends OcspReply {
  readonly fingerprint: Sha256Hex;
  readonly revoked: boolean;
  /** From then on it is signed anew. */
  readonly freshUntilMs: number;
}

type Parts = Pick<ServerContext, 'clock' | 'feed' | 'keys' | 'log' | 'registry' | 'security' | 'store'>;

/**
 * Answers OCSP (T-41) with a key of its own for each issuing CA, which named it. "Good" is said of certificates that the CA is recorded to have
 * issued, and of nothing else. An answer without nonce is kept, and given again for as long as the registry says the same.
 * @source RFC 6960, RFC 5019, RFC 9654
 */
export class OcspResponder {
  readonly #parts: Parts;
  readonly #limits: OcspLimits;
  readonly #kept = new Map<string, KeptAnswer>();
  /** By issuer key and serial: what the store said of it. */
  readonly #known = new Map<string, CertificateStatus>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#limits = new OcspLimits(parts.clock);
  }

  /** Never rejects: what can't be answered is refused in OCSP's own words. */
  async answer(request: Uint8Array, remoteAddress: string | undefined): Promise<OcspReply> {
    try {
      return await this.#answer(parseOcspRequest(request), remoteAddress);
    } catch (error) {
      if (error instanceof AppError && error.code === 'OCSP_MALFORMED') return refusal('malformedRequest');
      this.#parts.log.warn({ err: error }, 'an OCSP request could not be answered');
      return refusal('internalError');
    }
  }

  async #answer(request: OcspRequest, remoteAddress: string | undefined): Promise<OcspReply> {
    const { clock, feed } = this.#parts;
    const nowMs = clock.nowMs();
    const issuer = this.#issuerFor(request, nowMs);
    if (issuer === undefined) return refusal('unauthorized');
    // the registry may not know what was revoked while this process was suspended, or cut off
    if (!feed.fresh) return refusal('tryLater');
    const key = keyOf(request);
    const kept = key === undefined ? undefined : this.#take(key, nowMs);
    if (kept !== undefined) return kept;
    const responder = this.#responder(issuer, nowMs);
    if (responder === undefined || !this.#limits.take(remoteAddress)) return refusal('tryLater');
    const answers: (OcspAnswer & { readonly fingerprint: Sha256Hex | undefined })[] = [];
    for (const question of request.questions) answers.push(await this.#state(question, issuer, nowMs));
    const times = this.#times(responder.certificate, nowMs);
    const der = await signOcspResponse({ responder, answers, nonce: request.nonce, ...times });
    const reply = { der, ...times };
    const [first] = answers;
    if (key !== undefined && first?.fingerprint !== undefined)
      this.#keep(key, {
        ...reply,
        fingerprint: first.fingerprint,
        revoked: first.state.state === 'revoked',
        freshUntilMs: (times.thisUpdateMs + times.nextUpdateMs) / 2,
      });
    return reply;
  }

  /**
   * The issuing CA that the request asks about, one that another has followed too. Of several the first: an answer is signed in the name
   * of one.
   */
  #issuerFor({ questions }: OcspRequest, nowMs: number): Certificate | undefined {
    return this.#parts.keys
      .authorities()
      .find(
        (authority) =>
          authority.role === 'issuing' &&
          !isIssuerOver(authority, nowMs) &&
          questions.some((question) => isIssuerOf(question, authority.certificate)),
      )?.certificate;
  }

  /** A kept answer that still says what the registry says. */
  #take(key: string, nowMs: number): OcspReply | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    const holds = this.#parts.registry.lookup(kept.fingerprint)?.revoked === kept.revoked;
    if (!holds || nowMs >= kept.freshUntilMs || nowMs < (kept.thisUpdateMs ?? 0)) return undefined;
    this.#kept.set(key, kept); // the last to go
    return kept;
  }

  #keep(key: string, answer: KeptAnswer): void {
    this.#kept.set(key, answer);
    dropOldest(this.#kept);
  }

  async #state(question: OcspQuestion, issuer: Certificate, nowMs: number) {
    const found = isIssuerOf(question, issuer)
      ? await this.#find(issuer.keyId, question.serial, nowMs)
      : undefined;
    const fingerprint = found?.fingerprint;
    if (found === undefined) return { question, state: UNKNOWN, fingerprint };
    if (!isRevokedAt(found, nowMs)) return { question, state: GOOD, fingerprint };
    const state: OcspState = {
      state: 'revoked',
      revokedAtMs: found.revokedAtMs ?? found.revokeDueAtMs ?? nowMs,
      reason: found.reason ?? 'superseded',
    };
    return { question, state, fingerprint };
  }

  /** What was read of a certificate counts for as long as the registry says the same. */
  async #find(issuerKeyId: string, serial: string, nowMs: number): Promise<CertificateStatus | undefined> {
    const { registry, store } = this.#parts;
    const key = `${issuerKeyId} ${serial}`;
    const known = this.#known.get(key);
    if (known !== undefined && registry.lookup(known.fingerprint)?.revoked === isRevokedAt(known, nowMs))
      return known;
    const found = await findBySerial(store.db, issuerKeyId, serial);
    this.#known.delete(key);
    if (found !== undefined) this.#known.set(key, found);
    dropOldest(this.#known);
    return found;
  }

  /** The responder that this CA named; none while its certificate is being renewed. */
  #responder(issuer: Certificate, nowMs: number): Issuer | undefined {
    const responder = this.#parts.keys.responderOf(issuer);
    return responder !== undefined && nowMs < responder.certificate.notAfterMs ? responder : undefined;
  }

  /** An answer holds as long as hosts go without looking for a new list (T-41), never longer than who signed it. */
  #times(responder: Certificate, nowMs: number): { thisUpdateMs: number; nextUpdateMs: number } {
    const validMs = crlRefreshSeconds(this.#parts.security.current().level) * SECOND_MS;
    return { thisUpdateMs: nowMs, nextUpdateMs: Math.min(nowMs + validMs, responder.notAfterMs) };
  }
}

function dropOldest(map: Map<string, unknown>): void {
  if (map.size <= OCSP_KEPT_MAX) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

const GOOD: OcspState = { state: 'good' };
const UNKNOWN: OcspState = { state: 'unknown' };

const refusal = (why: Parameters<typeof ocspRefusal>[0]): OcspReply => ({
  der: ocspRefusal(why),
  thisUpdateMs: undefined,
  nextUpdateMs: undefined,
});

/** Answers to one question without a nonce are the same for everybody. */
function keyOf({ questions, nonce }: OcspRequest): string | undefined {
  const [question] = questions;
  if (nonce !== undefined || question === undefined || questions.length > 1) return undefined;
  const { certIdDer } = question;
  return Buffer.from(certIdDer.buffer, certIdDer.byteOffset, certIdDer.byteLength).toString('latin1');
}
