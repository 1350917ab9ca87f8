import { AppError } from '@sekisho/core/errors.ts';
import type { Certificate } from './certificate.ts';
import { verifySignature } from './signature.ts';

/** Links that are looked at: as many as a trust bundle may name. */
export const LINKS_MAX = 32;
/** Signatures that are checked for one walk: crafted links can't buy more work. */
export const LINK_CHECKS_MAX = 64;

/** A root that the links lead to, and how. */
export interface ReachedRoot {
  readonly subjectDer: Uint8Array;
  readonly spkiDer: Uint8Array;
  /** The anchor that the walk began at. */
  readonly anchor: Certificate;
  /** The links that were gone, in their order. */
  readonly links: readonly Certificate[];
}

/**
 * Which roots do these links lead to from the anchors (F-38)? In whatever order they come; each root is found once, by the first way. A link
 * counts when it is a CA's, valid now, names its issuer by subject and key identifier, and is signed by that issuer's key; an anchor must be
 * valid too. What doesn't fit is passed over: nothing here refuses, it only leads nowhere.
 * @source RFC 4210 §4.4.1
 */
export function walkLinks(question: {
  readonly anchors: readonly Certificate[];
  readonly links: readonly Certificate[];
  readonly nowMs: number;
}): ReachedRoot[] {
  const { anchors, nowMs } = question;
  const links = question.links.slice(0, LINKS_MAX).filter((link) => isLink(link, nowMs));
  const reached: ReachedRoot[] = [];
  const seen = new Set(anchors.map(nameAndKey));
  let checksLeft = LINK_CHECKS_MAX;
  let front: readonly Stand[] = anchors
    .filter((anchor) => isValidAt(anchor, nowMs))
    .map((anchor) => ({ anchor, at: anchor, links: [] }));
  while (front.length > 0) {
    const next: Stand[] = [];
    for (const stand of front)
      for (const link of links) {
        if (seen.has(nameAndKey(link)) || !isNamedIssuer(link, stand.at)) continue;
        // how long a root behind a link lives is not known here: its own link ends with the older of the two
        if (stand.at === stand.anchor && link.notAfterMs > stand.anchor.notAfterMs) continue;
        if (checksLeft === 0) return reached;
        checksLeft -= 1;
        if (!isSignedBy(link, stand.at)) continue;
        seen.add(nameAndKey(link));
        const gone = { anchor: stand.anchor, at: link, links: [...stand.links, link] };
        reached.push({ ...gone, subjectDer: link.subjectDer, spkiDer: link.spkiDer });
        next.push(gone);
      }
    front = next;
  }
  return reached;
}

/** Where the walk stands: `at` is an anchor, or a link, which says the same of its root as the root itself. */
interface Stand {
  readonly anchor: Certificate;
  readonly at: Certificate;
  readonly links: readonly Certificate[];
}

const nameAndKey = ({ subjectDer, keyId }: Certificate): string =>
  `${Buffer.from(subjectDer).toString('hex')} ${keyId}`;

const isValidAt = ({ notBeforeMs, notAfterMs }: Certificate, nowMs: number): boolean =>
  nowMs >= notBeforeMs && nowMs <= notAfterMs;

const isLink = (link: Certificate, nowMs: number): boolean =>
  link.isCa &&
  link.keyUsages.has('keyCertSign') &&
  link.keyAlgorithm !== undefined &&
  link.unknownCritical.length === 0 &&
  // only who may certify CAs may be led to
  link.pathLength !== 0 &&
  link.subjectKeyId !== undefined &&
  isValidAt(link, nowMs);

/** A root alone may link: an issuing CA's path length leaves no room for one. */
const isNamedIssuer = (link: Certificate, issuer: Certificate): boolean =>
  issuer.isCa &&
  issuer.keyUsages.has('keyCertSign') &&
  issuer.pathLength !== 0 &&
  Buffer.compare(link.issuerDer, issuer.subjectDer) === 0 &&
  link.authorityKeyId !== undefined &&
  link.authorityKeyId === issuer.subjectKeyId;

function isSignedBy(link: Certificate, issuer: Certificate): boolean {
  try {
    return verifySignature(link.tbs.signatureAlgorithm, issuer.publicKey, link.tbsDer, link.signature);
  } catch (error) {
    if (error instanceof AppError) return false; // the issuer's key is none
    throw error;
  }
}
