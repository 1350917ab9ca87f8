import type { IndexedHost } from '../fleet/fleet-index.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import { keyOfCa } from './ca-exchange.ts';
import type { RotationRow } from './rotation.store.ts';

/** F-37 Does a host show a certificate of the issuing CA that is to be in use? */
export function isRekeyed(
  registry: CertificateRegistry,
  { fingerprint }: IndexedHost,
  rotation: RotationRow,
): boolean {
  return registry.issuerOf(fingerprint) === keyOfCa(rotation, 'issuing').to;
}
