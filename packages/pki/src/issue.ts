import { AppError } from '@sekisho/core/errors.ts';
import { hostSpiffeId, serverSpiffeId, type DomainId, type ServerId } from '@sekisho/core/ids.ts';
import type { ApprovedIssuance } from '@sekisho/core/rules/issuance.ts';
import { hash } from 'node:crypto';
import { certificateOf, parseTbs, type Certificate } from './certificate.ts';
import { DerReader, parsing } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  element,
  sequence,
  smallInteger,
  TAG,
  time,
  unsignedInteger,
} from './der/write.ts';
import {
  authorityInfoAccess,
  authorityKeyId,
  basicConstraints,
  crlDistributionPoint,
  extKeyUsage,
  keyUsage,
  ocspNoCheck,
  subjectAltName,
  subjectKeyId,
} from './extensions.ts';
import type { CertificateProfile } from './lint.ts';
import { assertNoFindings, lintCertificate } from './lint.ts';
import { COMMON_NAME_LENGTH_MAX, commonNameDer } from './name.ts';
import { OID } from './oids.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';
import type { Signer } from './signer.ts';

/** A CA that signs: its certificate and the key behind it. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** 16 random bytes; the top bit is cleared here. */
interface Serial {
  readonly serial: Uint8Array;
}

/** A new root CA, signed by itself (T-01). */
export function issueRoot(
  wish: Validity & Serial & { readonly name: string; readonly signer: Signer },
): Promise<Certificate> {
  const subjectDer = authorityName(wish.name, 'Root CA', wish.signer.keyId);
  return sign({
    profile: 'root',
    ...wish,
    subjectDer,
    spkiDer: wish.signer.spkiDer,
    issuer: undefined,
    extensions: [basicConstraints(true), keyUsage(['keyCertSign', 'cRLSign'])],
  });
}

/** An issuing CA, signed by the root: path length 0, signs leaves and CRLs. */
export function issueIssuingCa(
  wish: Validity &
    Serial & {
      readonly name: string;
      readonly spkiDer: Uint8Array;
      readonly issuer: Issuer;
    },
): Promise<Certificate> {
  return sign({
    profile: 'issuing-ca',
    ...wish,
    subjectDer: authorityName(wish.name, 'Issuing CA', hash('sha256', wish.spkiDer, 'hex')),
    extensions: [basicConstraints(true, 0), keyUsage(['keyCertSign', 'cRLSign'])],
  });
}

/**
 * A link: the new root's name and key, signed by the old root's key, so that who trusts the old root finds the new one by itself (F-38). It
 * ends with whichever of both ends first. Signed the other way round (`issuer` the new root) it is what EST calls OldWithNew.
 * @source RFC 4210 §4.4, RFC 7030 §4.1.3
 */
export function issueLink(
  wish: Serial & { readonly root: Certificate; readonly issuer: Issuer },
): Promise<Certificate> {
  const { issuer, root } = wish;
  return sign({
    profile: 'link',
    serial: wish.serial,
    notBeforeMs: Math.max(root.notBeforeMs, issuer.certificate.notBeforeMs),
    notAfterMs: Math.min(root.notAfterMs, issuer.certificate.notAfterMs),
    subjectDer: root.subjectDer,
    spkiDer: root.spkiDer,
    issuer,
    linked: root,
    extensions: [basicConstraints(true, 1), keyUsage(['keyCertSign', 'cRLSign'])],
  });
}

/** The management server's TLS certificate, a role certificate: signed by the root alone (T-01). */
export function issueServerTls(
  wish: Validity &
    Serial & {
      readonly domainId: DomainId;
      readonly serverId: ServerId;
      readonly dns: readonly string[];
      readonly ips: readonly string[];
      readonly spkiDer: Uint8Array;
      readonly issuer: Issuer;
    },
): Promise<Certificate> {
  return sign({
    profile: 'server-tls',
    ...wish,
    subjectDer: commonNameDer(wish.serverId),
    extensions: [
      LEAF_CONSTRAINTS,
      leafUsage(wish.spkiDer),
      extKeyUsage([OID.serverAuth, OID.clientAuth, OID.cmcRa]),
      subjectAltName({ uris: [serverSpiffeId(wish.domainId, wish.serverId)], dns: wish.dns, ips: wish.ips }),
    ],
  });
}

