import type { HostId } from '@sekisho/core/ids.ts';
import { LEGACY_HEARTBEAT_SECONDS } from '@sekisho/core/limits.ts';
import { isOnline, judgeHost, type HostJudgement } from '@sekisho/core/rules/host-state.ts';
import type { HostView } from '@sekisho/core/wire/trust.ts';
import type { HostSeen, ServerContext } from '../../context.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { newestCertificates, type CertificateRow } from '../certificates/certificate-rows.ts';
import { legacyAmong, type LegacyHostRow } from '../legacy/legacy-rows.ts';
import { namesOfHosts, type HostRow } from './host-rows.ts';

/** Hosts as administrators see them: rows, newest certificates, and what the fleet has heard. */
export async function viewHosts(
  context: ServerContext,
  db: DbOrTx,
  rows: readonly HostRow[],
): Promise<HostView[]> {
  const ids = rows.map(({ id }) => id);
  const names = await namesOfHosts(db, ids);
  const certificates = await newestCertificates(db, ids);
  const legacy = await legacyAmong(db, ids);
  const nowMs = context.clock.nowMs();
  return rows.map((row) => {
    // nothing uses that of the own host: what it is known by are the domain's keys, which are told of and renewed as such (F-35)
    const certificate = isOwn(context, row.id) ? undefined : certificates.get(row.id);
    const old = legacy.get(row.id);
    const seen = old === undefined ? context.fleet.seen(row.id) : seenOfLegacy(old, nowMs);
    const judged = judge(context, { row, certificate, seen, isLegacy: old !== undefined }, nowMs);
    return {
      id: row.id,
      name: row.name,
      names: names.get(row.id) ?? [row.name],
      group: row.groupId,
      media: row.mediaSinceMs !== null,
      states: [...judged.states],
      reasons: [...judged.reasons],
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

function judge(
  context: ServerContext,
  host: {
    row: HostRow;
    certificate: CertificateRow | undefined;
    seen: HostSeen | undefined;
    isLegacy: boolean;
  },
  nowMs: number,
): HostJudgement {
  const { row, certificate, seen, isLegacy } = host;
  return judgeHost(
    {
      lastSeenMs: seen?.lastSeenMs ?? null,
      channelOpen: isOwn(context, row.id) || seen?.online === true,
      heartbeatSeconds: seen?.heartbeatSeconds ?? context.config.fleet.heartbeatSeconds,
      legacy: isLegacy,
      certificate: certificate ?? null,
      policySerial: isLegacy ? null : (seen?.policySerial ?? null),
      wantedPolicySerial: context.documents.latestSerial('policy', row.groupId) ?? 0,
      health: seen?.health ?? [],
      orphanedSinceMs: seen?.orphanedSinceMs ?? null,
    },
    nowMs,
  );
}

/** A legacy host has no channel and confirms no list; it is online while it asks in time (T-50). */
const seenOfLegacy = (row: LegacyHostRow, nowMs: number): HostSeen | undefined =>
  row.lastSeenMs === null
    ? undefined
    : {
        lastSeenMs: row.lastSeenMs,
        heartbeatSeconds: LEGACY_HEARTBEAT_SECONDS,
        online: isOnline(row.lastSeenMs, LEGACY_HEARTBEAT_SECONDS, nowMs),
        version: row.version ?? '',
        health: [],
        orphanedSinceMs: null,
        policySerial: 0,
        crlNumber: 0,
      };

const isOwn = (context: ServerContext, id: HostId): boolean => id === context.domain.serverHostId;
