import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { decideCertificate } from '@sekisho/core/rules/heartbeat.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { OID } from '@sekisho/pki/oids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { newestCertificates, readCertificateDer } from '../certificates/certificate-rows.ts';

/** A role that a fresh certificate still does not say is asked for again no sooner. */
const ROLE_PATIENCE_MS = HOUR_MS;

/**
 * T-03 The certificate in use of a host that should renew it now, because a role or a name was granted that it does not say;
 * null when it fits. Names count from the time they were granted: a certificate issued after that was made with them in view.
 */
export async function staleCertificate(db: DbOrTx, hostId: HostId, nowMs: number): Promise<Sha256Hex | null> {
  const newest = (await newestCertificates(db, [hostId])).get(hostId);
  if (newest === undefined || newest.revokedAtMs !== null) return null;
  const der = await readCertificateDer(db, newest.fingerprint);
  if (der === undefined) return null;
  const { san, extKeyUsages } = parseCertificate(der);
  const held = { serverAuth: extKeyUsages.includes(OID.serverAuth), names: [...san.dns, ...san.ips] };
  const added = await namesSince(db, hostId, newest.issuedAtMs);
  const roleSinceMs = await mediaSince(db, hostId);
  const patient =
    roleSinceMs !== null && roleSinceMs < newest.issuedAtMs && nowMs - newest.issuedAtMs < ROLE_PATIENCE_MS;
  const media = patient ? held.serverAuth : roleSinceMs !== null;
  const granted = { media, names: [...held.names, ...added] };
  return decideCertificate({ granted, held }) === 'renew' ? newest.fingerprint : null;
}

async function namesSince(db: DbOrTx, hostId: HostId, sinceMs: number): Promise<string[]> {
  const rows = await db
    .selectFrom('host_names')
    .select('name')
    .where('host_id', '=', hostId)
    .where('kind', 'in', ['primary', 'approved'])
    .where('created_at_ms', '>', sinceMs)
    .execute();
  return rows.map((row) => row.name);
}

async function mediaSince(db: DbOrTx, hostId: HostId): Promise<number | null> {
  const row = await db
    .selectFrom('hosts')
    .select('media_since_ms')
    .where('id', '=', hostId)
    .executeTakeFirst();
  return row?.media_since_ms ?? null;
}