/** The URI of a domain's document signer. */
export const documentSignerUri = (domainId: DomainId): string => `spiffe://${domainId}/document-signer`;

/** The certificate that signs documents, a role certificate: signed by the root alone (T-01). */
export function issueDocumentSigner(
  wish: Validity &
    Serial & {
      readonly domainId: DomainId;
      readonly spkiDer: Uint8Array;
      readonly issuer: Issuer;
    },
): Promise<Certificate> {
  return sign({
    profile: 'document-signer',
    ...wish,
    subjectDer: commonNameDer(`Document Signer ${hash('sha256', wish.spkiDer, 'hex').slice(0, 8)}`),
    extensions: [
      LEAF_CONSTRAINTS,
      SIGNING_USAGE,
      extKeyUsage([OID.documentSigner], true),
      subjectAltName({ uris: [documentSignerUri(wish.domainId)] }),
    ],
  });
}

/**
 * A host certificate (T-03). It takes only what `decideIssuance` approved (invariant 2), and only the key from the CSR.
 * Refusal: ISSUANCE_LINT_REFUSED, before anything is signed.
 */
export function issueHostCertificate(
  wish: Serial & {
    readonly plan: ApprovedIssuance;
    readonly spkiDer: Uint8Array;
    readonly issuer: Issuer;
    /** Where its revocation list is: different addresses of the same one. */
    readonly crlUrls?: readonly string[];
    /** Where its state is answered (OCSP). */
    readonly ocspUrls?: readonly string[];
  },
): Promise<Certificate> {
  const { plan } = wish;
  return sign({
    profile: 'host',
    ...wish,
    notBeforeMs: plan.notBeforeMs,
    notAfterMs: plan.notAfterMs,
    subjectDer: commonNameDer(plan.hostId),
    extensions: [
      LEAF_CONSTRAINTS,
      leafUsage(wish.spkiDer),
      plan.media ? MEDIA_SERVER_USAGE : CLIENT_USAGE,
      subjectAltName({ uris: [hostSpiffeId(plan.domainId, plan.hostId)], dns: plan.dns, ips: plan.ips }),
    ],
  });
}

/**
 * The certificate of an OCSP responder, signed by the CA whose certificates it answers for. Short-lived, because nothing revokes it.
 * @source RFC 6960 §4.2.2.2
 */
export function issueOcspSigner(
  wish: Validity & Serial & { readonly spkiDer: Uint8Array; readonly issuer: Issuer },
): Promise<Certificate> {
  return sign({
    profile: 'ocsp-signer',
    ...wish,
    subjectDer: commonNameDer(`OCSP Responder ${hash('sha256', wish.spkiDer, 'hex').slice(0, 8)}`),
    extensions: [LEAF_CONSTRAINTS, SIGNING_USAGE, extKeyUsage([OID.ocspSigning]), ocspNoCheck],
  });
}

/** Serial bytes as they are used: the top bit cleared, so that 16 bytes stay 16 bytes and positive. */
export function normalizeSerial(bytes: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(bytes);
  if (serial.length > 0) serial[0]! &= 0x7f;
  return serial;
}

/** The serial (lower-case hex, no leading zero bytes) that a certificate issued with these random bytes has. */
export const serialHex = (bytes: Uint8Array): string =>
  Buffer.from(normalizeSerial(bytes))
    .toString('hex')
    .replace(/^(00)+(?=.)/, '');

interface Draft extends Validity, Serial {
  readonly profile: CertificateProfile;
  readonly subjectDer: Uint8Array;
  readonly spkiDer: Uint8Array;
  /** Undefined: signed by itself, with `signer`. */
  readonly issuer: Issuer | undefined;
  readonly signer?: Signer;
  /** Of a link: the root that it leads to. */
  readonly linked?: Certificate;
  readonly extensions: readonly Uint8Array[];
  readonly crlUrls?: readonly string[];
  readonly ocspUrls?: readonly string[];
}

