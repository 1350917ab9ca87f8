import type { HostId } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import type { HostView } from '@sekisho/core/wire/trust.ts';
import type { HostSeen, ServerContext } from '../../context.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { newestCertificates, type CertificateRow } from '../certificates/certificate-rows.ts';
import { namesOfHosts, type HostRow } from './host-rows.ts';

/** F-35: a certificate that is this near its end is shown as expiring (never before two thirds of its life, T-04). */
export const EXPIRING_MS = 30 * DAY_MS;

/** Hosts as administrators see them: rows, newest certificates, and what the fleet has heard. */
export async function viewHosts(
  context: ServerContext,
  db: DbOrTx,
  rows: readonly HostRow[],
): Promise<HostView[]> {
  const ids = rows.map(({ id }) => id);
  const names = await namesOfHosts(db, ids);
  const certificates = await newestCertificates(db, ids);
  const nowMs = context.clock.nowMs();
  return rows.map((row) => {
    const certificate = certificates.get(row.id);
    const seen = context.fleet.seen(row.id);
    return {
      id: row.id,
      name: row.name,
      names: names.get(row.id) ?? [row.name],
      group: row.groupId,
      media: row.mediaSinceMs !== null,
      states: statesOf(context, row, certificate, seen, nowMs),
      lastSeenAtMs: seen?.lastSeenMs ?? null,
      version: seen?.version ?? null,
      certificate:
        certificate === undefined
          ? null
          : {
              fingerprint: certificate.fingerprint,
              serial: certificate.serial,
              notAfterMs: certificate.notAfterMs,
              revokedAtMs: certificate.revokedAtMs,
            },
      reissueAllowedUntilMs:
        row.reissueUntilMs !== null && row.reissueUntilMs > nowMs ? row.reissueUntilMs : null,
      health: [...(seen?.health ?? [])],
    };
  });
}

function statesOf(
  context: ServerContext,
  row: HostRow,
  certificate: CertificateRow | undefined,
  seen: HostSeen | undefined,
  nowMs: number,
): HostView['states'] {
  const states: HostView['states'] = [];
  if (isOwn(context, row.id)) states.push('online');
  else if (seen === undefined) states.push('never-seen');
  else states.push(seen.online ? 'online' : 'offline');
  if (certificate !== undefined) {
    const lifeMs = certificate.notAfterMs - certificate.notBeforeMs;
    const lateMs = Math.max(certificate.notAfterMs - EXPIRING_MS, certificate.notBeforeMs + (lifeMs * 2) / 3);
    if (certificate.revokedAtMs !== null) states.push('revoked');
    else if (certificate.notAfterMs <= nowMs) states.push('certificate-expired');
    else if (nowMs >= lateMs) states.push('certificate-expiring');
  }
  const policySerial = context.documents.latestSerial('policy', row.groupId);
  if (seen !== undefined && policySerial !== undefined && seen.policySerial < policySerial)
    states.push('policy-outdated');
  return states;
}

const isOwn = (context: ServerContext, id: HostId): boolean => id === context.domain.serverHostId;
