import { parseHostId, parseSha256Hex, type HostId, type Sha256Hex } from '@sekisho/core/ids.ts';
import type { ComingRenewal } from '@sekisho/core/rules/renewal-load.ts';
import type { RenewalInformation } from '@sekisho/core/wire/agent.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** The certificate that a host uses, as far as its renewal goes. */
export interface CurrentCertificate extends ComingRenewal {
  readonly fingerprint: Sha256Hex;
  readonly hostId: HostId;
  readonly issuedAtMs: number;
}

const ROWS_PER_QUERY_MAX = 2_000;
const IDS_PER_QUERY_MAX = 500;
const COLUMNS = [
  'fingerprint',
  'host_id',
  'not_before_ms',
  'not_after_ms',
  'issued_at_ms',
  'renew_at_ms',
] as const;

/** The newest valid certificate of every host, in pages, so that others get their turn between. */
export async function* eachCurrentCertificate(
  db: DbOrTx,
  nowMs: number,
): AsyncGenerator<readonly CurrentCertificate[]> {
  for (let after = ''; ;) {
    const rows = await valid(db, nowMs)
      .where('host_id', '>', after)
      .orderBy('host_id')
      .orderBy('issued_at_ms')
      .orderBy('fingerprint')
      .limit(ROWS_PER_QUERY_MAX)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    const isLastPage = rows.length < ROWS_PER_QUERY_MAX;
    // the last host of a full page may go on in the next one, unless it fills the page by itself
    const cut = isLastPage || rows[0]?.host_id === last.host_id;
    const whole = cut ? rows : rows.filter((row) => row.host_id !== last.host_id);
    yield newestOf(whole);
    if (isLastPage) return;
    after = whole.at(-1)?.host_id ?? last.host_id;
  }
}

/** The newest valid certificate of each of these hosts; those without one are left out. */
export async function currentCertificates(
  db: DbOrTx,
  hostIds: readonly HostId[],
  nowMs: number,
): Promise<Map<HostId, CurrentCertificate>> {
  const found = new Map<HostId, CurrentCertificate>();
  for (let from = 0; from < hostIds.length; from += IDS_PER_QUERY_MAX) {
    const rows = await valid(db, nowMs)
      .where('host_id', 'in', hostIds.slice(from, from + IDS_PER_QUERY_MAX))
      .orderBy('host_id')
      .orderBy('issued_at_ms')
      .orderBy('fingerprint')
      .execute();
    for (const one of newestOf(rows)) found.set(one.hostId, one);
  }
  return found;
}

/** What agents are to be told: of one host, or of all. */
export async function renewalInformationOf(
  db: DbOrTx,
  nowMs: number,
  hostId?: HostId,
): Promise<Map<HostId, RenewalInformation>> {
  let query = valid(db, nowMs).where('renew_at_ms', 'is not', null).orderBy('issued_at_ms');
  if (hostId !== undefined) query = query.where('host_id', '=', hostId);
  const told = new Map<HostId, RenewalInformation>();
  for (const { hostId: id, fingerprint, renewAtMs } of (await query.execute()).map(currentOf))
    if (renewAtMs !== null) told.set(id, { fingerprint, renewAtMs });
  return told;
}

/** Says when a certificate is to be renewed; null: the agent's own reckoning stands again. */
export async function setRenewAt(tx: Tx, fingerprint: Sha256Hex, renewAtMs: number | null): Promise<void> {
  await tx
    .updateTable('certificates')
    .set({ renew_at_ms: renewAtMs })
    .where('fingerprint', '=', fingerprint)
    .execute();
}

const valid = (db: DbOrTx, nowMs: number) =>
  db
    .selectFrom('certificates')
    .select(COLUMNS)
    .where('revoked_at_ms', 'is', null)
    .where('revoke_due_at_ms', 'is', null)
    .where('not_after_ms', '>', nowMs);

interface Row {
  fingerprint: string;
  host_id: string;
  not_before_ms: number;
  not_after_ms: number;
  issued_at_ms: number;
  renew_at_ms: number | null;
}

/** Of rows in the order of hosts and issuance, the last of each host. */
const newestOf = (rows: readonly Row[]): CurrentCertificate[] =>
  rows.filter((row, at) => rows[at + 1]?.host_id !== row.host_id).map(currentOf);

function currentOf(row: Row): CurrentCertificate {
  const fingerprint = parseSha256Hex(row.fingerprint);
  const hostId = parseHostId(row.host_id);
  if (fingerprint === undefined || hostId === undefined)
    throw new Error(`the row of certificate ${row.fingerprint} is not readable`);
  return {
    fingerprint,
    hostId,
    notBeforeMs: row.not_before_ms,
    notAfterMs: row.not_after_ms,
    issuedAtMs: row.issued_at_ms,
    renewAtMs: row.renew_at_ms,
  };
}
