import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId } from '@sekisho/core/ids.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { bundlePayload, type BundlePayload } from '@sekisho/core/wire/documents.ts';
import { parseCertificate, type Certificate } from './certificate.ts';
import { readDocumentHeader } from './document-header.ts';
import { verifyDocument, type VerifiedDocument } from './documents.ts';
import { verifySignature } from './signature.ts';
import { walkLinks } from './walk-links.ts';

/** A trust bundle that was verified, and whether links had to lead to its signer (F-38). */
export interface VerifiedBundle extends VerifiedDocument<'bundle'> {
  readonly overLinks: boolean;
}

/**
 * Verifies a trust bundle: signed by an anchor, or by the root at the end of the links that it names itself, from an anchor on (F-38). Over
 * links it must be signed by the root that it calls active, and no root on the way may be one that it calls compromised. Refusals: those of
 * `verifyDocument`; what the links don't lead to is refused like any other signer, with DOCUMENT_SIGNER_WRONG.
 */
export async function verifyBundle(
  jws: string,
  expected: {
    readonly domainId: DomainId;
    readonly anchors: readonly Certificate[];
    readonly nowMs: number;
  },
): Promise<VerifiedBundle> {
  try {
    return { ...(await verifyDocument(jws, { ...expected, type: 'bundle' })), overLinks: false };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'DOCUMENT_SIGNER_WRONG') throw error;
    const end = endRoot(jws, expected);
    if (end === undefined) throw error;
    const anchors = [end];
    return { ...(await verifyDocument(jws, { ...expected, anchors, type: 'bundle' })), overLinks: true };
  }
}

/** The signer, when it is a root that the links of the bundle lead to. Nothing is believed of the bundle before its signature is checked. */
function endRoot(
  jws: string,
  { anchors, nowMs }: { readonly anchors: readonly Certificate[]; readonly nowMs: number },
): Certificate | undefined {
  const [signer] = readDocumentHeader(jws).chain;
  const said = readBundleUnverified(jws);
  if (signer === undefined || said === undefined || !isRoot(signer)) return undefined;
  const state = said.anchors.find(({ fingerprint }) => fingerprint === signer.fingerprint)?.state;
  if (state !== 'active') return undefined;
  const links = readAll(said.links);
  const reached = walkLinks({ anchors, links, nowMs }).find(
    (root) =>
      Buffer.compare(root.subjectDer, signer.subjectDer) === 0 &&
      Buffer.compare(root.spkiDer, signer.spkiDer) === 0,
  );
  if (reached === undefined) return undefined;
  const compromised = new Set(
    readAll(
      said.anchors.filter((anchor) => anchor.state === 'compromised').map(({ certificate }) => certificate),
    ).map(({ keyId }) => keyId),
  );
  return [reached.anchor, ...reached.links].some(({ keyId }) => compromised.has(keyId)) ? undefined : signer;
}

const isRoot = (certificate: Certificate): boolean =>
  certificate.isCa &&
  certificate.keyUsages.has('keyCertSign') &&
  certificate.keyAlgorithm !== undefined &&
  certificate.unknownCritical.length === 0 &&
  Buffer.compare(certificate.subjectDer, certificate.issuerDer) === 0 &&
  verifySignature(
    certificate.tbs.signatureAlgorithm,
    certificate.publicKey,
    certificate.tbsDer,
    certificate.signature,
  );

/** What a bundle says, of which nothing is to be believed yet; undefined when it is none. */
export function readBundleUnverified(jws: string): BundlePayload | undefined {
  if (jws.length > DOCUMENT_BYTES_MAX) return undefined;
  try {
    const text = Buffer.from(jws.split('.', 2)[1] ?? '', 'base64url').toString('utf8');
    return bundlePayload.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON is no bundle
  }
}

/** Those that are certificates. */
function readAll(encoded: readonly string[]): Certificate[] {
  return encoded.flatMap((der) => {
    try {
      return [parseCertificate(Buffer.from(der, 'base64'))];
    } catch (error) {
      if (error instanceof AppError) return [];
      throw error;
    }
  });
}
