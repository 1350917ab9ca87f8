import { AppError, refuse, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { certificateStandings, standingRefusal } from '../fleet/certificate-standing.ts';
import { findHosts, type FleetHost } from '../fleet/read-hosts.ts';
import { readSecuritySettings } from '../security/read-security-settings.ts';

/** P-16 Says of each host why no backup or restore can involve it; hosts with a valid certificate are not named. */
export async function certificateRefusals(
  tx: Tx,
  hosts: readonly FleetHost[],
  nowMs: number,
): Promise<Map<HostId, Refusal>> {
  const standings = await certificateStandings(
    tx,
    hosts.map((host) => host.id),
    nowMs,
  );
  const { insecureCommunication } = await readSecuritySettings(tx);
  const refusals = new Map<HostId, Refusal>();
  for (const host of hosts) {
    const standing = standings.get(host.id) ?? 'none';
    const refusal = host.isLegacy
      ? legacyRefusal(insecureCommunication)
      : standingRefusal(host.name, standing);
    if (refusal !== undefined) refusals.set(host.id, refusal);
  }
  return refusals;
}

/** T-50 A legacy host has no certificate: the setting decides. */
const legacyRefusal = (insecureCommunication: boolean): Refusal | undefined =>
  insecureCommunication ? undefined : refuse('INSECURE_COMMUNICATION_OFF');

/**
 * P-16 Both ends of a transfer need a valid, unrevoked certificate.
 * @throws AppError JOB_HOST_LEGACY, JOB_HOST_NOT_ENROLLED, JOB_HOST_REVOKED, JOB_HOST_EXPIRED, NOT_FOUND
 */
export async function requireCertificates(
  tx: Tx,
  hostIds: readonly HostId[],
  nowMs: number,
): Promise<FleetHost[]> {
  const hosts = await findHosts(tx, [...new Set(hostIds)]);
  for (const id of hostIds)
    if (!hosts.some((host) => host.id === id)) throw new AppError('NOT_FOUND', { what: 'host', id });
  const legacy = hosts.find((host) => host.isLegacy && host.media === null);
  if (legacy !== undefined) throw new AppError('JOB_HOST_LEGACY', { host: legacy.name });
  const [first] = (await certificateRefusals(tx, hosts, nowMs)).values();
  if (first !== undefined) throw new AppError(first.code, first.params);
  return hosts;
}
