import type { DocumentContent } from '../documents/document-service.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { crlPath } from '../revocation/crl-path.ts';

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

/** What the trust bundle says now: the anchors, the issuing CAs, and where their CRLs are. */
export function bundleContent(
  keys: KeyStore,
  httpPort: number,
  shards: readonly { issuerKeyId: string; shard: number }[],
): DocumentContent<'bundle'> {
  return {
    anchors: keys.anchors().map(({ der, fingerprint }) => ({
      fingerprint,
      certificate: base64(der),
      state: 'active' as const,
    })),
    intermediates: keys.issuers().map(({ der }) => base64(der)),
    links: [],
    crls: shards
      .map(({ issuerKeyId, shard }) => ({ issuerKeyId, path: crlPath(issuerKeyId, shard) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
    httpPort,
    signers: keys.keysOf('document-signer').map(({ keyId, certificate, state, outsideChain }) => ({
      keyId,
      certificate: base64(certificate.der),
      state: state === 'next' ? ('announced' as const) : state === 'retiring' ? state : ('active' as const),
      ...(outsideChain === null ? {} : { outside: true as const }),
    })),
  };
}
