import type { DocumentContent } from '../documents/document-service.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { LINKS_MAX } from '@sekisho/pki/walk-links.ts';
import type { KeyState, KeyStore } from '../keys/key-store.ts';
import { crlPath } from '../revocation/crl-path.ts';

type Anchor = DocumentContent<'bundle'>['anchors'][number];

/** The bundle takes 16 anchors; in use are two at most. */
const TOMBSTONES_MAX = 8;

const ANCHOR_STATES: Readonly<Record<KeyState, Anchor['state']>> = {
  next: 'announced',
  active: 'active',
  retiring: 'retiring',
  retired: 'retiring',
  destroyed: 'compromised',
  compromised: 'compromised',
};

const anchorOf = ({ der, fingerprint }: Certificate, state: Anchor['state']): Anchor => ({
  fingerprint,
  certificate: base64(der),
  state,
});

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

/** What the trust bundle says now: the anchors, the issuing CAs, and where their CRLs are. */
export function bundleContent(
  keys: KeyStore,
  httpPort: number,
  shards: readonly { issuerKeyId: string; shard: number }[],
): DocumentContent<'bundle'> {
  const known = new Set<string>([...keys.anchors(), ...keys.issuers()].map(({ keyId }) => keyId));
  return {
    anchors: [
      ...keys.keysOf('root').map(({ certificate, state }) => anchorOf(certificate, ANCHOR_STATES[state])),
      // tombstones: the newest, so that there is always room for those that are trusted
      ...keys
        .compromised()
        .slice(0, TOMBSTONES_MAX)
        .map((certificate) => anchorOf(certificate, 'compromised')),
    ],
    intermediates: keys.issuers().map(({ der }) => base64(der)),
    // who is further behind than so many changes needs a communication package
    links: keys
      .links()
      .filter(({ kind }) => kind === 'forward')
      .slice(0, LINKS_MAX)
      .map(({ certificate }) => base64(certificate.der)),
    crls: shards
      .filter(({ issuerKeyId }) => known.has(issuerKeyId))
      .map(({ issuerKeyId, shard }) => ({ issuerKeyId, path: crlPath(issuerKeyId, shard) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
    httpPort,
    signers: keys.keysOf('document-signer').map(({ certificate, state, outsideChain }) => ({
      keyId: certificate.keyId,
      certificate: base64(certificate.der),
      state: state === 'next' ? ('announced' as const) : state === 'retiring' ? state : ('active' as const),
      ...(outsideChain === null ? {} : { outside: true as const }),
    })),
  };
}
