import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import {
  bitString,
  contextConstructed,
  element,
  sequence,
  smallInteger,
  time,
  unsignedInteger,
} from '@sekisho/pki/der/write.ts';
import { authorityKeyId } from '@sekisho/pki/extensions.ts';
import { normalizeSerial } from '@sekisho/pki/issue.ts';
import { commonNameDer } from '@sekisho/pki/name.ts';
import { SIGNATURE_ALGORITHM_DER } from '@sekisho/pki/signature.ts';
import type { Signer } from '@sekisho/pki/signer.ts';
import { randomBytes } from 'node:crypto';

/** Everything about a certificate that a forger may choose. */
export interface Forgery {
  readonly signer: Signer;
  /** Whose name and key identifier stand as issuer; left out: the subject itself. */
  readonly issuer?: Certificate | undefined;
  readonly spkiDer: Uint8Array;
  readonly commonName: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Whole Extension elements; the authority key identifier is added. */
  readonly extensions: readonly Uint8Array[];
}

/** DER of a certificate that no linter saw: what an attacker with a key could make. */
export async function forgeCertificateDer(forgery: Forgery): Promise<Uint8Array> {
  const algorithm = SIGNATURE_ALGORITHM_DER[forgery.signer.algorithm];
  const subject = commonNameDer(forgery.commonName);
  const aki = forgery.issuer?.subjectKeyId;
  const tbs = sequence(
    element(contextConstructed(0), smallInteger(2)),
    unsignedInteger(normalizeSerial(randomBytes(16))),
    algorithm,
    forgery.issuer?.subjectDer ?? subject,
    sequence(time(forgery.notBeforeMs), time(forgery.notAfterMs)),
    subject,
    forgery.spkiDer,
    element(
      contextConstructed(3),
      sequence(...forgery.extensions, ...(aki === undefined ? [] : [authorityKeyId(aki)])),
    ),
  );
  return sequence(tbs, algorithm, bitString(await forgery.signer.sign(tbs)));
}

/** The same, read back. */
export const forgeCertificate = async (forgery: Forgery): Promise<Certificate> =>
  parseCertificate(await forgeCertificateDer(forgery));
