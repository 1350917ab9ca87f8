import { parseHostId, parseSha256Hex, type HostId, type Sha256Hex } from '@sekisho/core/ids.ts';
import { REVOCATION_REASONS, type RevocationReason } from '@sekisho/core/wire/trust.ts';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { base64 } from '@sekisho/pki/pem.ts';
import { prepared } from '../../store/prepared.ts';
import type { Store } from '../../store/store.ts';
import type { CertificatesTable, DbOrTx, Tx } from '../../store/tables.ts';
import { hostsWithin } from '../groups/within-reach.ts';

/** A host certificate as the registry knows it, without its bytes. */
export interface CertificateRow {
  readonly fingerprint: Sha256Hex;
  readonly issuerKeyId: string;
  readonly serial: string;
  readonly hostId: HostId;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly issuedAtMs: number;
  /** The certificate that this one replaced by a reissue (T-14). */
  readonly replaces: string | null;
  readonly firstUsedAtMs: number | null;
  readonly revokeDueAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly reason: RevocationReason | null;
}

const COLUMNS = [
  'fingerprint',
  'issuer_key_id',
  'serial',
  'host_id',
  'not_before_ms',
  'not_after_ms',
  'issued_at_ms',
  'replaces',
  'first_used_at_ms',
  'revoke_due_at_ms',
  'revoked_at_ms',
  'revocation_reason',
] as const;

/** Rows read at once when the registry is filled. */
const FILL_ROWS_MAX = 5_000;

export async function findCertificate(db: DbOrTx, fingerprint: string): Promise<CertificateRow | undefined> {
  return (await findCertificates(db, [fingerprint]))[0];
}

/** Fingerprints in one statement: below the limits of both databases. */
const FINGERPRINTS_PER_QUERY_MAX = 32;

/** The certificates with these fingerprints, in no order; unknown ones are left out. */
export async function findCertificates(
  db: DbOrTx,
  fingerprints: readonly string[],
): Promise<CertificateRow[]> {
  const found: CertificateRow[] = [];
  for (let from = 0; from < fingerprints.length; from += FINGERPRINTS_PER_QUERY_MAX) {
    const part = fingerprints.slice(from, from + FINGERPRINTS_PER_QUERY_MAX);
    for (const row of await selectCertificates.rows(db, { fingerprints: part })) found.push(rowOf(row));
  }
  return found;
}

const selectCertificates = prepared((db, wish: { fingerprints: readonly string[] }) =>
  db.selectFrom('certificates').select(COLUMNS).where('fingerprint', 'in', wish.fingerprints),
);

/** DER of a certificate. */
export async function readCertificateDer(db: DbOrTx, fingerprint: string): Promise<Uint8Array | undefined> {
  const row = await selectDer.first(db, { fingerprint });
  return row === undefined ? undefined : Buffer.from(row.der, 'base64');
}

const selectDer = prepared((db, wish: { fingerprint: string }) =>
  db.selectFrom('certificates').select('der').where('fingerprint', '=', wish.fingerprint),
);

/** All certificates of a host, the newest first. */
export async function certificatesOfHost(db: DbOrTx, hostId: HostId): Promise<CertificateRow[]> {
  const rows = await db
    .selectFrom('certificates')
    .select(COLUMNS)
    .where('host_id', '=', hostId)
    .orderBy('issued_at_ms', 'desc')
    .orderBy('fingerprint')
    .execute();
  return rows.map(rowOf);
}

/** The newest certificate of each of these hosts. */
export async function newestCertificates(
  db: DbOrTx,
  hostIds: readonly HostId[],
): Promise<Map<HostId, CertificateRow>> {
  const newest = new Map<HostId, CertificateRow>();
  if (hostIds.length === 0) return newest;
  for (const row of (await selectOfHosts.rows(db, { hostIds })).map(rowOf)) {
    const known = newest.get(row.hostId);
    // of two made in the same millisecond the one that is still good counts
    if (known?.issuedAtMs === row.issuedAtMs && row.revokedAtMs !== null) continue;
    newest.set(row.hostId, row);
  }
  return newest;
}

const selectOfHosts = prepared((db, wish: { hostIds: readonly HostId[] }) =>
  db.selectFrom('certificates').select(COLUMNS).where('host_id', 'in', wish.hostIds).orderBy('issued_at_ms'),
);

