import { ownValues } from '@sekisho/core/wire/group-settings.ts';
import { securitySettings, type SecuritySettings } from '@sekisho/core/wire/trust.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { parseDatabaseAddress, type DatabaseAddress } from '../../store/database-address.ts';
import { readMigrations } from '../../store/migrations.ts';
import { connectPostgres } from '../../store/postgres-servers.ts';
import { translatePostgresError } from '../../store/postgres-errors.ts';
import { SECURITY_DEFAULTS } from '../security/security-defaults.ts';

/** What can be seen of a database without holding or changing it, whether a server uses it or not. */
export interface DatabaseExamination {
  /** Where it is, without secrets. */
  readonly place: string;
  /** `SQLite 3.50`, `PostgreSQL 16.4` */
  readonly version: string;
  readonly schema: number;
  /** The newest schema that this program knows. */
  readonly known: number;
  /** Bytes of the write-ahead log; on SQLite alone. */
  readonly journalBytes: number | undefined;
  readonly keys: readonly {
    readonly role: string;
    readonly keyId: string;
    readonly attached: boolean;
    /** Envelope of the private key. */
    readonly sealed: string | undefined;
    /** From outside: it chains to no CA here (F-30). */
    readonly outside: boolean;
    readonly certificate: Certificate;
  }[];
  /** T-41: the newest list of each shard. */
  readonly crls: readonly {
    readonly number: number;
    readonly thisUpdateMs: number;
    readonly nextUpdateMs: number;
  }[];
  readonly security: SecuritySettings;
  /** Administrators who can sign in. */
  readonly administrators: number;
  /** T-50: those that talk without a certificate, the first by name. */
  readonly legacyHosts: readonly string[];
  /** T-20: legacy nodes of clusters that have upgraded ones too. */
  readonly mixedNodes: readonly { readonly cluster: string; readonly node: string }[];
  /** F-20: groups that let their agents go without verifying the server, whether the end has come or not. */
  readonly unverified: readonly { readonly group: string; readonly untilMs: number }[];
}

/** `damaged`: what SQLite's own check says. `silent`: nobody answers. */
export type ExaminationResult =
  | { readonly is: 'seen'; readonly database: DatabaseExamination }
  | { readonly is: 'damaged' | 'silent'; readonly place: string; readonly detail: string };

/** Looks at a database from outside; never throws for what is wrong with it. */
export async function examineDatabase(database: string): Promise<ExaminationResult> {
  const address = parseDatabaseAddress(database);
  const place = address.label;
  try {
    return address.dialect === 'sqlite' ? await examineSqlite(address) : await examinePostgres(address);
  } catch (error) {
    const said = address.dialect === 'postgres' ? translatePostgresError(error, place) : error;
    const detail = (said instanceof Error ? said.message : String(said)).slice(0, DETAIL_LENGTH_MAX);
    return { is: address.dialect === 'sqlite' ? 'damaged' : 'silent', place, detail };
  }
}

const DETAIL_LENGTH_MAX = 200;
const rowsOf = z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])));
type Rows = z.infer<typeof rowsOf>;
type Ask = (sql: string) => Promise<Rows>;

async function examineSqlite(address: DatabaseAddress & { dialect: 'sqlite' }): Promise<ExaminationResult> {
  const { path, label } = address;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const ask: Ask = (sql) => Promise.resolve(rowsOf.parse(database.prepare(sql).all()));
    const [checked] = await ask('PRAGMA quick_check(1)');
    const found = String(checked?.['quick_check'] ?? 'nothing');
    if (found !== 'ok') return { is: 'damaged', place: label, detail: found };
    const [version] = await ask('SELECT sqlite_version() AS v');
    const journalBytes = await stat(`${path}-wal`).then(
      ({ size }) => size,
      () => 0,
    );
    const known = readMigrations('sqlite').length;
    const facts = await read(ask);
    return {
      is: 'seen',
      database: { place: label, version: `SQLite ${String(version?.['v'])}`, known, journalBytes, ...facts },
    };
  } finally {
    database.close();
  }
}

