import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId, Sha256Hex } from '@sekisho/core/ids.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { DOCUMENT_PAYLOADS, type DocumentPayload, type DocumentType } from '@sekisho/core/wire/documents.ts';
import { compactVerify } from 'jose';
import type { Certificate } from './certificate.ts';
import { DerReader, parsing } from './der/read.ts';
import { TAG } from './der/write.ts';
import { documentKind, readDocumentHeader, type DocumentHeader } from './document-header.ts';
import { sha256Hex, type KeyAlgorithm } from './keys.ts';
import { OID } from './oids.ts';
import type { Signer } from './signer.ts';
import { checkDates, verifyChain } from './verify.ts';

/** JWS algorithm by the signer's key; a key that is missing here signs no documents. */
const ALGORITHMS: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  p256: 'ES256',
  p384: 'ES384',
  ed25519: 'Ed25519',
};

/**
 * Signs a document as JWS compact. `chain` is the signer's certificate first: the root's own for a bundle, the document
 * signer's for all others. Refusals: DOCUMENT_MALFORMED (payload against its schema, too large), DOCUMENT_SIGNER_WRONG.
 * @source RFC 7515 §3.1
 */
export async function signDocument<T extends DocumentType>(wish: {
  readonly type: T;
  readonly payload: DocumentPayload<T>;
  readonly signer: Signer;
  readonly chain: readonly Certificate[];
  /** The certificate is from outside: hosts accept it by its key, which the trust bundle names (F-30). */
  readonly outside?: boolean;
}): Promise<string> {
  const checked = DOCUMENT_PAYLOADS[wish.type].safeParse(wish.payload);
  if (!checked.success) throw malformed(firstIssue(checked.error), checked.error);
  return signPayload(wish, base64url(JSON.stringify(checked.data)));
}

/**
 * The same document by another signer: its payload stays as it is, byte for byte, so that whoever holds it sees the same document.
 * Refusals: as `signDocument`.
 */
export function resignDocument(
  jws: string,
  by: {
    readonly type: DocumentType;
    readonly signer: Signer;
    readonly chain: readonly Certificate[];
    readonly outside?: boolean;
  },
): Promise<string> {
  return signPayload(by, jws.split('.')[1] ?? '');
}

/** The key ID that a document names as its signer's, as it says; undefined when it says none. Nothing is verified by it. */
export function signerKeyOf(jws: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(jws.split('.', 1)[0] ?? '', 'base64url').toString('utf8'));
    const kid = typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

async function signPayload(
  wish: {
    readonly type: DocumentType;
    readonly signer: Signer;
    readonly chain: readonly Certificate[];
    readonly outside?: boolean;
  },
  payload: string,
): Promise<string> {
  const { type, signer, chain, outside = false } = wish;
  const [leaf, ...rest] = chain;
  const alg = ALGORITHMS[signer.algorithm];
  const mayUse = type === 'bundle' ? leaf?.isCa : outside || leaf?.extKeyUsages.includes(OID.documentSigner);
  if (alg === undefined || leaf === undefined || mayUse !== true || leaf.keyId !== signer.keyId)
    throw new AppError('DOCUMENT_SIGNER_WRONG', {
      detail: 'the certificate is not that of the signing key or role',
    });
  const signingInput = `${headerText({ alg, type, chain: [leaf, ...rest] })}.${payload}`;
  const signature = await signer.sign(Buffer.from(signingInput, 'latin1'));
  const raw = signer.algorithm === 'ed25519' ? signature : rawEcdsa(signature, alg === 'ES256' ? 32 : 48);
  const jws = `${signingInput}.${Buffer.from(raw).toString('base64url')}`;
  if (jws.length > DOCUMENT_BYTES_MAX) throw malformed(`larger than ${DOCUMENT_BYTES_MAX} bytes`);
  return jws;
}

/** The encoded header; kept with the signer's certificate when that is all of the chain: it is the same for all of a type. */
function headerText(parts: {
  readonly alg: string;
  readonly type: DocumentType;
  readonly chain: readonly [Certificate, ...Certificate[]];
}): string {
  const { alg, type, chain } = parts;
  const [signer] = chain;
  const known = chain.length > 1 ? undefined : headers.get(signer)?.get(type);
  if (known !== undefined) return known;
  const header: DocumentHeader = {
    alg,
    typ: documentKind(type),
    kid: signer.keyId,
    x5c: chain.map((certificate) => Buffer.from(certificate.der).toString('base64')),
  };
  const text = base64url(JSON.stringify(header));
  if (chain.length > 1) return text;
  const ofSigner = headers.get(signer) ?? new Map<DocumentType, string>();
  headers.set(signer, ofSigner.set(type, text));
  return text;
}

const headers = new WeakMap<Certificate, Map<DocumentType, string>>();

/** A key that the trust bundle names as a signer of documents. */
export interface NamedSigner {
  readonly keyId: string;
  /** From outside: it chains to no anchor, its key is what counts. */
  readonly outside: boolean;
}

/** The signers that a verified bundle names; none: whoever has the role signs. */
export const signersOfBundle = (bundle: DocumentPayload<'bundle'>): NamedSigner[] =>
  bundle.signers.map(({ keyId, outside }) => ({ keyId, outside: outside === true }));

/** A document that was verified: believe the payload, and compare `contentSha256` for forks. */
export interface VerifiedDocument<T extends DocumentType> {
  readonly payload: DocumentPayload<T>;
  /** SHA-256 of the payload's bytes: the same content signed twice is the same. */
  readonly contentSha256: Sha256Hex;
}

