import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { decideCertificate } from '@sekisho/core/rules/heartbeat.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { newestCertificates, readCertificateDer } from '../certificates/certificate-rows.ts';

/** A role that a fresh certificate still does not say is asked for again no sooner. */
const ROLE_PATIENCE_MS = HOUR_MS;

/**
 * T-03 The certificate in use of a host that should renew it now, because a role or a name was granted that it does not say;
 * or says one that was taken away; null when it fits. Names count from the time they were granted: a certificate issued after that was
 * made with them in view.
 */
export async function staleCertificate(db: DbOrTx, hostId: HostId, nowMs: number): Promise<Sha256Hex | null> {
  const newest = (await newestCertificates(db, [hostId])).get(hostId);
  if (newest === undefined || newest.revokedAtMs !== null) return null;
  const der = await readCertificateDer(db, newest.fingerprint);
  if (der === undefined) return null;
  const { san, extKeyUsages } = parseCertificate(der);
  const held = { serverAuth: extKeyUsages.includes(OID.serverAuth), names: [...san.dns, ...san.ips] };
  const mapped = await namesOf(db, hostId);
  const roleSinceMs = await mediaSince(db, hostId);
  const patient =
    roleSinceMs !== null && roleSinceMs < newest.issuedAtMs && nowMs - newest.issuedAtMs < ROLE_PATIENCE_MS;
  const media = patient ? held.serverAuth : roleSinceMs !== null;
  const kept = held.names.filter((name) => mapped.has(name.toLowerCase()));
  const added = [...mapped].filter(([, sinceMs]) => sinceMs > newest.issuedAtMs).map(([name]) => name);
  const granted = { media, names: [...kept, ...added] };
  return decideCertificate({ granted, held }) === 'renew' ? newest.fingerprint : null;
}

/** The names that belong into its certificate, each with the time since when. */
async function namesOf(db: DbOrTx, hostId: HostId): Promise<Map<string, number>> {
  const rows = await selectNames.rows(db, { hostId });
  return new Map(rows.map((row) => [row.name, row.created_at_ms]));
}

const mediaSince = async (db: DbOrTx, hostId: HostId): Promise<number | null> =>
  (await selectMediaSince.first(db, { hostId }))?.media_since_ms ?? null;

// asked for every host after a start, all at once when the fleet comes back
const selectNames = prepared((db, wish: { hostId: HostId }) =>
  db
    .selectFrom('host_names')
    .select(['name', 'created_at_ms'])
    .where('host_id', '=', wish.hostId)
    .where('kind', 'in', ['primary', 'approved', 'shared']),
);
const selectMediaSince = prepared((db, wish: { hostId: HostId }) =>
  db.selectFrom('hosts').select('media_since_ms').where('id', '=', wish.hostId),
);
