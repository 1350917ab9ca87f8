import { AppError } from '@sekisho/core/errors.ts';
import { isIP } from 'node:net';
import type { Certificate, ParsedTbs } from './certificate.ts';
import { OID } from './oids.ts';
import { isKnownSignatureAlgorithm } from './signature.ts';

/** What a certificate is meant to be; each has its own section of the profile (docs/reference/certificate-profile.md). */
export type CertificateProfile =
  'root' | 'link' | 'issuing-ca' | 'server-tls' | 'document-signer' | 'ocsp-signer' | 'host';

/** What the linter has against a certificate or CRL. `rule` is the profile's own number of it. */
export interface LintFinding {
  readonly rule: string;
  readonly detail: string;
}

export const LEAF_VALIDITY_MAX_MS = 825 * 86_400_000;
const SERIAL_BITS_MIN = 64;
const SERIAL_BITS_MAX = 127;

/**
 * Checks what is about to be signed against the published profile (T-08). It reads the encoded bytes anew (`parseTbs`)
 * and shares no code with what built them.
 * @source RFC 5280 §4
 */
export function lintCertificate(
  tbs: ParsedTbs,
  context: {
    readonly profile: CertificateProfile;
    readonly issuer?: Certificate | undefined;
    /** Of a link: the root that it leads to. */
    readonly linked?: Certificate | undefined;
  },
): LintFinding[] {
  const findings: LintFinding[] = [];
  const check = (holds: boolean, rule: string, detail: string): void => {
    if (!holds) findings.push({ rule, detail });
  };
  lintCommon(tbs, check);
  lintIssuer(tbs, context, check);
  lintProfile(tbs, context.profile, check);
  if (context.profile === 'link') lintLink(tbs, context.linked, check);
  return findings;
}

type Check = (holds: boolean, rule: string, detail: string) => void;

/** Throws ISSUANCE_LINT_REFUSED when there is any finding. */
export function assertNoFindings(findings: readonly LintFinding[]): void {
  if (findings.length === 0) return;
  throw new AppError('ISSUANCE_LINT_REFUSED', {
    findings: findings.map(({ rule, detail }) => `[${rule}] ${detail}`).join('; '),
  });
}

