import { AppError, type ErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import {
  parseDomainId,
  parseHostId,
  parseServerId,
  type DomainId,
  type HostId,
  type ServerId,
} from '@sekisho/core/ids.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { describeSubject, type Certificate } from './certificate.ts';
import { OID } from './oids.ts';
import { isKnownSignatureAlgorithm, verifySignature } from './signature.ts';

/** What the peer must be for what is about to happen. */
export type PeerRole = 'host-client' | 'host-media' | 'server' | 'document-signer';

/** Intermediate certificates that are looked at. */
export const INTERMEDIATES_MAX = 8;
/** Certificates in a path, leaf and anchor included. */
export const PATH_LENGTH_MAX = 4;
/** Signatures that are checked for one peer: crafted chains can't buy more work. */
export const SIGNATURE_CHECKS_MAX = 16;

/** Knows revocations by issuer key and serial (T-42): `RevocationSet`, or the server's registry. */
export interface RevocationSource {
  isRevoked(issuerKeyId: string, serial: string): boolean;
}

export interface VerifiedChain {
  readonly hostId?: HostId;
  readonly serverId?: ServerId;
  /** SHA-256 of the SPKI of the leaf's issuer. */
  readonly issuerKeyId: string;
  /** Leaf first, anchor last. */
  readonly path: readonly Certificate[];
}

/**
 * Every check on a peer (T-02): chain to an anchor, signatures, CA rights, dates, usages, role, domain, name, revocation.
 * Each failure throws its own PEER_… code. A host's leaf never passes as server or document signer (invariant 10).
 * @source RFC 5280 §6
 */
export function verifyChain(question: {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly nowMs: number;
  readonly domainId: DomainId;
  readonly role: PeerRole;
  /** The name or address that was dialled; left out where another rule binds the name (T-31). */
  readonly name?: string | undefined;
  readonly revocations?: RevocationSource | undefined;
}): VerifiedChain {
  const { leaf, nowMs, role, revocations } = question;
  const path = findPath(leaf, question.intermediates, question.anchors);
  for (const certificate of path) checkEach(certificate, nowMs);
  const identity = checkRole(path, role, question.domainId);
  if (question.name !== undefined && !coversName(leaf, question.name))
    throw refusal('PEER_NAME_WRONG', leaf, { expected: question.name });
  for (const [index, certificate] of path.slice(0, -1).entries())
    if (revocations?.isRevoked(path[index + 1]!.keyId, certificate.serial) === true)
      throw refusal('PEER_REVOKED', certificate);
  return { ...identity, issuerKeyId: path[1]!.keyId, path };
}

/** Does the subject alternative name carry this DNS name (no wildcards, case folded) or address? */
export function coversName(certificate: Certificate, name: string): boolean {
  const ip = canonicalIp(name.replace(/^\[(.*)\]$/, '$1'));
  if (ip !== undefined) return certificate.san.ips.includes(ip);
  const wanted = name.toLowerCase().replace(/\.$/, '');
  return certificate.san.dns.some((dns) => dns.toLowerCase() === wanted);
}

const refusal = (code: ErrorCode, certificate: Certificate, params: ErrorParams = {}): AppError =>
  new AppError(code, { subject: describeSubject(certificate), ...params });

/** The first path whose names, keys and signatures lead to an anchor. */
function findPath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
): Certificate[] {
  // made when it is thrown: an error with its words and its stack costs as much as a signature
  let nearest = (): AppError => refusal('PEER_CHAIN_UNTRUSTED', leaf);
  const candidates = intermediates.slice(0, INTERMEDIATES_MAX);
  let checksLeft = SIGNATURE_CHECKS_MAX;
  const extend = (path: Certificate[]): Certificate[] | undefined => {
    const last = path.at(-1)!;
    for (const issuer of [...anchors, ...candidates]) {
      if (path.includes(issuer) || !isNamedIssuer(last, issuer)) continue;
      const isAnchor = anchors.includes(issuer);
      if (!isAnchor && path.length + 2 > PATH_LENGTH_MAX) continue;
      if (!mayIssue(issuer, path.length - 1)) {
        nearest = () => refusal('PEER_ISSUER_NOT_CA', last);
        continue;
      }
      if (checksLeft === 0) return undefined;
      checksLeft -= 1;
      if (!isSignedBy(last, issuer)) {
        nearest = () => signatureRefusal(last);
        continue;
      }
      if (isAnchor) return [...path, issuer];
      const whole = extend([...path, issuer]);
      if (whole !== undefined) return whole;
    }
    return undefined;
  };
  const path = extend([leaf]);
  if (path === undefined) throw nearest();
  return path;
}

const signatureRefusal = (certificate: Certificate): AppError =>
  refusal(
    isKnownSignatureAlgorithm(certificate.tbs.signatureAlgorithm)
      ? 'PEER_SIGNATURE_INVALID'
      : 'PEER_KEY_UNSUPPORTED',
    certificate,
  );

const isNamedIssuer = (certificate: Certificate, issuer: Certificate): boolean =>
  Buffer.compare(certificate.issuerDer, issuer.subjectDer) === 0 &&
  (certificate.authorityKeyId === undefined ||
    issuer.subjectKeyId === undefined ||
    certificate.authorityKeyId === issuer.subjectKeyId);

/** basicConstraints, keyCertSign, and room for so many CAs below. @source RFC 5280 §6.1.4 */
const mayIssue = (issuer: Certificate, casBelow: number): boolean =>
  issuer.isCa &&
  issuer.keyUsages.has('keyCertSign') &&
  issuer.keyAlgorithm !== undefined &&
  (issuer.pathLength === undefined || casBelow <= issuer.pathLength);