/** Gives all certificates that have not expired to `take`. */
export async function eachCertificate(
  store: Store,
  nowMs: number,
  take: (row: CertificateRow) => void,
): Promise<void> {
  const query = store.db.selectFrom('certificates').select(COLUMNS).where('not_after_ms', '>=', nowMs);
  if (store.scan !== undefined) {
    await store.scan(query, (row) => {
      take(rowOf(row));
    });
    return;
  }
  for (let after = ''; ;) {
    const rows = await query
      .where('fingerprint', '>', after)
      .orderBy('fingerprint')
      .limit(FILL_ROWS_MAX)
      .execute();
    for (const row of rows) take(rowOf(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < FILL_ROWS_MAX) return;
    after = last.fingerprint;
  }
}

/** A page of certificates for administrators, the newest first; `after` is `issuedAtMs/fingerprint` of the last row. */
export async function listCertificateRows(
  db: DbOrTx,
  page: {
    limit: number;
    after: { issuedAtMs: number; fingerprint: string } | undefined;
    hostId: HostId | undefined;
    /** Certificates of hosts within it alone. */
    reach: Reach;
  },
): Promise<(CertificateRow & { hostName: string })[]> {
  let query = db
    .selectFrom('certificates')
    .innerJoin('hosts', 'hosts.id', 'certificates.host_id')
    .select([...COLUMNS, 'hosts.name as host_name'])
    .orderBy('issued_at_ms', 'desc')
    .orderBy('fingerprint')
    .limit(page.limit);
  if (page.hostId !== undefined) query = query.where('host_id', '=', page.hostId);
  if (page.reach !== 'domain') query = query.where('host_id', 'in', hostsWithin(db, page.reach));
  const { after } = page;
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('issued_at_ms', '<', after.issuedAtMs),
        row.and([row('issued_at_ms', '=', after.issuedAtMs), row('fingerprint', '>', after.fingerprint)]),
      ]),
    );
  return (await query.execute()).map((row) => ({ ...rowOf(row), hostName: row.host_name }));
}

export async function insertCertificate(
  tx: Tx,
  row: {
    certificate: Certificate;
    issuerKeyId: string;
    hostId: HostId;
    intentionId: string;
    replaces: string | null;
    crlShard: number;
    nowMs: number;
  },
): Promise<void> {
  const { certificate } = row;
  await insertGood.run(tx, {
    fingerprint: certificate.fingerprint,
    issuer_key_id: row.issuerKeyId,
    serial: certificate.serial,
    host_id: row.hostId,
    der: base64(certificate.der),
    not_before_ms: certificate.notBeforeMs,
    not_after_ms: certificate.notAfterMs,
    issued_at_ms: row.nowMs,
    intention_id: row.intentionId,
    replaces: row.replaces,
    crl_shard: row.crlShard,
  });
}

type GoodRow = Omit<
  CertificatesTable,
  'first_used_at_ms' | 'revoke_due_at_ms' | 'revoked_at_ms' | 'revocation_reason' | 'renew_at_ms'
>;
const insertGood = prepared((db, row: GoodRow & Record<string, string | number | null>) =>
  db.insertInto('certificates').values({
    ...row,
    first_used_at_ms: null,
    revoke_due_at_ms: null,
    revoked_at_ms: null,
    revocation_reason: null,
    renew_at_ms: null,
  }),
);

function rowOf(row: {
  fingerprint: string;
  issuer_key_id: string;
  serial: string;
  host_id: string;
  not_before_ms: number;
  not_after_ms: number;
  issued_at_ms: number;
  replaces: string | null;
  first_used_at_ms: number | null;
  revoke_due_at_ms: number | null;
  revoked_at_ms: number | null;
  revocation_reason: string | null;
}): CertificateRow {
  const fingerprint = parseSha256Hex(row.fingerprint);
  const hostId = parseHostId(row.host_id);
  if (fingerprint === undefined || hostId === undefined)
    throw new Error(`the row of certificate ${row.fingerprint} is not readable`);
  return {
    fingerprint,
    issuerKeyId: row.issuer_key_id,
    serial: row.serial,
    hostId,
    notBeforeMs: row.not_before_ms,
    notAfterMs: row.not_after_ms,
    issuedAtMs: row.issued_at_ms,
    replaces: row.replaces,
    firstUsedAtMs: row.first_used_at_ms,
    revokeDueAtMs: row.revoke_due_at_ms,
    revokedAtMs: row.revoked_at_ms,
    reason: REVOCATION_REASONS.find((reason) => reason === row.revocation_reason) ?? null,
  };
}