async function examinePostgres(
  address: DatabaseAddress & { dialect: 'postgres' },
): Promise<ExaminationResult> {
  const client = await connectPostgres(address);
  try {
    await client.query(`SET default_transaction_read_only = on`);
    const ask: Ask = async (sql) => rowsOf.parse((await client.query<Record<string, unknown>>(sql)).rows);
    const [version] = await ask('SHOW server_version');
    const known = readMigrations('postgres').length;
    const facts = await read(ask);
    return {
      is: 'seen',
      database: {
        ...{ place: address.label, version: `PostgreSQL ${String(version?.['server_version'])}` },
        ...{ known, journalBytes: undefined, ...facts },
      },
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Names of legacy hosts that are told one by one. */
const LEGACY_SHOWN_MAX = 20;

async function read(
  ask: Ask,
): Promise<
  Pick<
    DatabaseExamination,
    'schema' | 'keys' | 'crls' | 'security' | 'administrators' | 'legacyHosts' | 'mixedNodes' | 'unverified'
  >
> {
  const [schema] = await ask('SELECT max(version) AS n FROM schema_migrations');
  const keys = await ask(
    `SELECT key_id, role, sealed, chain, certificate FROM ca_keys WHERE state = 'active'`,
  );
  const [security] = await ask(`SELECT value FROM settings WHERE key = 'security'`);
  const [administrators] = await ask('SELECT count(*) AS n FROM administrators WHERE disabled_at_ms IS NULL');
  const legacy = await ask(
    `SELECT name FROM hosts WHERE legacy_since_ms IS NOT NULL ORDER BY name LIMIT ${LEGACY_SHOWN_MAX}`,
  ).catch(() => []); // a schema from before there were any
  const crls = await ask(
    `SELECT number, this_update_ms, next_update_ms FROM crls newest WHERE number = (
       SELECT max(number) FROM crls WHERE issuer_key_id = newest.issuer_key_id AND shard = newest.shard)`,
  ).catch(() => []);
  const mixed = await ask(
    `SELECT cluster_nodes.cluster AS cluster, cluster_nodes.node AS node
     FROM cluster_nodes JOIN hosts ON hosts.name = cluster_nodes.node
     WHERE hosts.legacy_since_ms IS NOT NULL AND EXISTS (
       SELECT 1 FROM cluster_nodes other JOIN hosts upgraded ON upgraded.name = other.node
       WHERE other.cluster = cluster_nodes.cluster AND upgraded.legacy_since_ms IS NULL)
     ORDER BY cluster, node LIMIT ${LEGACY_SHOWN_MAX}`,
  ).catch(() => []);
  const groups = await ask('SELECT name, settings FROM groups ORDER BY name').catch(() => []);
  const stored: unknown = security === undefined ? {} : JSON.parse(String(security['value']));
  return {
    schema: Number(schema?.['n'] ?? 0),
    keys: keys.map((row) => ({
      role: String(row['role']),
      keyId: String(row['key_id']),
      attached: row['sealed'] !== null,
      sealed: row['sealed'] === null ? undefined : String(row['sealed']),
      outside: row['chain'] !== null,
      certificate: parseCertificate(Buffer.from(String(row['certificate']), 'base64')),
    })),
    security: securitySettings.parse({
      ...SECURITY_DEFAULTS,
      ...z.record(z.string(), z.unknown()).parse(stored),
    }),
    crls: crls.map((row) => ({
      number: Number(row['number']),
      thisUpdateMs: Number(row['this_update_ms']),
      nextUpdateMs: Number(row['next_update_ms']),
    })),
    administrators: Number(administrators?.['n'] ?? 0),
    legacyHosts: legacy.map((row) => String(row['name'])),
    mixedNodes: mixed.map((row) => ({ cluster: String(row['cluster']), node: String(row['node']) })),
    unverified: groups.flatMap((row) => {
      const own = ownValues.safeParse(JSON.parse(String(row['settings'])));
      const verification = own.data?.verification;
      return verification?.state === 'off'
        ? [{ group: String(row['name']), untilMs: verification.untilMs }]
        : [];
    }),
  };
}
