import { AppError } from '@sekisho/core/errors.ts';
import { REPLACED_GRACE_MS } from '@sekisho/core/rules/revocation.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { issueHostCertificate } from '@sekisho/pki/issue.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { isUniqueViolation } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findCertificate, insertCertificate, readCertificateDer } from '../certificates/certificate-rows.ts';
import { writeOutbox } from '../events/outbox.ts';
import {
  createHost,
  findHost,
  lockHost,
  ownersOfNames,
  rootGroup,
  updateMedia,
  updateReissue,
} from '../hosts/host-rows.ts';
import { findKnownHost, useKnownHost } from '../hosts/known-hosts.ts';
import { mayIssue } from '../keys/key-store.ts';
import { yieldNames } from '../names/yield-names.ts';
import { refundToken } from '../tokens/token-rows.ts';
import { findIntention, finishIntention, renewedFingerprint, type Intention } from './intentions.store.ts';

/**
 * Signs what an intention approved and records the result: certificate, host, names. What came in between (a revocation,
 * another request for the name) wins, and the token's use is given back.
 */
export async function signIntention(
  context: ServerContext,
  intention: Intention,
  spkiDer: Uint8Array,
): Promise<Certificate> {
  const issuer = {
    certificate: context.keys.certificateOf('issuing'),
    signer: context.keys.signerFor('issuing'),
  };
  const shard = context.shards.current(issuer.certificate.keyId);
  let certificate: Certificate;
  try {
    certificate = await issueHostCertificate({
      plan: intention.issuance,
      spkiDer,
      issuer,
      serial: Buffer.from(intention.serialHex, 'hex'),
      crlUrls: shard.crlUrls,
      ocspUrls: shard.ocspUrls,
    });
  } catch (error) {
    const refusal = error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error });
    await giveUp(context, intention, refusal);
    throw refusal;
  }
  try {
    const ended = await context.store.submit(async (tx) => {
      const outcome = await recordResult(tx, context, intention, certificate, {
        issuerKeyId: issuer.certificate.keyId,
        crlShard: shard.shard,
      });
      crashPoint('issuance.result.before-commit');
      return outcome;
    }, 'finish');
    crashPoint('issuance.result.committed');
    context.shards.note(issuer.certificate.keyId, shard);
    // the next request of this host may come at once: this process knows the certificate before it is handed out
    await context.feed.catchUp();
    const { hostId, basis, name } = intention;
    context.log.info({ hostId, basis, name, fingerprint: ended.fingerprint }, 'certificate issued');
    return ended;
  } catch (error) {
    const refusal = isUniqueViolation(error)
      ? new AppError('HOST_NAME_TAKEN', { name: intention.name }, { cause: error })
      : error;
    if (refusal instanceof AppError && refusal.status < 500) await giveUp(context, intention, refusal);
    throw refusal;
  }
}

async function recordResult(
  tx: Tx,
  context: ServerContext,
  intention: Intention,
  certificate: Certificate,
  from: { issuerKeyId: string; crlShard: number },
): Promise<Certificate> {
  const nowMs = context.clock.nowMs();
  const { hostId } = intention;
  // a process that slept through a change of the CA signs nothing that no list would cover (F-38)
  if (!(await mayIssue(tx, from.issuerKeyId))) throw new AppError('ISSUANCE_WITHDRAWN');
  const ended = { fingerprint: certificate.fingerprint, failure: null };
  if (!(await finishIntention(tx, intention.id, ended, nowMs))) return otherEnd(tx, intention);
  const replaces = await recordHost(tx, context, intention, nowMs);
  const row = { certificate, ...from, hostId, intentionId: intention.id, replaces, nowMs };
  await insertCertificate(tx, row);
  await recordChange(tx, 'certificate', certificate.fingerprint);
  const audit = {
    act: 'issue-certificate',
    actor: intention.name,
    origin: intention.origin,
    subject: hostId,
    outcome: 'done',
    detail: {
      basis: intention.basis,
      name: intention.name,
      fingerprint: certificate.fingerprint,
      serial: certificate.serial,
      notAfterMs: certificate.notAfterMs,
    },
  } as const;
  await recordAudit(tx, audit, nowMs);
  return certificate;
}