/**
 * Verifies role, `typ`, domain, algorithm, chain and signature of a document, then its content (design.md, "Keys and
 * documents"). Only the anchors given here are believed: never a key that the document brings along.
 * Refusals: DOCUMENT_MALFORMED, DOCUMENT_TYPE_WRONG, DOCUMENT_SIGNER_WRONG, DOCUMENT_SIGNATURE_INVALID, DOCUMENT_DOMAIN_OTHER.
 */
export async function verifyDocument<T extends DocumentType>(
  jws: string,
  expected: {
    readonly type: T;
    readonly domainId: DomainId;
    readonly anchors: readonly Certificate[];
    readonly nowMs: number;
    /** Of the trust bundle that is held; where any is named, no other signs. */
    readonly signers?: readonly NamedSigner[];
  },
): Promise<VerifiedDocument<T>> {
  if (jws.length > DOCUMENT_BYTES_MAX) throw malformed(`larger than ${DOCUMENT_BYTES_MAX} bytes`);
  const { header, chain } = readDocumentHeader(jws);
  const wantedTyp = documentKind(expected.type);
  if (header.typ !== wantedTyp)
    throw new AppError('DOCUMENT_TYPE_WRONG', { expected: wantedTyp, found: header.typ.slice(0, 64) });
  const leaf = chain[0]!;
  checkSigner(leaf, chain.slice(1), expected);
  if (header.kid !== leaf.keyId) throw malformed('kid is not the key of the certificate');
  const payload = await verifiedPayload(jws, header, leaf);
  return {
    payload: readPayload(payload, expected.type, expected.domainId),
    contentSha256: sha256Hex(payload),
  };
}

/** The bundle is signed by an anchor itself; everything else by a document signer that an anchor signed. */
function checkSigner(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  expected: {
    readonly type: DocumentType;
    readonly domainId: DomainId;
    readonly anchors: readonly Certificate[];
    readonly nowMs: number;
    readonly signers?: readonly NamedSigner[];
  },
): void {
  try {
    if (expected.type === 'bundle') {
      if (!expected.anchors.some((anchor) => anchor.fingerprint === leaf.fingerprint))
        throw new AppError('PEER_CHAIN_UNTRUSTED', { subject: leaf.subjectCn ?? leaf.fingerprint });
      checkDates(leaf, expected.nowMs);
      return;
    }
    const { signers = [] } = expected;
    const named = signers.find(({ keyId }) => keyId === leaf.keyId);
    if (signers.length > 0 && named === undefined)
      throw new AppError('PEER_CHAIN_UNTRUSTED', { subject: leaf.subjectCn ?? leaf.fingerprint });
    if (named?.outside === true) checkDates(leaf, expected.nowMs);
    else verifyChain({ leaf, intermediates, ...expected, role: 'document-signer' });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'PEER_DOMAIN_OTHER')
      throw new AppError(
        'DOCUMENT_DOMAIN_OTHER',
        { expected: expected.domainId, found: error.params['found'] ?? '?' },
        { cause: error },
      );
    throw new AppError('DOCUMENT_SIGNER_WRONG', { detail: error.code }, { cause: error });
  }
}

async function verifiedPayload(jws: string, header: DocumentHeader, leaf: Certificate): Promise<Uint8Array> {
  const algorithm = leaf.keyAlgorithm === undefined ? undefined : ALGORITHMS[leaf.keyAlgorithm];
  if (algorithm === undefined || header.alg !== algorithm) throw new AppError('DOCUMENT_SIGNATURE_INVALID');
  try {
    const { payload } = await compactVerify(jws, leaf.publicKey, { algorithms: [algorithm] });
    return payload;
  } catch (error) {
    throw new AppError('DOCUMENT_SIGNATURE_INVALID', {}, { cause: error });
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function readPayload<T extends DocumentType>(
  bytes: Uint8Array,
  type: T,
  domainId: DomainId,
): DocumentPayload<T> {
  let content: unknown;
  try {
    content = JSON.parse(UTF8.decode(bytes));
  } catch (error) {
    throw malformed('the payload is not JSON', error);
  }
  const parsed = DOCUMENT_PAYLOADS[type].safeParse(content);
  if (!parsed.success) throw malformed(firstIssue(parsed.error), parsed.error);
  if (parsed.data.domain !== domainId)
    throw new AppError('DOCUMENT_DOMAIN_OTHER', { expected: domainId, found: parsed.data.domain });
  return parsed.data as DocumentPayload<T>; // the schema of this very type read it
}

const base64url = (text: string): string => Buffer.from(text, 'utf8').toString('base64url');

const malformed = (detail: string, cause?: unknown): AppError =>
  new AppError('DOCUMENT_MALFORMED', { detail }, { cause });

const firstIssue = (error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string => {
  const [issue] = error.issues;
  return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
};

/** r and s at fixed width, as JWS wants them. @source RFC 7518 §3.4 */
function rawEcdsa(signatureDer: Uint8Array, width: number): Uint8Array {
  return parsing('DOCUMENT_SIGNATURE_INVALID', () => {
    const pair = new DerReader(signatureDer).enter(TAG.sequence, 'the signature');
    const [r, s] = [pair.unsigned('r'), pair.unsigned('s')];
    const raw = new Uint8Array(width * 2);
    raw.set(r, width - r.length);
    raw.set(s, width * 2 - s.length);
    return raw;
  });
}