/** Encodes, reads back and lints what was encoded, and only then signs it (T-08). */
async function sign(draft: Draft): Promise<Certificate> {
  const signer = draft.issuer?.signer ?? draft.signer!;
  const ownKeyId = shortKeyId(draft.spkiDer);
  const algorithmDer = SIGNATURE_ALGORITHM_DER[signer.algorithm];
  const issuerKeyId = draft.issuer === undefined ? ownKeyId : draft.issuer.certificate.subjectKeyId;
  const extensions = [...draft.extensions, subjectKeyId(ownKeyId)];
  if (issuerKeyId !== undefined) extensions.push(authorityKeyId(issuerKeyId));
  if (draft.crlUrls !== undefined) extensions.push(encodedOnce(draft.crlUrls, crlDistributionPoint));
  if (draft.ocspUrls !== undefined) extensions.push(encodedOnce(draft.ocspUrls, authorityInfoAccess));
  const tbsDer = sequence(
    VERSION_3,
    unsignedInteger(normalizeSerial(draft.serial)),
    algorithmDer,
    draft.issuer?.certificate.subjectDer ?? draft.subjectDer,
    sequence(time(draft.notBeforeMs), time(draft.notAfterMs)),
    draft.subjectDer,
    draft.spkiDer,
    element(contextConstructed(3), sequence(...extensions)),
  );
  const tbs = parsing('ISSUANCE_LINT_REFUSED', () => parseTbs(tbsDer));
  const { profile, linked } = draft;
  assertNoFindings(lintCertificate(tbs, { profile, issuer: draft.issuer?.certificate, linked }));
  if (draft.issuer !== undefined && signer.keyId !== draft.issuer.certificate.keyId)
    throw new AppError('ISSUANCE_LINT_REFUSED', {
      findings: '[I8] the signing key is not that of the issuer',
    });
  const signature = await signer.sign(tbsDer);
  const der = sequence(tbsDer, algorithmDer, bitString(signature));
  return certificateOf(der, tbsDer, tbs, signature);
}

/** The addresses are the same for all certificates of a shard. */
function encodedOnce(urls: readonly string[], encode: (urls: readonly string[]) => Uint8Array): Uint8Array {
  let encoded = ENCODED.get(urls);
  if (encoded === undefined) ENCODED.set(urls, (encoded = encode(urls)));
  return encoded;
}
const ENCODED = new WeakMap<readonly string[], Uint8Array>();

const VERSION_3 = element(contextConstructed(0), smallInteger(2));
// extensions that are the same in all leaves
const LEAF_CONSTRAINTS = basicConstraints(false);
const SIGNING_USAGE = keyUsage(['digitalSignature']);
const RSA_USAGE = keyUsage(['digitalSignature', 'keyEncipherment']);
const CLIENT_USAGE = extKeyUsage([OID.clientAuth]);
const MEDIA_SERVER_USAGE = extKeyUsage([OID.clientAuth, OID.serverAuth]);

/** Method (1) of RFC 7093 §2: the leftmost 160 bits of the SHA-256 of the key's BIT STRING. */
function shortKeyId(spkiDer: Uint8Array): string {
  return parsing('ISSUANCE_LINT_REFUSED', () => {
    const spki = new DerReader(spkiDer).enter(TAG.sequence, 'the key');
    spki.take(TAG.sequence, 'the key algorithm');
    return hash('sha256', spki.bits('the key'), 'hex').slice(0, 40);
  });
}

function leafUsage(spkiDer: Uint8Array): Uint8Array {
  return parsing('ISSUANCE_LINT_REFUSED', () => {
    const spki = new DerReader(spkiDer).enter(TAG.sequence, 'the key');
    const algorithm = spki.enter(TAG.sequence, 'the key algorithm').oid('the key algorithm');
    return algorithm === OID.rsaEncryption ? RSA_USAGE : SIGNING_USAGE;
  });
}

/** `<name> Root CA <8 hex digits of its key>`: two CAs of one name differ. The name gives way when it is too long. */
function authorityName(name: string, role: string, keyId: string): Uint8Array {
  const suffix = ` ${role} ${keyId.slice(0, 8)}`;
  let kept = '';
  for (const character of name) {
    if ((kept + character).length > COMMON_NAME_LENGTH_MAX - suffix.length) break;
    kept += character;
  }
  return commonNameDer(`${kept}${suffix}`);
}
