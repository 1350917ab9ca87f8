import { AppError } from '@sekisho/core/errors.ts';
import { CRL_REASONS, parseCrlTbs, type CrlEntry, type CrlTbs } from './crl.ts';
import { parsing } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  element,
  sequence,
  sequenceOf,
  smallInteger,
  TAG,
  time,
  unsignedInteger,
} from './der/write.ts';
import { authorityKeyId, extension } from './extensions.ts';
import type { Issuer } from './issue.ts';
import type { Certificate } from './certificate.ts';
import { assertNoFindings, type LintFinding } from './lint.ts';
import { OID } from './oids.ts';
import { isKnownSignatureAlgorithm, SIGNATURE_ALGORITHM_DER } from './signature.ts';

/**
 * A full CRL (v2), linted before it is signed (T-08): number, authority key identifier, reasons. DER.
 * Refusal: ISSUANCE_LINT_REFUSED.
 * @source RFC 5280 §5
 */
export async function signCrl(wish: {
  readonly issuer: Issuer;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly entries: readonly CrlEntry[];
}): Promise<Uint8Array> {
  const { certificate, signer } = wish.issuer;
  const algorithmDer = SIGNATURE_ALGORITHM_DER[signer.algorithm];
  const extensions = [extension(OID.crlNumber, false, smallInteger(wish.number))];
  if (certificate.subjectKeyId !== undefined) extensions.unshift(authorityKeyId(certificate.subjectKeyId));
  const tbsDer = sequence(
    smallInteger(1),
    algorithmDer,
    certificate.subjectDer,
    time(wish.thisUpdateMs),
    time(wish.nextUpdateMs),
    ...(wish.entries.length > 0 ? [sequenceOf(wish.entries.map(entryDer))] : []),
    element(contextConstructed(0), sequence(...extensions)),
  );
  const tbs = parsing('ISSUANCE_LINT_REFUSED', () => parseCrlTbs(tbsDer));
  assertNoFindings(lintCrl(tbs, certificate));
  if (signer.keyId !== certificate.keyId)
    throw new AppError('ISSUANCE_LINT_REFUSED', {
      findings: '[R7] the signing key is not that of the issuer',
    });
  return sequence(tbsDer, algorithmDer, bitString(await signer.sign(tbsDer)));
}

/** Checks a list against the published profile, from its encoded bytes. */
export function lintCrl(tbs: CrlTbs, issuer: Certificate): LintFinding[] {
  const findings: LintFinding[] = [];
  const check = (holds: boolean, rule: string, detail: string): void => {
    if (!holds) findings.push({ rule, detail });
  };
  check(isKnownSignatureAlgorithm(tbs.signatureAlgorithm), 'R1', 'the signature algorithm is not allowed');
  check(Buffer.compare(tbs.issuerDer, issuer.subjectDer) === 0, 'R2', "the issuer is not the CA's subject");
  check(issuer.isCa && issuer.keyUsages.has('cRLSign'), 'R2', 'the issuer may not sign lists');
  check(tbs.authorityKeyId !== undefined, 'R3', 'authorityKeyIdentifier is missing');
  check(tbs.authorityKeyId === issuer.subjectKeyId, 'R3', 'authorityKeyIdentifier is of another key');
  check(tbs.number > 0, 'R4', 'cRLNumber is not positive');
  check(tbs.nextUpdateMs > tbs.thisUpdateMs, 'R5', 'nextUpdate is not after thisUpdate');
  check(tbs.thisUpdateMs >= issuer.notBeforeMs, 'R5', 'thisUpdate is before its issuer is valid');
  check(tbs.thisUpdateMs <= issuer.notAfterMs, 'R5', 'thisUpdate is after its issuer expired');
  let entries = 0;
  let late = 0;
  for (const entry of tbs.entries()) {
    entries += 1;
    if (entry.revokedAtMs > tbs.thisUpdateMs) late += 1;
  }
  check(entries === tbs.serials.size, 'R6', 'a serial number comes twice');
  check(late === 0, 'R6', `${late} entries are revoked after thisUpdate`);
  return findings;
}

function entryDer(entry: CrlEntry): Uint8Array {
  if (!/^([0-9a-f]{2}){1,20}$/.test(entry.serial))
    throw new AppError('ISSUANCE_LINT_REFUSED', { findings: '[R6] a serial number is not hex' });
  const parts = [unsignedInteger(Buffer.from(entry.serial, 'hex')), time(entry.revokedAtMs)];
  const reason = CRL_REASONS.get(entry.reason) ?? 0;
  // "unspecified" is said by leaving the reason out: RFC 5280 §5.3.1
  if (reason !== 0)
    parts.push(sequence(extension(OID.crlReason, false, element(TAG.enumerated, Uint8Array.of(reason)))));
  return sequence(...parts);
}