/** Host, names and role as the certificate says them; returns the certificate that this one replaces. */
async function recordHost(
  tx: Tx,
  context: ServerContext,
  intention: Intention,
  nowMs: number,
): Promise<string | null> {
  const { hostId, issuance, newHost } = intention;
  if (newHost !== undefined) {
    const { owners, weak } = await ownersOfNames(tx, newHost.names);
    const yields = intention.basis === 'token' || intention.basis === 'manual' ? 'automatic' : undefined;
    const taken = newHost.names.find(
      (name) => owners.has(name) || (weak.has(name) && weak.get(name) !== yields),
    );
    if (taken !== undefined) throw new AppError('HOST_NAME_TAKEN', { name: taken });
    const groupId = await rootGroup(tx);
    await createHost(tx, { ...newHost, id: hostId, groupId, media: issuance.media }, nowMs);
    if (weak.size > 0) await yieldNames(tx, { ...newHost, id: hostId, origin: intention.origin }, nowMs);
    const known = await findKnownHost(tx, newHost.name);
    if (known !== undefined && known.usedAtMs === null) await useKnownHost(tx, newHost.name, hostId, nowMs);
    if (intention.basis === 'known-host') {
      if (known === undefined || known.usedAtMs !== null)
        throw new AppError('TOKEN_REQUIRED', { name: newHost.name, level: 'high' });
      // T-12: a tokenless enrolment is an event
      const body = { name: newHost.name, origin: intention.origin };
      await writeOutbox(tx, { kind: 'host.enrolled-without-token', subject: hostId, body }, nowMs);
    }
    return null;
  }
  await lockHost(tx, hostId);
  const host = await findHost(tx, hostId);
  if (host === undefined) throw new AppError('ISSUANCE_WITHDRAWN');
  const renewed = renewedFingerprint(intention.requestKey);
  if (renewed !== undefined) await refuseReplaced(tx, renewed);
  if (issuance.media && host.mediaSinceMs === null)
    await updateMedia(tx, host, { media: true, settings: undefined }, nowMs);
  if (!intention.replacesOld) return null;
  if (intention.basis === 'reissue-allowed') {
    if (host.reissueUntilMs === null) throw new AppError('REISSUE_TOKEN_REQUIRED', { name: host.name });
    await updateReissue(tx, hostId, null);
  } else await recordChange(tx, 'host', hostId);
  return markReplaced(tx, intention, nowMs);
}

/**
 * T-14: what was replaced or revoked renews nothing any more. Else a stolen key would outlive the reissue that was meant to
 * end it, in the ten minutes that the old certificate still has.
 */
export async function refuseReplaced(tx: Tx, fingerprint: string): Promise<void> {
  const row = await findCertificate(tx, fingerprint);
  if (row === undefined || row.revokedAtMs !== null || row.revokeDueAtMs !== null)
    throw new AppError('CERTIFICATE_REVOKED');
}

/** T-14: the host's certificates of until now are revoked at the first use of the new one, at the latest in ten minutes. */
async function markReplaced(tx: Tx, intention: Intention, nowMs: number): Promise<string | null> {
  const replaced = await tx
    .updateTable('certificates')
    .set({ revoke_due_at_ms: nowMs + REPLACED_GRACE_MS })
    .where('host_id', '=', intention.hostId)
    .where('revoked_at_ms', 'is', null)
    .where('revoke_due_at_ms', 'is', null)
    .returning(['fingerprint', 'issued_at_ms'])
    .execute();
  for (const { fingerprint } of replaced) await recordChange(tx, 'certificate', fingerprint);
  return replaced.sort((a, b) => b.issued_at_ms - a.issued_at_ms)[0]?.fingerprint ?? null;
}

/** Somebody else ended it: the same request beside this one, or a revocation. */
async function otherEnd(tx: Tx, intention: Intention): Promise<Certificate> {
  const now = await findIntention(tx, intention.requestKey);
  const fingerprint = now?.id === intention.id ? now.fingerprint : null;
  const der = fingerprint === null ? undefined : await readCertificateDer(tx, fingerprint);
  if (der === undefined) throw new AppError('ISSUANCE_WITHDRAWN');
  return parseCertificate(der);
}

async function giveUp(context: ServerContext, intention: Intention, refusal: AppError): Promise<void> {
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const end = { fingerprint: null, failure: refusal.code };
    if (!(await finishIntention(tx, intention.id, end, nowMs))) return;
    if (intention.tokenId !== null) {
      await refundToken(tx, intention.tokenId);
      await recordChange(tx, 'token', intention.tokenId);
    }
    const audit = {
      act: 'issue-certificate',
      actor: intention.name,
      origin: intention.origin,
      subject: intention.hostId,
      outcome: 'refused',
      detail: { basis: intention.basis, name: intention.name, code: refusal.code },
    } as const;
    await recordAudit(tx, audit, nowMs);
  });
}
