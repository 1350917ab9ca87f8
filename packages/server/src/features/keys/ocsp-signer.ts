import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { isIssuerOver, OCSP_SIGNER_VALID_MS, ocspSignerDue } from '@sekisho/core/rules/revocation.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { issueOcspSigner, type Issuer } from '@sekisho/pki/issue.ts';
import { generatePrivateKey, privateKeyToPem } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { KEYS_CHANGE_KEY, keyContext, type KeyStore } from './key-store.ts';
import { dropRetired, insertKey, listKeys, retireKey } from './keys.store.ts';

const SERIAL_BYTES = 16;

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyStore;
}
type Fence = (tx: Tx) => Promise<void>;

/**
 * Keeps the keys and certificates of OCSP responders young: each issuing CA names one of its own, a CA that another has followed too, for
 * as long as it owes answers. Both are made anew at half of the certificate's life; those of CAs that are over go. The CA's own key signs
 * no answers: a leak of this one ends with its two weeks.
 */
export async function renewOcspSigners(parts: Parts, fence: Fence = () => Promise.resolve()): Promise<void> {
  const { clock, keys } = parts;
  const nowMs = clock.nowMs();
  for (const authority of keys.authorities()) {
    const { certificate, role, signer } = authority;
    if (role !== 'issuing' || signer === undefined) continue;
    const held = keys.responderOf(certificate)?.certificate;
    if (isIssuerOver(authority, nowMs)) {
      if (held !== undefined) await endSigner(parts, held, fence, nowMs);
      continue;
    }
    if (!ocspSignerDue(held, nowMs)) continue;
    await renewSigner(parts, { certificate, signer }, { held, fence, nowMs });
  }
}

async function renewSigner(
  { store, random, keys }: Parts,
  issuer: Issuer,
  { held, fence, nowMs }: { held: Certificate | undefined; fence: Fence; nowMs: number },
): Promise<void> {
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
  await store.transaction(async (tx) => {
    await fence(tx);
    const before = await signersOf(tx, issuer.certificate);
    // another process was here first
    if (before[0] !== held?.keyId) return;
    const der = Buffer.from(certificate.der).toString('base64');
    const row = { keyId, role: 'ocsp-signer', algorithm, sealed, certificate: der, fingerprint };
    await insertKey(tx, { ...row, state: 'active' }, nowMs);
    for (const old of before) await retireKey(tx, old, nowMs);
    await dropRetired(tx, 'ocsp-signer', nowMs - OCSP_SIGNER_VALID_MS);
    const { notAfterMs, serial } = certificate;
    const audit = {
      act: 'issue-ocsp-signer',
      actor: 'system',
      origin: 'server',
      subject: fingerprint,
    } as const;
    const detail = { serial, notAfterMs, issuer: issuer.certificate.fingerprint };
    await recordAudit(tx, { ...audit, outcome: 'done', detail }, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
  });
  await keys.reload(store.db);
}

/** Nobody asks about this CA's certificates any more. */
async function endSigner(
  { store, keys }: Parts,
  held: Certificate,
  fence: Fence,
  nowMs: number,
): Promise<void> {
  await store.transaction(async (tx) => {
    await fence(tx);
    await retireKey(tx, held.keyId, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
  });
  await keys.reload(store.db);
}

/** Key IDs of the responders that a CA has named, the newest first. */
async function signersOf(tx: Tx, issuer: Certificate): Promise<string[]> {
  const rows = (await listKeys(tx)).filter(({ role, state }) => role === 'ocsp-signer' && state === 'active');
  return rows
    .filter(
      ({ certificate }) =>
        parseCertificate(Buffer.from(certificate, 'base64')).authorityKeyId === issuer.subjectKeyId,
    )
    .map(({ keyId }) => keyId);
}
