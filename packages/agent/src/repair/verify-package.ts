import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId } from '@sekisho/core/ids.ts';
import { COMMUNICATION_PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { decideAdoption } from '@sekisho/core/rules/adoption.ts';
import { communicationPackage } from '@sekisho/core/wire/communication-package.ts';
import { communicationPayload } from '@sekisho/core/wire/documents.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { readDocumentHeader } from '@sekisho/pki/document-header.ts';
import { signersOfBundle, verifyDocument, type VerifiedDocument } from '@sekisho/pki/documents.ts';
import { anchorsOfBundle } from '../documents/trust-anchors.ts';

/** A package that may be taken: both documents are verified, and newer than what the agent holds or of a CA that a person confirmed. */
export interface VerifiedPackage {
  readonly bundleJws: string;
  readonly listJws: string;
  readonly bundle: VerifiedDocument<'bundle'>;
  readonly list: VerifiedDocument<'list'>;
  /** Who signed the bundle. */
  readonly root: Certificate;
  /** False: the agent did not trust this root before. */
  readonly isKnownRoot: boolean;
}

/**
 * F-13 May the agent take this package? Under a root that it trusts without a question, if nothing in it is older than what it holds; under
 * any other only with the fingerprint that a person got elsewhere (T-10), and never under one that its domain called compromised. Refusals:
 * REPAIR_…
 */
export async function verifyPackage(
  text: string,
  facts: {
    readonly domainId: DomainId;
    readonly anchors: readonly Certificate[];
    readonly bundle: VerifiedDocument<'bundle'> | undefined;
    readonly list: VerifiedDocument<'list'> | undefined;
    readonly expectedFingerprint: string | undefined;
    readonly nowMs: number;
  },
): Promise<VerifiedPackage> {
  const { domainId, nowMs } = facts;
  const signed = readPackage(text, domainId);
  // nothing of it is believed yet: it says which root and which documents are to be judged
  const said = readSigned(signed);
  const root = rootOf(said.bundle);
  const isKnownRoot = facts.anchors.some(({ fingerprint }) => fingerprint === root.fingerprint);
  confirmRoot(root, isKnownRoot, facts);
  const bundle = await verified('bundle', facts, () =>
    verifyDocument(said.bundle, { type: 'bundle', domainId, anchors: [root], nowMs }),
  );
  const anchors = anchorsOfBundle(bundle.payload);
  if (!anchors.some(({ fingerprint }) => fingerprint === root.fingerprint))
    throw new AppError('REPAIR_SIGNATURE_INVALID', { part: 'bundle', detail: 'DOCUMENT_SIGNER_WRONG' });
  const by = { domainId, anchors, signers: signersOfBundle(bundle.payload), nowMs };
  const list = await verified('list', facts, () => verifyDocument(said.list, { ...by, type: 'list' }));
  await verified('package', facts, () => verifyDocument(signed, { ...by, type: 'communication' }));
  if (isKnownRoot) {
    requireNewer('bundle', facts.bundle, bundle);
    requireNewer('list', facts.list, list);
  }
  return { bundleJws: said.bundle, listJws: said.list, bundle, list, root, isKnownRoot };
}

function readPackage(text: string, domainId: DomainId): string {
  if (text.length > COMMUNICATION_PACKAGE_BYTES_MAX)
    throw unreadable(`> ${COMMUNICATION_PACKAGE_BYTES_MAX} B`);
  const parsed = communicationPackage.safeParse(json(text));
  if (!parsed.success) throw unreadable(parsed.error.issues[0]?.path.map(String).join('.') ?? 'JSON');
  const { domain, signed } = parsed.data;
  if (domain !== domainId) throw new AppError('REPAIR_OTHER_DOMAIN', { found: domain, expected: domainId });
  return signed;
}

function readSigned(jws: string): { bundle: string; list: string } {
  const body = Buffer.from(jws.split('.', 2)[1] ?? '', 'base64url').toString('utf8');
  const parsed = communicationPayload.safeParse(json(body));
  if (!parsed.success) throw unreadable('signed');
  return parsed.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable('JSON', error);
  }
}

function rootOf(bundle: string): Certificate {
  let root: Certificate | undefined;
  try {
    [root] = readDocumentHeader(bundle).chain;
  } catch (error) {
    throw unreadable('bundle', error);
  }
  if (root?.isCa !== true) throw unreadable('bundle');
  return root;
}

function confirmRoot(
  { fingerprint }: Certificate,
  isKnownRoot: boolean,
  {
    bundle,
    expectedFingerprint,
  }: Pick<Parameters<typeof verifyPackage>[1], 'bundle' | 'expectedFingerprint'>,
): void {
  const state = bundle?.payload.anchors.find((anchor) => anchor.fingerprint === fingerprint)?.state;
  if (state === 'compromised') throw new AppError('REPAIR_ROOT_COMPROMISED', { fingerprint });
  if (expectedFingerprint !== undefined && expectedFingerprint !== fingerprint)
    throw new AppError('REPAIR_FINGERPRINT_MISMATCH', { expected: expectedFingerprint, found: fingerprint });
  if (!isKnownRoot && expectedFingerprint === undefined)
    throw new AppError('REPAIR_FINGERPRINT_NEEDED', { found: fingerprint });
}

async function verified<T>(
  part: string,
  { domainId }: { readonly domainId: DomainId },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, params } = error;
    if (code === 'DOCUMENT_DOMAIN_OTHER')
      throw new AppError('REPAIR_OTHER_DOMAIN', { found: params['found'] ?? '-', expected: domainId });
    const detail = code === 'DOCUMENT_SIGNER_WRONG' ? (params['detail'] ?? code) : code;
    throw new AppError('REPAIR_SIGNATURE_INVALID', { part, detail }, { cause: error });
  }
}

function requireNewer(
  part: string,
  held: VerifiedDocument<'bundle' | 'list'> | undefined,
  offered: VerifiedDocument<'bundle' | 'list'>,
): void {
  const version = (document: VerifiedDocument<'bundle' | 'list'>) => ({
    serial: document.payload.serial,
    contentSha256: document.contentSha256,
  });
  const decision = decideAdoption(held === undefined ? undefined : version(held), version(offered));
  if (decision === 'lower')
    throw new AppError('REPAIR_OLDER', {
      part,
      held: held?.payload.serial ?? 0,
      offered: offered.payload.serial,
    });
  if (decision === 'fork') throw new AppError('REPAIR_FORK', { part, held: held?.payload.serial ?? 0 });
}

const unreadable = (detail: string, cause?: unknown): AppError =>
  new AppError('REPAIR_PACKAGE_UNREADABLE', { detail }, { cause });
