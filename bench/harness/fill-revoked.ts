import { CRL_SHARD_CERTIFICATES_MAX as PER_SHARD } from '@sekisho/core/rules/revocation.ts';
import { DatabaseSync } from 'node:sqlite';

const DAY_MS = 86_400_000;
const ROWS_PER_TRANSACTION = 20_000;

/**
 * Writes revoked certificates into the database of a stopped server, in as many full shards as they need. They expired a day ago: a list
 * names them still, and a start does not load them.
 */
export function fillRevoked(path: string, entries: number, nowMs: number): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF');
  const issuer = String(
    Object.values(database.prepare(`SELECT key_id FROM ca_keys WHERE role = 'issuing'`).get() ?? {})[0],
  );
  const shard = database.prepare(
    'INSERT INTO crl_shards (issuer_key_id, shard, uris, certificates, revision, opened_at_ms, closed_at_ms) VALUES (?, ?, ?, ?, 1, ?, ?)',
  );
  const certificate = database.prepare(
    `INSERT INTO certificates (fingerprint, issuer_key_id, serial, host_id, der, not_before_ms, not_after_ms, issued_at_ms,
     intention_id, revoked_at_ms, revocation_reason, crl_shard) VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, 'keyCompromise', ?)`,
  );
  const at = BigInt(nowMs);
  for (let from = 0; from < entries; from += ROWS_PER_TRANSACTION) {
    database.exec('BEGIN');
    for (let n = from; n < Math.min(entries, from + ROWS_PER_TRANSACTION); n += 1) {
      const number = 1_000 + Math.floor(n / PER_SHARD);
      if (n % PER_SHARD === 0)
        shard.run(issuer, number, `["http://127.0.0.1/crl/${issuer}-${number}.crl"]`, PER_SHARD, at, at);
      // in order: a million rows at random places of their indexes would take minutes
      const fingerprint = n.toString(16).padStart(64, '0');
      const serial = `01${fingerprint.slice(-30)}`;
      const times = [BigInt(nowMs - 300 * DAY_MS), BigInt(nowMs - DAY_MS), BigInt(nowMs - 300 * DAY_MS)];
      certificate.run(
        ...[fingerprint, issuer, serial, fingerprint.slice(-32), ...times],
        ...[fingerprint, BigInt(nowMs - 2 * DAY_MS), number],
      );
    }
    database.exec('COMMIT');
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