/** Signatures of CA certificates that verified, by certificate object: each leaf shows the same ones again. */
const verifiedAuthorities = new WeakMap<Certificate, string>();

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (verifiedAuthorities.get(certificate) === issuer.keyId) return true;
  const holds = verifySignature(
    certificate.tbs.signatureAlgorithm,
    issuer.publicKey,
    certificate.tbsDer,
    certificate.signature,
  );
  if (holds && certificate.isCa) verifiedAuthorities.set(certificate, issuer.keyId);
  return holds;
}

function checkEach(certificate: Certificate, nowMs: number): void {
  if (certificate.keyAlgorithm === undefined) throw refusal('PEER_KEY_UNSUPPORTED', certificate);
  const [unknown] = certificate.unknownCritical;
  if (unknown !== undefined) throw refusal('PEER_EXTENSION_UNKNOWN', certificate, { oid: unknown });
  checkDates(certificate, nowMs);
}

/** Is the certificate valid now? Refusals: PEER_CERTIFICATE_NOT_YET_VALID, PEER_CERTIFICATE_EXPIRED. */
export function checkDates(certificate: Certificate, nowMs: number): void {
  if (nowMs < certificate.notBeforeMs)
    throw refusal('PEER_CERTIFICATE_NOT_YET_VALID', certificate, {
      notBefore: new Date(certificate.notBeforeMs).toISOString(),
    });
  if (nowMs > certificate.notAfterMs)
    throw refusal('PEER_CERTIFICATE_EXPIRED', certificate, {
      notAfter: new Date(certificate.notAfterMs).toISOString(),
    });
}

function checkRole(
  path: readonly Certificate[],
  role: PeerRole,
  domainId: DomainId,
): { hostId?: HostId; serverId?: ServerId } {
  const leaf = path[0]!;
  const wrong = (): AppError => refusal('PEER_ROLE_WRONG', leaf, { role });
  if (leaf.isCa) throw wrong();
  if (!leaf.keyUsages.has('digitalSignature'))
    throw refusal('PEER_KEY_USAGE_WRONG', leaf, { missing: 'digitalSignature' });
  if (leaf.keyUsages.has('keyCertSign') || leaf.keyUsages.has('cRLSign')) throw wrong();
  if (leaf.san.uris.length !== 1)
    throw refusal('PEER_NAME_WRONG', leaf, { expected: `spiffe://${domainId}/…` });
  const name = parseSpiffeId(leaf.san.uris[0]!);
  if (name === undefined) throw wrong();
  if (!ROLES[role](name, leaf, path.length)) throw wrong();
  if (name.domainId !== domainId) throw refusal('PEER_DOMAIN_OTHER', leaf, { found: name.domainId });
  if (name.kind === 'document-signer') return {};
  if (leaf.subjectCn !== name.id) throw refusal('PEER_NAME_WRONG', leaf, { expected: name.id });
  return name.kind === 'host' ? { hostId: name.id } : { serverId: name.id };
}

/** A role certificate is signed by an anchor directly (two in the path); a host's leaf by an issuing CA (three or more). */
const ROLES: Readonly<
  Record<PeerRole, (name: SpiffeName, leaf: Certificate, pathLength: number) => boolean>
> = {
  'host-client': (name, leaf, length) =>
    name.kind === 'host' && length >= 3 && hasHostUsages(leaf, OID.clientAuth),
  'host-media': (name, leaf, length) =>
    name.kind === 'host' && length >= 3 && hasHostUsages(leaf, OID.serverAuth),
  server: (name, leaf, length) =>
    name.kind === 'server' &&
    length === 2 &&
    leaf.extKeyUsages.includes(OID.serverAuth) &&
    leaf.extKeyUsages.includes(OID.cmcRa) &&
    !leaf.extKeyUsages.includes(OID.documentSigner) &&
    !leaf.extKeyUsages.includes(OID.anyExtKeyUsage),
  'document-signer': (name, leaf, length) =>
    name.kind === 'document-signer' &&
    length === 2 &&
    leaf.extKeyUsageCritical &&
    leaf.extKeyUsages.length === 1 &&
    leaf.extKeyUsages[0] === OID.documentSigner,
};

/** Only the usages of a host, the wanted one among them. */
const hasHostUsages = (leaf: Certificate, wanted: string): boolean =>
  leaf.extKeyUsages.includes(wanted) &&
  leaf.extKeyUsages.every((usage) => usage === OID.clientAuth || usage === OID.serverAuth);

type SpiffeName =
  | { readonly kind: 'host'; readonly domainId: DomainId; readonly id: HostId }
  | { readonly kind: 'server'; readonly domainId: DomainId; readonly id: ServerId }
  | { readonly kind: 'document-signer'; readonly domainId: DomainId };

function parseSpiffeId(uri: string): SpiffeName | undefined {
  const parts = /^spiffe:\/\/([^/]+)\/(?:(host|server)\/([^/]+)|document-signer)$/.exec(uri);
  const domainId = parseDomainId(parts?.[1] ?? '');
  if (parts === null || domainId === undefined) return undefined;
  if (parts[2] === undefined) return { kind: 'document-signer', domainId };
  const raw = parts[3] ?? '';
  if (parts[2] === 'host') {
    const id = parseHostId(raw);
    return id === undefined ? undefined : { kind: 'host', domainId, id };
  }
  const id = parseServerId(raw);
  return id === undefined ? undefined : { kind: 'server', domainId, id };
}
