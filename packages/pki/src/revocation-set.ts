import { AppError } from '@sekisho/core/errors.ts';
import type { Certificate } from './certificate.ts';
import { verifyCrl, type Crl } from './crl.ts';
import type { RevocationSource } from './verify.ts';

/** CAs whose lists are held at once. */
export const REVOCATION_ISSUERS_MAX = 32;

/**
 * The revocation lists that a host holds, keyed by issuer key and serial, never by serial alone (T-42). It takes only
 * lists that their CA signed, and never goes back to a lower number.
 */
export class RevocationSet implements RevocationSource {
  readonly #lists = new Map<string, Crl>();

  /**
   * Takes a list in place of the issuer's former one; the same list again changes nothing.
   * Refusals: CRL_ISSUER_WRONG, CRL_SIGNATURE_INVALID, CRL_NUMBER_LOWER, CRL_NUMBER_REUSED.
   */
  add(crl: Crl, issuer: Certificate): void {
    verifyCrl(crl, issuer);
    const held = this.#lists.get(issuer.keyId);
    if (held !== undefined && crl.number < held.number)
      throw new AppError('CRL_NUMBER_LOWER', { number: crl.number, held: held.number });
    if (held !== undefined && crl.number === held.number && Buffer.compare(crl.tbsDer, held.tbsDer) !== 0)
      throw new AppError('CRL_NUMBER_REUSED', { number: crl.number });
    if (held === undefined && this.#lists.size >= REVOCATION_ISSUERS_MAX)
      throw new AppError('CRL_MALFORMED', { detail: `more than ${REVOCATION_ISSUERS_MAX} issuers` });
    this.#lists.set(issuer.keyId, crl);
  }

  /** Is this serial (lower-case hex, no leading zero bytes) of this issuer key revoked? */
  isRevoked(issuerKeyId: string, serial: string): boolean {
    return this.#lists.get(issuerKeyId)?.serials.has(serial) ?? false;
  }

  /** The list that is held of an issuer. */
  listOf(issuerKeyId: string): Crl | undefined {
    return this.#lists.get(issuerKeyId);
  }

  /** Highest number held; 0 without a list. */
  get crlNumber(): number {
    return Math.max(0, ...[...this.#lists.values()].map((crl) => crl.number));
  }

  /** The earliest time at which a held list goes stale; undefined without a list. */
  get nextUpdateMs(): number | undefined {
    const times = [...this.#lists.values()].map((crl) => crl.nextUpdateMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
