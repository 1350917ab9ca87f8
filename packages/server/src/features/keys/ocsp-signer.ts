import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { OCSP_SIGNER_VALID_MS, ocspSignerDue } from '@sekisho/core/rules/revocation.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { issueOcspSigner } from '@sekisho/pki/issue.ts';
import { generatePrivateKey, privateKeyToPem } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { KEYS_CHANGE_KEY, keyContext, type KeyStore } from './key-store.ts';
import { dropRetired, insertKey, listKeys, retireOthers } from './keys.store.ts';

const SERIAL_BYTES = 16;

/**
 * Keeps the key and certificate of the OCSP responder young: both are made anew at half of the certificate's life, and when the issuing
 * CA is another one. True when they were. The CA's own key signs no answers: a leak of this one ends with its two weeks.
 */
export async function renewOcspSigner(
  parts: { store: Store; clock: Clock; random: Random; keys: KeyStore },
  fence: (tx: Tx) => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  const { store, clock, random, keys } = parts;
  const nowMs = clock.nowMs();
  if (!ocspSignerDue(heldSigner(keys), nowMs)) return false;
  const issuer = { certificate: keys.certificateOf('issuing'), signer: keys.signerFor('issuing') };
  const privateKey = await generatePrivateKey('p256');
  const { algorithm, spkiDer } = fileSigner(privateKey);
  const certificate = await issueOcspSigner({
    issuer,
    spkiDer,
    serial: random.bytes(SERIAL_BYTES),
    notBeforeMs: Math.max(nowMs - NOT_BEFORE_BACK_MS, issuer.certificate.notBeforeMs),
    notAfterMs: Math.min(nowMs + OCSP_SIGNER_VALID_MS, issuer.certificate.notAfterMs),
  });
  const { keyId, fingerprint } = certificate;
  const sealed = keys.seal(Buffer.from(privateKeyToPem(privateKey), 'utf8'), keyContext(keyId));
  const known = keys.isHere('ocsp-signer') ? keys.certificateOf('ocsp-signer').keyId : undefined;
  await store.transaction(async (tx) => {
    await fence(tx);
    // another process was here first
    if ((await activeSigner(tx)) !== known) return;
    const der = Buffer.from(certificate.der).toString('base64');
    const row = { keyId, role: 'ocsp-signer', algorithm, sealed, certificate: der, fingerprint };
    await insertKey(tx, { ...row, state: 'active' }, nowMs);
    await retireOthers(tx, 'ocsp-signer', keyId, nowMs);
    await dropRetired(tx, 'ocsp-signer', nowMs - OCSP_SIGNER_VALID_MS);
    const { notAfterMs, serial } = certificate;
    const audit = {
      act: 'issue-ocsp-signer',
      actor: 'system',
      origin: 'server',
      subject: fingerprint,
    } as const;
    await recordAudit(tx, { ...audit, outcome: 'done', detail: { serial, notAfterMs } }, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
  });
  await keys.reload(store.db);
  return true;
}

function heldSigner(keys: KeyStore) {
  if (!keys.isHere('ocsp-signer')) return undefined;
  const certificate = keys.certificateOf('ocsp-signer');
  return { ...dates(certificate), isOfIssuer: isBy(certificate, keys.certificateOf('issuing')) };
}

const dates = ({ notBeforeMs, notAfterMs }: Certificate) => ({ notBeforeMs, notAfterMs });
const isBy = (certificate: Certificate, issuer: Certificate): boolean =>
  certificate.authorityKeyId === issuer.subjectKeyId;

const activeSigner = async (tx: Tx): Promise<string | undefined> =>
  (await listKeys(tx)).find(({ role, state }) => role === 'ocsp-signer' && state === 'active')?.keyId;
