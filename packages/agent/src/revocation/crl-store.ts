import { AppError } from '@sekisho/core/errors.ts';
import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl, type Crl } from '@sekisho/pki/crl.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import type { RevocationSource } from '@sekisho/pki/verify.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../settings.ts';

/** What peers' certificates are checked against; revocations are keyed by issuer key and serial (T-42). */
export interface Revocations extends RevocationSource {
  /** Until when the issuer's newest CRL holds; undefined when there is none. */
  freshness(issuerKeyId: string): { nextUpdateMs: number } | undefined;
}

/** The verified CRLs of this host, on the disk before they count. */
export interface CrlStore extends Revocations {
  /** The highest CRL number that is on the disk: echoed in heartbeats. */
  readonly number: number;
  /** The earliest nextUpdate of the held CRLs; undefined when there is none. */
  readonly nextUpdateMs: number | undefined;
  /** Verifies against its issuing CA and keeps it. True when something changed. Refusals: any of CRL_… */
  offer(der: Uint8Array): Promise<boolean>;
}

export async function openCrlStore(options: {
  folder: string;
  /** The bundle in force names the CRLs; the CAs may have signed them. */
  bundle: BundlePayload | undefined;
  issuers: () => readonly Certificate[];
  log: Log;
}): Promise<CrlStore> {
  const held = new RevocationSet();

  function readVerified(der: Uint8Array): { crl: Crl; issuer: Certificate } {
    const crl = parseCrl(der);
    const issuer = options
      .issuers()
      .find((candidate) => Buffer.compare(candidate.subjectDer, crl.issuerDer) === 0);
    if (issuer === undefined) throw new AppError('CRL_ISSUER_WRONG');
    verifyCrl(crl, issuer);
    return { crl, issuer };
  }

  for (const { issuerKeyId } of options.bundle?.crls ?? []) {
    try {
      const { crl, issuer } = readVerified(await readFile(fileOf(options.folder, issuerKeyId)));
      held.add(crl, issuer);
    } catch (error) {
      if (!isMissing(error)) options.log.warn({ err: error, issuerKeyId }, 'a stored CRL is damaged');
    }
  }

  return {
    get number() {
      return held.crlNumber;
    },
    get nextUpdateMs() {
      return held.nextUpdateMs;
    },
    isRevoked: (issuerKeyId, serial) => held.isRevoked(issuerKeyId, serial),
    freshness: (issuerKeyId) => held.listOf(issuerKeyId),
    async offer(der) {
      const { crl, issuer } = readVerified(der);
      const before = held.listOf(issuer.keyId);
      if (before?.sha256 === crl.sha256) return false;
      if (before === undefined || crl.number > before.number)
        await writeDurably(fileOf(options.folder, issuer.keyId), der);
      held.add(crl, issuer);
      return true;
    },
  };
}

const fileOf = (folder: string, issuerKeyId: string): string => join(folder, `${issuerKeyId}.crl`);
