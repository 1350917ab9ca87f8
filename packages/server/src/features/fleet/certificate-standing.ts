import { refuse, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { isRevokedAt } from '@sekisho/core/rules/revocation.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** Can this host prove who it is at that time? */
export type CertificateStanding = 'valid' | 'revoked' | 'expired' | 'none';

const IDS_PER_QUERY_MAX = 500;

/** P-16 Whether each of these hosts has a certificate that is valid and unrevoked. */
export async function certificateStandings(
  db: DbOrTx,
  hostIds: readonly HostId[],
  nowMs: number,
): Promise<Map<HostId, CertificateStanding>> {
  const standings = new Map<HostId, CertificateStanding>(hostIds.map((id) => [id, 'none']));
  for (let start = 0; start < hostIds.length; start += IDS_PER_QUERY_MAX) {
    const rows = await db
      .selectFrom('certificates')
      .select(['host_id', 'not_before_ms', 'not_after_ms', 'revoke_due_at_ms', 'revoked_at_ms'])
      .where('host_id', 'in', hostIds.slice(start, start + IDS_PER_QUERY_MAX))
      .orderBy('issued_at_ms')
      .execute();
    const byText = new Map<string, HostId>(hostIds.map((id) => [id, id]));
    for (const row of rows) {
      const id = byText.get(row.host_id);
      if (id === undefined || standings.get(id) === 'valid') continue;
      standings.set(id, standingOf(row, nowMs));
    }
  }
  return standings;
}

/** The refusal of a job that needs this host's certificate, or undefined when it is valid. */
export function standingRefusal(host: string, standing: CertificateStanding): Refusal | undefined {
  switch (standing) {
    case 'valid':
      return undefined;
    case 'revoked':
      return refuse('JOB_HOST_REVOKED', { host });
    case 'expired':
      return refuse('JOB_HOST_EXPIRED', { host });
    case 'none':
      return refuse('JOB_HOST_NOT_ENROLLED', { host });
  }
}

const standingOf = (
  row: {
    not_before_ms: number;
    not_after_ms: number;
    revoke_due_at_ms: number | null;
    revoked_at_ms: number | null;
  },
  nowMs: number,
): CertificateStanding => {
  const revocation = { revokeDueAtMs: row.revoke_due_at_ms, revokedAtMs: row.revoked_at_ms };
  if (isRevokedAt(revocation, nowMs)) return 'revoked';
  return nowMs > row.not_after_ms || nowMs < row.not_before_ms ? 'expired' : 'valid';
};
