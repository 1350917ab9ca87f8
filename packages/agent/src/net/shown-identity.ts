import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { createSecureContext, type SecureContext } from 'node:tls';
import { TLS_VERSION_MIN } from './dial.ts';

/** What this host shows and whom it believes, ready for connections. */
export interface ShownIdentity {
  /** PEM of the anchors. */
  readonly ca: readonly string[];
  readonly identity: { readonly keyPem: string; readonly chainPem: string };
  /** OpenSSL's own form of both. */
  readonly context: SecureContext;
}

/**
 * Keys and certificates are read by OpenSSL once and not for each connection: when a server comes back, that is a third of what
 * an agent's reconnection costs. Made anew when the identity or the anchors are others.
 */
export class ShownIdentities {
  #last: ShownIdentity | undefined;
  #anchors = '';

  of(
    { keyPem, chainPem }: { readonly keyPem: string; readonly chainPem: string },
    anchors: readonly Certificate[],
  ): ShownIdentity {
    const names = anchors.map(({ fingerprint }) => fingerprint).join(' ');
    const last = this.#last;
    const isSame =
      last?.identity.keyPem === keyPem && last.identity.chainPem === chainPem && this.#anchors === names;
    if (isSame) return last;
    const ca = anchors.map(({ der }) => certificateToPem(der));
    const context = createSecureContext({ ca, key: keyPem, cert: chainPem, minVersion: TLS_VERSION_MIN });
    this.#anchors = names;
    this.#last = { ca, identity: { keyPem, chainPem }, context };
    return this.#last;
  }
}
