import { CRL_VALID_MS, crlDue } from '@sekisho/core/rules/revocation.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import { REVOCATION_REASONS } from '@sekisho/core/wire/trust.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl } from '@sekisho/pki/crl.ts';
import { signCrl } from '@sekisho/pki/sign-crl.ts';
import type { Signer } from '@sekisho/pki/signer.ts';
import { nextSerial } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { findLatestCrl, insertCrl, listRevoked } from './crl.store.ts';

/** A revoked certificate stays listed for one CRL's life after its expiry. @source RFC 5280 §3.3 */
const LISTED_AFTER_EXPIRY_MS = CRL_VALID_MS;
/** thisUpdate lies a little back, for hosts whose clock does too; never before a revocation that is listed. */
const THIS_UPDATE_BACK_MS = MINUTE_MS;

/**
 * Signs the CRLs that are due: of the issuing CA and of the root. Full CRLs of 7 days; numbers only go up. Returns the key
 * IDs of the issuers for which there is a new one. A root that is detached is left alone: its CRL is empty. Where it is the
 * duty of one worker, its fence stands in each transaction.
 */
export async function signDueCrls(
  parts: { store: Store; clock: Clock; keys: KeyStore },
  fence: (tx: Tx) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const signed: string[] = [];
  for (const role of ['issuing', 'root'] as const) {
    const issuer = issuerOf(parts.keys, role);
    if (issuer === undefined) continue;
    const done = await parts.store.transaction(async (tx) => {
      await fence(tx);
      return signIfDue(tx, issuer, parts.clock.nowMs());
    });
    if (done) signed.push(issuer.certificate.keyId);
  }
  return signed;
}

/** The same for one issuer, inside a transaction: true when a new one was signed. */
export async function signIfDue(
  tx: Tx,
  issuer: { certificate: Certificate; signer: Signer },
  nowMs: number,
): Promise<boolean> {
  const { keyId } = issuer.certificate;
  const newest = await findLatestCrl(tx, keyId);
  const revoked = await listRevoked(tx, keyId, nowMs - LISTED_AFTER_EXPIRY_MS);
  const listed = newest === undefined ? new Set<string>() : listedSerials(newest.der);
  const isMissing = revoked.some(({ serial }) => !listed.has(serial));
  if (!crlDue(newest, isMissing, nowMs)) return false;
  const newestMs = revoked.at(-1)?.revokedAtMs ?? 0; // they come in the order of their time
  const thisUpdateMs = Math.max(nowMs - THIS_UPDATE_BACK_MS, newestMs);
  const nextUpdateMs = nowMs + CRL_VALID_MS;
  const number = await nextSerial(tx, `crl.${keyId}`, nowMs);
  const der = await signCrl({
    issuer,
    number,
    thisUpdateMs,
    nextUpdateMs,
    entries: revoked.map(({ serial, revokedAtMs, reason }) => ({
      serial,
      revokedAtMs,
      reason: REVOCATION_REASONS.find((known) => known === reason) ?? 'unspecified',
    })),
  });
  await insertCrl(tx, keyId, { number, der, thisUpdateMs, nextUpdateMs });
  await recordAudit(
    tx,
    {
      act: 'sign-crl',
      actor: 'system',
      origin: 'server',
      subject: keyId,
      outcome: 'done',
      detail: { number, entries: revoked.length, nextUpdateMs },
    },
    nowMs,
  );
  await recordChange(tx, 'crl', keyId);
  return true;
}

const listedSerials = (der: Uint8Array): Set<string> => new Set(parseCrl(der).serials.keys());

function issuerOf(
  keys: KeyStore,
  role: 'issuing' | 'root',
): { certificate: Certificate; signer: Signer } | undefined {
  if (!keys.isHere(role)) return undefined;
  return { certificate: keys.certificateOf(role), signer: keys.signerFor(role) };
}
