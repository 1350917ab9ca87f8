import { AppError } from '@sekisho/core/errors.ts';
import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import {
  chainToPem,
  parseCertificate,
  parsePemCertificates,
  type Certificate,
} from '@sekisho/pki/certificate.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { readFile } from 'node:fs/promises';
import { isMissing } from '../settings.ts';

/** The CA certificates this host trusts, confirmed by fingerprint at setup and moved on by signed bundles. */
export async function loadAnchors(path: string): Promise<Certificate[]> {
  try {
    return parsePemCertificates(await readFile(path, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw new AppError('AGENT_ANCHORS_UNREADABLE', { path }, { cause: error });
  }
}

/** Replaces them durably. */
export const saveAnchors = (path: string, anchors: readonly Certificate[]): Promise<void> =>
  writeDurably(path, chainToPem(anchors));

/** The anchors a verified bundle names: all that are not compromised. */
export const anchorsOfBundle = (bundle: BundlePayload): Certificate[] =>
  bundle.anchors
    .filter((anchor) => anchor.state !== 'compromised')
    .map((anchor) => parseCertificate(Buffer.from(anchor.certificate, 'base64')));

/** The issuing CAs a verified bundle names. */
export const intermediatesOfBundle = (bundle: BundlePayload): Certificate[] =>
  bundle.intermediates.map((der) => parseCertificate(Buffer.from(der, 'base64')));
