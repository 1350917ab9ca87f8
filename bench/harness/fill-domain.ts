import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { createHash } from 'node:crypto';

const ROWS_PER_TRANSACTION = 20_000;
const YEAR_MS = 365 * 86_400_000;
/** As long as a host's certificate and its signed assignment are. */
const DER_TEXT = 'A'.repeat(900);
const JWS_TEXT = `${'e'.repeat(1_100)}`;

/**
 * Writes hosts into the database of a stopped server, with all that a start reads of each: its row, what was last seen of it, its
 * certificate and its assignment. Ten agent versions, one group; every value is as long as a real one.
 */
export function fillDomain(path: string, hosts: number, nowMs: number): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF');
  const text = (sql: string): string => String(Object.values(database.prepare(sql).get() ?? {})[0]);
  const groupId = text('SELECT id FROM groups LIMIT 1');
  const issuer = text(`SELECT key_id FROM ca_keys WHERE role = 'issuing'`);
  const first = Number(text('SELECT coalesce(max(num), 0) FROM hosts')) + 1;
  const host = database.prepare(
    'INSERT INTO hosts (id, num, name, group_id, secure_since_ms, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const seen = database.prepare(
    `INSERT INTO host_seen (num, last_seen_ms, bundle_generation, list_serial, assignment_serial, policy_serial,
     crl_number, fingerprint, version, boot_id, health) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]')`,
  );
  const certificate = database.prepare(
    `INSERT INTO certificates (fingerprint, issuer_key_id, serial, host_id, der, not_before_ms, not_after_ms,
     issued_at_ms, intention_id, crl_shard) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
  );
  const assignment = database.prepare(
    `INSERT INTO documents (type, scope, serial, content_sha256, jws, made_at_ms) VALUES ('assignment', ?, ?, ?, ?, ?)`,
  );
  for (let from = 0; from < hosts; from += ROWS_PER_TRANSACTION) {
    database.exec('BEGIN');
    for (let n = from; n < Math.min(hosts, from + ROWS_PER_TRANSACTION); n += 1) {
      const id = randomUUID();
      const fingerprint = createHash('sha256').update(id).digest('hex');
      const num = BigInt(first + n);
      const serial = BigInt(nowMs + n);
      host.run(id, num, `host-${n}.bench.example`, groupId, BigInt(nowMs), BigInt(nowMs));
      seen.run(
        ...[num, BigInt(nowMs - (n % 300_000)), BigInt(nowMs), BigInt(nowMs), serial, BigInt(nowMs), 7n],
        ...[fingerprint, `1.2.${n % 10}`, randomUUID()],
      );
      certificate.run(
        ...[fingerprint, issuer, fingerprint.slice(0, 32), id, DER_TEXT],
        ...[BigInt(nowMs), BigInt(nowMs + YEAR_MS), BigInt(nowMs), fingerprint],
      );
      assignment.run(id, serial, fingerprint, JWS_TEXT, BigInt(nowMs));
    }
    database.exec('COMMIT');
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