function lintCommon(tbs: ParsedTbs, check: Check): void {
  const { extensions } = tbs;
  check(tbs.serialBits >= SERIAL_BITS_MIN, 'C1', 'the serial number has too few bits');
  check(tbs.serialBits <= SERIAL_BITS_MAX, 'C1', 'the serial number is longer than 16 bytes');
  check(isKnownSignatureAlgorithm(tbs.signatureAlgorithm), 'C2', 'the signature algorithm is not allowed');
  check(tbs.key.accepted, 'C3', 'the key is not of an accepted kind');
  check(tbs.notBeforeMs < tbs.notAfterMs, 'C4', 'it expires before it is valid');
  check(
    !tbs.subject.isEmpty || extensions.sanCritical,
    'C5',
    'an empty subject needs a critical subjectAltName',
  );
  check((tbs.subject.commonName ?? 'x').length <= 64, 'C6', 'the common name is longer than 64 characters');
  check(extensions.unknownCritical.length === 0, 'C7', 'a critical extension is not of the profile');
  check(extensions.subjectKeyId !== undefined, 'C8', 'subjectKeyIdentifier is missing');
  check(extensions.hasBasicConstraints, 'C9', 'basicConstraints is missing');
  check(extensions.critical.includes(OID.basicConstraints), 'C9', 'basicConstraints is not critical');
  check(extensions.hasKeyUsage && extensions.keyUsages.size > 0, 'C10', 'keyUsage is missing');
  check(extensions.critical.includes(OID.keyUsage), 'C10', 'keyUsage is not critical');
  for (const name of extensions.san.dns) check(isDnsName(name), 'C11', `${name} is not a DNS name`);
  check(extensions.san.others === 0, 'C11', 'subjectAltName has a name of another kind');
  check(new Set(extensions.san.dns).size === extensions.san.dns.length, 'C11', 'a DNS name comes twice');
  check(new Set(extensions.san.ips).size === extensions.san.ips.length, 'C11', 'an address comes twice');
  for (const url of [...extensions.crlUrls, ...extensions.ocspUrls])
    check(/^http:\/\/[^/]+\//.test(url), 'C12', `${url} is not an http URL`);
}

function lintIssuer(
  tbs: ParsedTbs,
  context: { readonly profile: CertificateProfile; readonly issuer?: Certificate | undefined },
  check: Check,
): void {
  const { issuer, profile } = context;
  if (profile === 'root') {
    check(issuer === undefined, 'I1', 'a root has no other issuer');
    check(Buffer.compare(tbs.issuer.der, tbs.subject.der) === 0, 'I1', 'a root is its own issuer');
    return;
  }
  if (issuer === undefined) {
    check(false, 'I1', 'the issuer is missing');
    return;
  }
  check(Buffer.compare(tbs.issuer.der, issuer.subjectDer) === 0, 'I1', "the issuer is not the CA's subject");
  check(tbs.extensions.authorityKeyId !== undefined, 'I2', 'authorityKeyIdentifier is missing');
  check(
    tbs.extensions.authorityKeyId === issuer.subjectKeyId,
    'I2',
    'authorityKeyIdentifier is of another key',
  );
  check(issuer.isCa && issuer.keyUsages.has('keyCertSign'), 'I3', 'the issuer may not sign certificates');
  check(tbs.notBeforeMs >= issuer.notBeforeMs, 'I4', 'it is valid before its issuer');
  check(tbs.notAfterMs <= issuer.notAfterMs, 'I4', 'it is valid longer than its issuer');
  const isRootIssuer = Buffer.compare(issuer.subjectDer, issuer.issuerDer) === 0;
  check(
    byIssuingCa(profile) !== isRootIssuer,
    'I5',
    byIssuingCa(profile) ? `a root signs no ${profile}` : 'only a root signs it',
  );
  check(profile !== 'issuing-ca' || issuer.pathLength !== 0, 'I6', "the issuer's path length forbids a CA");
  check(Buffer.compare(tbs.spkiDer, issuer.spkiDer) !== 0, 'I7', 'it has the key of its issuer');
}

/** What an issuing CA signs; all else is the root's. */
const byIssuingCa = (profile: CertificateProfile): boolean => profile === 'host' || profile === 'ocsp-signer';

function lintProfile(tbs: ParsedTbs, profile: CertificateProfile, check: Check): void {
  switch (profile) {
    case 'root':
    case 'link':
    case 'issuing-ca':
      lintAuthority(tbs, profile, check);
      return;
    case 'server-tls':
      lintServer(tbs, check);
      return;
    case 'document-signer':
      lintDocumentSigner(tbs, check);
      return;
    case 'ocsp-signer':
      lintOcspSigner(tbs, check);
      return;
    case 'host':
      lintHost(tbs, check);
      return;
  }
}

function lintAuthority(tbs: ParsedTbs, profile: 'root' | 'link' | 'issuing-ca', check: Check): void {
  const { extensions } = tbs;
  check(extensions.isCa, 'A1', 'it is no CA');
  check(
    sameMembers([...extensions.keyUsages], ['keyCertSign', 'cRLSign']),
    'A2',
    'keyUsage is not keyCertSign and cRLSign',
  );
  check(extensions.extKeyUsages.length === 0, 'A3', 'a CA has no extended key usage');
  check(profile !== 'issuing-ca' || extensions.pathLength === 0, 'A4', 'an issuing CA has path length 0');
  check(tbs.subject.commonName !== undefined, 'A5', 'a CA has a common name');
  check(
    extensions.san.uris.length + extensions.san.dns.length + extensions.san.ips.length === 0,
    'A6',
    'a CA has no names',
  );
}

/** A link says of a root what that root says of itself, no more and not for longer. */
function lintLink(tbs: ParsedTbs, root: Certificate | undefined, check: Check): void {
  if (root === undefined) {
    check(false, 'K1', 'the root that it leads to is missing');
    return;
  }
  const isRoot = root.isCa && Buffer.compare(root.subjectDer, root.issuerDer) === 0;
  check(isRoot, 'K1', 'it leads to what is no root');
  check(Buffer.compare(tbs.subject.der, root.subjectDer) === 0, 'K2', "its subject is not that root's");
  check(Buffer.compare(tbs.spkiDer, root.spkiDer) === 0, 'K2', "its key is not that root's");
  check(tbs.extensions.subjectKeyId === root.subjectKeyId, 'K2', "subjectKeyIdentifier is not that root's");
  check(Buffer.compare(tbs.issuer.der, tbs.subject.der) !== 0, 'K3', 'two roots have the same name');
  check(tbs.notAfterMs <= root.notAfterMs, 'K4', 'it is valid longer than the root that it leads to');
  check(tbs.extensions.pathLength === 1, 'K5', 'a link has path length 1');
}

/** Nobody can revoke a responder: it must end by itself. */
export const OCSP_SIGNER_VALIDITY_MAX_MS = 31 * 86_400_000;

function lintOcspSigner(tbs: ParsedTbs, check: Check): void {
  const { extensions } = tbs;
  lintEnd(tbs, check);
  check(
    sameMembers(extensions.extKeyUsages, [OID.ocspSigning]),
    'O1',
    'its extended key usage is not that of a responder alone',
  );
  check(extensions.hasOcspNoCheck, 'O2', 'ocsp-nocheck is missing');
  check(
    tbs.notAfterMs - tbs.notBeforeMs <= OCSP_SIGNER_VALIDITY_MAX_MS,
    'O3',
    'a responder is valid for 31 days at most',
  );
  check(
    extensions.san.uris.length + extensions.san.dns.length + extensions.san.ips.length === 0,
    'O4',
    'a responder has no names',
  );
}

function lintLeaf(tbs: ParsedTbs, check: Check): void {
  lintEnd(tbs, check);
  check(tbs.extensions.san.uris.length === 1, 'L3', 'it has not exactly one URI');
}

function lintEnd(tbs: ParsedTbs, check: Check): void {
  check(!tbs.extensions.isCa, 'L1', 'it is a CA');
  check(tbs.notAfterMs - tbs.notBeforeMs <= LEAF_VALIDITY_MAX_MS, 'L2', 'it is valid longer than 825 days');
  check(
    !tbs.extensions.extKeyUsages.includes(OID.anyExtKeyUsage),
    'L4',
    'anyExtendedKeyUsage is not allowed',
  );
  for (const usage of tbs.extensions.keyUsages)
    check(
      usage === 'digitalSignature' || (usage === 'keyEncipherment' && isRsa(tbs)),
      'L5',
      `keyUsage ${usage} does not fit the key or the role`,
    );
  check(tbs.extensions.keyUsages.has('digitalSignature'), 'L5', 'keyUsage digitalSignature is missing');
}

function lintServer(tbs: ParsedTbs, check: Check): void {
  const { extensions } = tbs;
  lintLeaf(tbs, check);
  const [domain, id] =
    /^spiffe:\/\/([^/]+)\/server\/([^/]+)$/.exec(extensions.san.uris[0] ?? '')?.slice(1) ?? [];
  check(isUuid(domain) && isUuid(id), 'S1', 'its URI is not that of a server');
  check(tbs.subject.commonName === id, 'S2', 'its common name is not its server ID');
  check(
    sameMembers(extensions.extKeyUsages, [OID.serverAuth, OID.clientAuth, OID.cmcRa]),
    'S3',
    'its extended key usages are not those of a server',
  );
  check(extensions.san.dns.length + extensions.san.ips.length > 0, 'S4', 'it has no address');
}

function lintDocumentSigner(tbs: ParsedTbs, check: Check): void {
  const { extensions } = tbs;
  lintLeaf(tbs, check);
  const [domain] = /^spiffe:\/\/([^/]+)\/document-signer$/.exec(extensions.san.uris[0] ?? '')?.slice(1) ?? [];
  check(isUuid(domain), 'D1', 'its URI is not that of a document signer');
  check(
    sameMembers(extensions.extKeyUsages, [OID.documentSigner]),
    'D2',
    'its extended key usage is not that of a document signer alone',
  );
  check(extensions.extKeyUsageCritical, 'D2', 'its extended key usage is not critical');
  check(extensions.san.dns.length + extensions.san.ips.length === 0, 'D3', 'it has addresses');
}

function lintHost(tbs: ParsedTbs, check: Check): void {
  const { extensions } = tbs;
  lintLeaf(tbs, check);
  const [domain, id] =
    /^spiffe:\/\/([^/]+)\/host\/([^/]+)$/.exec(extensions.san.uris[0] ?? '')?.slice(1) ?? [];
  check(isUuid(domain) && isUuid(id), 'H1', 'its URI is not that of a host');
  check(tbs.subject.commonName === id, 'H2', 'its common name is not its host ID');
  check(
    sameMembers(extensions.extKeyUsages, [OID.clientAuth]) ||
      sameMembers(extensions.extKeyUsages, [OID.clientAuth, OID.serverAuth]),
    'H3',
    'its extended key usages are not those of a host',
  );
  check(!extensions.extKeyUsageCritical, 'H3', 'its extended key usage is critical');
}

const sameMembers = (found: readonly string[], wanted: readonly string[]): boolean =>
  found.length === wanted.length && wanted.every((member) => found.includes(member));

const isUuid = (text: string | undefined): boolean =>
  text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

const isRsa = (tbs: ParsedTbs): boolean => tbs.key.accepted && tbs.key.algorithm === 'rsa3072';

/** Lower-case letters, digits, hyphens and underscores in labels of 1 to 63; no wildcard, no address. @source RFC 1123 §2.1 */
const isDnsName = (name: string): boolean =>
  name.length <= 253 &&
  isIP(name) === 0 &&
  name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
