import { AppError } from '@sekisho/core/errors.ts';
import { expiryAlert, isOwnRenewalDue, OWN_RENEWAL_BEFORE_MS } from '@sekisho/core/rules/expiry.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import type { Fence } from '../../loops/loop.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { eachCurrentCertificate } from '../certificates/renewal-rows.ts';
import { writeOutbox } from '../events/outbox.ts';
import type { RotationContext } from './rotation-context.ts';
import { startRotation } from './start-rotation.ts';

/** What the alert about a renewal that needs the root counts as, beside the days of the others. */
const NEEDS_ROOT_DAYS = OWN_RENEWAL_BEFORE_MS / DAY_MS;
const OWN = [
  ['server-tls', 'tls'],
  ['document-signer', 'signing'],
  ['issuing', 'ca'],
  ['root', 'ca'],
] as const;

interface Expiring {
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** A host ID, or what the key is for. */
  readonly subject: string;
}

/** F-35 Tells of the server's own certificates that end, and renews those that it can by path 1, unasked. */
export async function watchOwnCertificates(context: RotationContext, fence: Fence): Promise<void> {
  const { clock, keys } = context.parts;
  const nowMs = clock.nowMs();
  for (const [role, kind] of OWN) {
    const certificate = keys.certificateOf(role);
    const { fingerprint, notBeforeMs, notAfterMs } = certificate;
    await tell(context, { fingerprint, notBeforeMs, notAfterMs, subject: role }, fence);
    const isOutside = keys
      .keysOf(role)
      .some(({ keyId, outsideChain }) => keyId === certificate.keyId && outsideChain !== null);
    // a CA changes when an administrator says so, and a certificate from outside is made outside
    if (kind === 'ca' || isOutside || !isOwnRenewalDue(certificate, nowMs)) continue;
    if (keys.isHere('root')) await renew(context, kind);
    else await tellOnce(context, { fingerprint, days: NEEDS_ROOT_DAYS, subject: role, notAfterMs }, fence);
  }
}

/** F-35 The same telling for the certificates of hosts: those in use that were not renewed in time. */
export async function watchHostCertificates(context: RotationContext, fence: Fence): Promise<number> {
  const { clock, domain, store } = context.parts;
  let told = 0;
  for await (const page of eachCurrentCertificate(store.db, clock.nowMs())) {
    for (const { hostId, ...certificate } of page)
      if (hostId !== domain.serverHostId && (await tell(context, { ...certificate, subject: hostId }, fence)))
        told += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return told;
}

async function renew(context: RotationContext, kind: 'tls' | 'signing'): Promise<void> {
  const wish = { kind, path: 'announced', emergency: null, outside: null, overlapSeconds: 0 } as const;
  try {
    await startRotation(context, wish, { name: 'system', origin: 'server' });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // another update is under way: this one comes after it
    if (error.code === 'ROTATION_UNDER_WAY') return;
    if (error.code !== 'ROTATION_KEY_DAMAGED') throw error;
    // F-34: to be restored rather than replaced, and nobody is here who could say otherwise
    context.parts.log.error({ ...error.params, kind }, 'a certificate is not renewed: a key is damaged');
  }
}

async function tell(context: RotationContext, certificate: Expiring, fence: Fence): Promise<boolean> {
  const days = expiryAlert(certificate, context.parts.clock.nowMs());
  if (days === undefined) return false;
  const { fingerprint, subject, notAfterMs } = certificate;
  return tellOnce(context, { fingerprint, days, subject, notAfterMs }, fence);
}

/** Each threshold of a certificate once, whoever serves and however often it was restarted. */
async function tellOnce(
  context: RotationContext,
  alert: { fingerprint: string; days: number; subject: string; notAfterMs: number },
  fence: Fence,
): Promise<boolean> {
  const { clock, log, store } = context.parts;
  const { fingerprint, days, subject, notAfterMs } = alert;
  if (await wasTold(store.db, fingerprint, days)) return false;
  const nowMs = clock.nowMs();
  const body = { fingerprint, days, subject, notAfter: new Date(notAfterMs).toISOString() };
  await store.transaction(async (tx) => {
    await fence(tx);
    await tx.insertInto('expiry_alerts').values({ fingerprint, days, at_ms: nowMs }).execute();
    const kind = days === NEEDS_ROOT_DAYS ? 'certificate.renewal-needs-root' : 'certificate.expiring';
    await writeOutbox(tx, { kind, subject, body }, nowMs);
    const act = { act: 'tell-expiry', actor: 'system', origin: 'server', subject, outcome: 'done' } as const;
    await recordAudit(tx, { ...act, detail: body }, nowMs);
  });
  log.warn(body, 'a certificate ends soon');
  return true;
}

const wasTold = async (db: Pick<Tx, 'selectFrom'>, fingerprint: string, days: number): Promise<boolean> =>
  (await db
    .selectFrom('expiry_alerts')
    .select('days')
    .where('fingerprint', '=', fingerprint)
    .where('days', '=', days)
    .executeTakeFirst()) !== undefined;
