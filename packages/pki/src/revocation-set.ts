import { AppError } from '@sekisho/core/errors.ts';
import { CRL_LISTS_MAX } from '@sekisho/core/limits.ts';
import type { Certificate } from './certificate.ts';
import { verifyCrl, type Crl, type CrlScope } from './crl.ts';
import type { RevocationSource } from './verify.ts';

/** Lists that are held at once, of all CAs and their shards: those of a trust bundle, and of the one before it. */
export const REVOCATION_LISTS_MAX = 2 * CRL_LISTS_MAX;

/**
 * The revocation lists that a host holds, keyed by issuer key and scope, and asked by issuer key and serial, never by serial alone
 * (T-42). It takes only lists that their CA signed, never goes back to a lower number, and never takes a shard's list for another's.
 */
export class RevocationSet implements RevocationSource {
  /** By issuer key, then by scope. */
  readonly #lists = new Map<string, Map<string, Crl>>();
  #size = 0;

  /**
   * Takes a list in place of the former one of its issuer and scope; the same list again changes nothing.
   * Refusals: CRL_ISSUER_WRONG, CRL_SIGNATURE_INVALID, CRL_NUMBER_LOWER, CRL_NUMBER_REUSED.
   */
  add(crl: Crl, issuer: Certificate): void {
    verifyCrl(crl, issuer);
    const held = this.held(issuer.keyId, crl.scope);
    if (held !== undefined && crl.number < held.number)
      throw new AppError('CRL_NUMBER_LOWER', { number: crl.number, held: held.number });
    if (held !== undefined && crl.number === held.number && Buffer.compare(crl.tbsDer, held.tbsDer) !== 0)
      throw new AppError('CRL_NUMBER_REUSED', { number: crl.number });
    if (held === undefined && this.#size >= REVOCATION_LISTS_MAX)
      throw new AppError('CRL_MALFORMED', { detail: `more than ${REVOCATION_LISTS_MAX} lists` });
    if (held === undefined) this.#size += 1;
    let ofIssuer = this.#lists.get(issuer.keyId);
    if (ofIssuer === undefined) this.#lists.set(issuer.keyId, (ofIssuer = new Map<string, Crl>()));
    ofIssuer.set(scopeKey(crl.scope), crl);
  }

  /** Does any list of this issuer key name this serial (lower-case hex, no leading zero bytes)? */
  isRevoked(issuerKeyId: string, serial: string): boolean {
    for (const crl of this.#lists.get(issuerKeyId)?.values() ?? []) if (crl.serials.has(serial)) return true;
    return false;
  }

  /**
   * The list that speaks for a certificate of this issuer: the shard that the certificate names, or a list of all of the issuer's
   * certificates. One that names no list has the oldest of all lists, because any of them may be its own.
   * @source RFC 5280 §6.3.3 (b)
   */
  listFor(issuerKeyId: string, crlUrls: readonly string[]): Crl | undefined {
    const lists = [...(this.#lists.get(issuerKeyId)?.values() ?? [])];
    const fits = ({ scope }: Crl): boolean =>
      scope.uris.length === 0 || crlUrls.length === 0 || scope.uris.some((uri) => crlUrls.includes(uri));
    return lists.filter(fits).sort((a, b) => a.nextUpdateMs - b.nextUpdateMs)[0];
  }

  /** The list that is held of an issuer and scope. */
  held(issuerKeyId: string, scope: CrlScope): Crl | undefined {
    return this.#lists.get(issuerKeyId)?.get(scopeKey(scope));
  }

  /** Lets go of the lists that are not wanted any more. */
  keep(wanted: (issuerKeyId: string, crl: Crl) => boolean): void {
    for (const [issuerKeyId, ofIssuer] of this.#lists)
      for (const [key, crl] of ofIssuer)
        if (!wanted(issuerKeyId, crl) && ofIssuer.delete(key)) this.#size -= 1;
  }

  /** Highest number held; 0 without a list. */
  get crlNumber(): number {
    return this.#all().reduce((highest, { number }) => Math.max(highest, number), 0);
  }

  /** The earliest time at which a held list goes stale; undefined without a list. */
  get nextUpdateMs(): number | undefined {
    const times = this.#all().map((crl) => crl.nextUpdateMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #all(): Crl[] {
    return [...this.#lists.values()].flatMap((ofIssuer) => [...ofIssuer.values()]);
  }
}

const scopeKey = ({ uris }: CrlScope): string => uris.join(' ');
