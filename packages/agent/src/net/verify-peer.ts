import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { parseDomainId, type DomainId, type HostId, type ServerId } from '@sekisho/core/ids.ts';
import { decidePeer } from '@sekisho/core/rules/peer.ts';
import { describeSubject, type Certificate } from '@sekisho/pki/certificate.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import type { Revocations } from '../revocation/crl-store.ts';
import type { PresentedPeer } from './dial.ts';

/** What this host trusts at the moment. */
export interface TrustFacts {
  readonly domainId: DomainId;
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly revocations: Revocations | undefined;
  readonly staleCrl: 'open' | 'closed';
  readonly nowMs: number;
}

/**
 * Is this the management server the signed list names (T-02)? Chain, dates, role, domain, then the server ID behind the
 * dialled name. What leads to no anchor passes by its
 * public-key hash in the list, and its dates: a certificate from outside, or one that the list announced (F-31.1).
 */
export function verifyServer(
  peer: PresentedPeer,
  trust: TrustFacts,
  expected: { readonly serverId: ServerId; readonly acceptedKeys: readonly string[] },
): void {
  const verified = serverPath(peer, trust);
  if (verified instanceof AppError) {
    if (!expected.acceptedKeys.includes(peer.leaf.keyId)) throw verified;
    decide(peer.leaf, trust, { expected: expected.serverId, found: expected.serverId });
    return;
  }
  // The root may be detached, so its CRL may be old: what it names counts, its age does not.
  decide(
    peer.leaf,
    { ...trust, staleCrl: 'open' },
    {
      expected: expected.serverId,
      found: verified.serverId ?? describeSubject(peer.leaf),
      issuerKeyId: verified.issuerKeyId,
    },
  );
  requireOpenssl(peer);
}

/** The path to an anchor; the refusal when there is none. */
function serverPath(peer: PresentedPeer, trust: TrustFacts) {
  try {
    return verifyChain({ ...chainFacts(peer, trust), role: 'server' });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/**
 * The server at setup, when nothing but the confirmed root is known: a server role certificate under exactly that root. The
 * domain is the one the certificate names; all that comes later must name the same.
 */
export function verifyPinnedServer(
  peer: PresentedPeer,
  root: Certificate,
  nowMs: number,
): { domainId: DomainId; serverId: ServerId } {
  const named = /^spiffe:\/\/([^/]+)\/server\//.exec(peer.leaf.san.uris[0] ?? '')?.[1] ?? '';
  const domainId = parseDomainId(named);
  if (domainId === undefined)
    throw new AppError('PEER_ROLE_WRONG', { subject: describeSubject(peer.leaf), role: 'server' });
  const verified = verifyChain({
    leaf: peer.leaf,
    intermediates: [],
    anchors: [root],
    nowMs,
    domainId,
    role: 'server',
  });
  requireOpenssl(peer);
  return { domainId, serverId: verified.serverId! };
}

/** The media server at setup, when nothing but the confirmed root is known: any of the domain, to go through to the server (T-60). */
export function verifyPinnedRelay(peer: PresentedPeer, root: Certificate, nowMs: number): void {
  const named = /^spiffe:\/\/([^/]+)\/host\//.exec(peer.leaf.san.uris[0] ?? '')?.[1] ?? '';
  const domainId = parseDomainId(named);
  if (domainId === undefined)
    throw new AppError('PEER_ROLE_WRONG', { subject: describeSubject(peer.leaf), role: 'host-media' });
  const intermediates = peer.chain.slice(1);
  verifyChain({ leaf: peer.leaf, intermediates, anchors: [root], nowMs, domainId, role: 'host-media' });
  requireOpenssl(peer);
}

/**
 * Is this the media server that the signed policy names by host ID, and not revoked (P-11)? Undefined: any media server of the domain, to
 * go through to a server that is judged by itself (T-60).
 */
export function verifyMediaServer(
  peer: PresentedPeer,
  trust: TrustFacts,
  expected: HostId | undefined,
): void {
  const verified = verifyChain({ ...chainFacts(peer, trust), role: 'host-media' });
  decide(peer.leaf, trust, {
    expected,
    found: verified.hostId ?? describeSubject(peer.leaf),
    issuerKeyId: verified.issuerKeyId,
  });
  requireOpenssl(peer);
}

/** The same path without the checks that follow it: who issued the certificate, or why it leads nowhere (dates apart). */
export function mediaServerPath(peer: PresentedPeer, trust: TrustFacts): { issuerKeyId: string } | AppError {
  const { notBeforeMs, notAfterMs } = peer.leaf;
  const nowMs = Math.min(Math.max(trust.nowMs, notBeforeMs), notAfterMs);
  try {
    const { issuerKeyId } = verifyChain({ ...chainFacts(peer, { ...trust, nowMs }), role: 'host-media' });
    return { issuerKeyId };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** May this host write to our media server? Returns its host ID; the refusal otherwise. */
export function verifyClient(chain: readonly Certificate[], trust: TrustFacts): HostId {
  const [leaf] = chain;
  if (leaf === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
  const verified = verifyChain({
    ...chainFacts({ leaf, chain, opensslRefusal: undefined }, trust),
    role: 'host-client',
  });
  const found = verified.hostId!;
  decide(leaf, trust, { expected: undefined, found, issuerKeyId: verified.issuerKeyId });
  return found;
}

const chainFacts = (peer: PresentedPeer, trust: TrustFacts) => ({
  leaf: peer.leaf,
  intermediates: [...trust.intermediates, ...peer.chain.slice(1)],
  anchors: trust.anchors,
  nowMs: trust.nowMs,
  domainId: trust.domainId,
});

function decide(
  leaf: Certificate,
  trust: TrustFacts,
  name: { expected: string | undefined; found: string; issuerKeyId?: string },
): void {
  const { revocations } = trust;
  const issuer = name.issuerKeyId;
  const decision = decidePeer({
    notBeforeMs: leaf.notBeforeMs,
    notAfterMs: leaf.notAfterMs,
    crl: issuer === undefined ? undefined : revocations?.freshness(issuer, leaf.crlUrls),
    staleCrl: trust.staleCrl,
    revoked: issuer !== undefined && revocations?.isRevoked(issuer, leaf.serial) === true,
    expected: name.expected,
    found: name.found,
    nowMs: trust.nowMs,
  });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
}

/** OpenSSL checks what our code might have missed; it knows the machine's clock only. */
function requireOpenssl(peer: PresentedPeer): void {
  if (peer.opensslRefusal === undefined) return;
  const { leaf } = peer;
  throw new AppError(
    OPENSSL_VERDICTS.get(peer.opensslRefusal) ?? 'PEER_CHAIN_UNTRUSTED',
    {
      subject: describeSubject(leaf),
      notAfter: new Date(leaf.notAfterMs).toISOString(),
      notBefore: new Date(leaf.notBeforeMs).toISOString(),
    },
    { cause: new Error(`OpenSSL: ${peer.opensslRefusal}`) },
  );
}

/** Anything else is a chain that leads nowhere. */
const OPENSSL_VERDICTS: ReadonlyMap<string, ErrorCode> = new Map([
  ['CERT_HAS_EXPIRED', 'PEER_CERTIFICATE_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'PEER_CERTIFICATE_NOT_YET_VALID'],
  ['CERT_SIGNATURE_FAILURE', 'PEER_SIGNATURE_INVALID'],
]);
