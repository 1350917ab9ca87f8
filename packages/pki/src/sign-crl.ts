import { AppError } from '@sekisho/core/errors.ts';
import { CrlBuilder, packCrlEntries } from './build-crl.ts';
import { WHOLE_SCOPE, type CrlEntry, type CrlScope } from './crl.ts';
import { bitString, sequence } from './der/write.ts';
import type { Issuer } from './issue.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

/**
 * A full CRL (v2), linted before it is signed (T-08): number, authority key identifier, scope, reasons. DER. In this thread: long
 * lists are built in another one with `CrlBuilder`. Refusal: ISSUANCE_LINT_REFUSED.
 * @source RFC 5280 §5
 */
export async function signCrl(wish: {
  readonly issuer: Issuer;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly scope?: CrlScope;
  readonly entries: readonly CrlEntry[];
}): Promise<Uint8Array> {
  const { certificate, signer } = wish.issuer;
  const builder = new CrlBuilder();
  builder.add(packCrlEntries(wish.entries));
  const head = { ...wish, scope: wish.scope ?? WHOLE_SCOPE, algorithm: signer.algorithm };
  return signCrlTbs(wish.issuer, builder.finish(head, certificate));
}

/** Signs what `CrlBuilder` made and linted, and gives the whole list. Refusal: ISSUANCE_LINT_REFUSED for another CA's key. */
export async function signCrlTbs({ certificate, signer }: Issuer, tbsDer: Uint8Array): Promise<Uint8Array> {
  if (signer.keyId !== certificate.keyId)
    throw new AppError('ISSUANCE_LINT_REFUSED', {
      findings: '[R7] the signing key is not that of the issuer',
    });
  const signature = await signer.sign(tbsDer);
  return sequence(tbsDer, SIGNATURE_ALGORITHM_DER[signer.algorithm], bitString(signature));
}
