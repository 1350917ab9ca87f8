import type { Certificate } from './certificate.ts';
import type { CrlTbs } from './crl.ts';
import type { LintFinding } from './lint.ts';
import { isKnownSignatureAlgorithm } from './signature.ts';

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
  check(tbs.entryCount === tbs.serials.size, 'R6', 'a serial number comes twice');
  check(tbs.newestRevokedAtMs < tbs.thisUpdateMs + 1000, 'R6', 'an entry is revoked after thisUpdate');
  for (const uri of tbs.scope.uris)
    check(/^http:\/\/[^/]+\//.test(uri), 'R8', `the distribution point ${uri} is not an http URL`);
  return findings;
}
