import type { Kysely, Transaction } from 'kysely';

/** The tables as TypeScript sees them. BIGINT is a number on both dialects; a test compares this file with the schema. */
export interface Tables {
  domain: DomainTable;
  ca_keys: CaKeysTable;
  ca_links: CaLinksTable;
  settings: SettingsTable;
  counters: CountersTable;
  groups: GroupsTable;
  hosts: HostsTable;
  host_names: HostNamesTable;
  pending_names: PendingNamesTable;
  known_hosts: KnownHostsTable;
  legacy_hosts: LegacyHostsTable;
  legacy_grants: LegacyGrantsTable;
  host_seen: HostSeenTable;
  signed_requests: SignedRequestsTable;
  tokens: TokensTable;
  intentions: IntentionsTable;
  certificates: CertificatesTable;
  crl_shards: CrlShardsTable;
  crls: CrlsTable;
  crl_parts: CrlPartsTable;
  package_files: PackageFilesTable;
  package_parts: PackagePartsTable;
  revocations: RevocationsTable;
  documents: DocumentsTable;
  server_lists: ServerListsTable;
  clusters: ClustersTable;
  cluster_nodes: ClusterNodesTable;
  application_mappings: ApplicationMappingsTable;
  application_hosts: ApplicationHostsTable;
  restore_grants: RestoreGrantsTable;
  plans: PlansTable;
  policy_plans: PolicyPlansTable;
  jobs: JobsTable;
  repositories: RepositoriesTable;
  points: PointsTable;
  host_events: HostEventsTable;
  outbox: OutboxTable;
  audit: AuditTable;
  audit_tiles: AuditTilesTable;
  audit_checkpoints: AuditCheckpointsTable;
  audit_keys: AuditKeysTable;
  audit_merges: AuditMergesTable;
  change_feed: ChangeFeedTable;
  workers: WorkersTable;
  sessions: SessionsTable;
  leases: LeasesTable;
  administrators: AdministratorsTable;
  administrator_grants: AdministratorGrantsTable;
  sign_in_links: SignInLinksTable;
  spent_sign_in_steps: SpentSignInStepsTable;
  admin_sessions: AdminSessionsTable;
  api_keys: ApiKeysTable;
  passkeys: PasskeysTable;
  sign_in_failures: SignInFailuresTable;
  idempotency_keys: IdempotencyKeysTable;
  tasks: TasksTable;
  rotations: RotationsTable;
  rotation_servers: RotationServersTable;
  rotation_steps: RotationStepsTable;
  expiry_alerts: ExpiryAlertsTable;
  schema_migrations: SchemaMigrationsTable;
}

/** Queries outside a transaction: single statements and reads. */
export type Db = Kysely<Tables>;
/** What `store.transaction` hands to its work; everything that writes more than one row takes this. */
export type Tx = Transaction<Tables>;
/** A read that may stand inside a transaction or outside. */
export type DbOrTx = Db | Tx;

export interface DomainTable {
  id: string;
  name: string;
  server_id: string;
  server_host_id: string;
  created_at_ms: number;
}

export interface CaLinksTable {
  fingerprint: string;
  from_key_id: string;
  to_key_id: string;
  kind: string;
  certificate: string;
  created_at_ms: number;
}

export interface CaKeysTable {
  key_id: string;
  role: string;
  algorithm: string;
  sealed: string | null;
  certificate: string;
  fingerprint: string;
  state: string;
  chain: string | null;
  created_at_ms: number;
  retired_at_ms: number | null;
}

export interface SettingsTable {
  key: string;
  value: string;
  changed_at_ms: number;
}

export interface CountersTable {
  name: string;
  value: number;
}

export interface GroupsTable {
  id: string;
  parent_id: string | null;
  name: string;
  settings: string;
  locked: string;
  own_since_ms: number | null;
  revision: number;
  created_at_ms: number;
  changed_at_ms: number;
}

export interface HostsTable {
  id: string;
  num: number;
  name: string;
  group_id: string;
  media_since_ms: number | null;
  media: string | null;
  legacy_since_ms: number | null;
  secure_since_ms: number | null;
  reissue_until_ms: number | null;
  created_at_ms: number;
}

export interface HostNamesTable {
  name: string;
  host_id: string;
  kind: string;
  created_at_ms: number;
  last_seen_ms: number | null;
}

export interface PendingNamesTable {
  name: string;
  host_id: string;
  reason: string;
  owner_id: string | null;
  asked_by: string;
  state: string;
  first_seen_ms: number;
  last_seen_ms: number;
  seen: number;
  decided_at_ms: number | null;
  decided_by: string | null;
}

export interface KnownHostsTable {
  name: string;
  registered_at_ms: number;
  registered_by: string;
  used_at_ms: number | null;
  host_id: string | null;
}

export interface LegacyHostsTable {
  host_id: string;
  kind: string;
  key_sha256: string | null;
  address: string | null;
  endpoint: string | null;
  version: string | null;
  last_seen_ms: number | null;
  added_at_ms: number;
  added_by: string;
}

export interface LegacyGrantsTable {
  host_id: string;
  repository: string;
  expires_at_ms: number;
  granted_at_ms: number;
  granted_by: string;
}

export interface SignedRequestsTable {
  host_id: string;
  at_ms: number;
}

export interface HostSeenTable {
  num: number;
  last_seen_ms: number;
  bundle_generation: number;
  list_serial: number;
  assignment_serial: number;
  policy_serial: number;
  crl_number: number;
  heartbeat_seconds: number;
  shown_key: number;
  orphaned_at_s: number;
  fingerprint: string;
  version: string;
  boot_id: string;
  health: string;
  capabilities: string;
}

export interface TokensTable {
  id: string;
  name: string;
  purpose: string;
  secret_sha256: string;
  uses_max: number;
  uses: number;
  host_name: string | null;
  host_id: string | null;
  media_since_ms: number | null;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  deleted_at_ms: number | null;
}

export interface IntentionsTable {
  id: string;
  kind: string;
  host_id: string;
  token_id: string | null;
  request_key: string;
  plan: string;
  created_at_ms: number;
  fingerprint: string | null;
  finished_at_ms: number | null;
  failure: string | null;
}

export interface CertificatesTable {
  fingerprint: string;
  issuer_key_id: string;
  serial: string;
  host_id: string;
  der: string;
  not_before_ms: number;
  not_after_ms: number;
  issued_at_ms: number;
  intention_id: string;
  replaces: string | null;
  first_used_at_ms: number | null;
  revoke_due_at_ms: number | null;
  revoked_at_ms: number | null;
  revocation_reason: string | null;
  crl_shard: number;
  renew_at_ms: number | null;
}

export interface CrlShardsTable {
  issuer_key_id: string;
  shard: number;
  uris: string;
  certificates: number;
  revision: number;
  opened_at_ms: number;
  closed_at_ms: number | null;
}

export interface CrlsTable {
  issuer_key_id: string;
  shard: number;
  number: number;
  revision: number;
  entries: number;
  list: string;
  parts: number;
  this_update_ms: number;
  next_update_ms: number;
}

export interface CrlPartsTable {
  list: string;
  part: number;
  created_at_ms: number;
  der: string;
}

export interface PackageFilesTable {
  sha256: string;
  platform: string;
  bytes: number;
  published_at_ms: number;
}

export interface PackagePartsTable {
  sha256: string;
  part: number;
  created_at_ms: number;
  content: string;
}

export interface RevocationsTable {
  num: number;
  host_id: string;
  reason: string;
  at_ms: number;
  revoked_by: string;
  certificates: number;
  needs: string;
  crl_number: number | null;
  listed_at_ms: number | null;
  hosts_then: number;
  last_host_num: number;
  confirmed: number;
  half_at_ms: number | null;
  all_at_ms: number | null;
}

export interface ClustersTable {
  name: string;
  created_at_ms: number;
  created_by: string;
}

export interface ClusterNodesTable {
  cluster: string;
  node: string;
}

export interface DocumentsTable {
  type: string;
  scope: string;
  serial: number;
  content_sha256: string;
  jws: string;
  made_at_ms: number;
}

export interface ServerListsTable {
  id: string;
  name: string;
  servers: string;
  revision: number;
  created_at_ms: number;
  created_by: string;
  changed_at_ms: number;
}

export interface ApplicationMappingsTable {
  name: string;
  application: string;
  revision: number;
  created_at_ms: number;
  created_by: string;
  changed_at_ms: number;
}

export interface ApplicationHostsTable {
  name: string;
  host_id: string;
}

export interface RestoreGrantsTable {
  job_id: string;
  repository: string;
  reader_id: string;
  media_host_id: string;
  granted_at_ms: number;
  expires_at_ms: number;
}

export interface PlansTable {
  id: string;
  name: string;
  virtual_name: string | null;
  spec: string;
  revision: number;
  enabled_since_ms: number;
  created_at_ms: number;
  changed_at_ms: number;
  deleted_at_ms: number | null;
}

export interface PolicyPlansTable {
  group_id: string;
  serial: number;
  plan_id: string;
  revision: number;
}

export interface JobsTable {
  id: string;
  num: number;
  kind: string;
  host_id: string;
  plan_id: string | null;
  launched_by: string;
  schedule_name: string | null;
  scheduled_at_ms: number | null;
  attempt: number;
  retry_of: string | null;
  state: string;
  act: string | null;
  order_expires_at_ms: number | null;
  cancel_asked_at_ms: number | null;
  created_at_ms: number;
  created_by: string;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  repository: string | null;
  snapshot_id: string | null;
  report: string | null;
}

export interface RepositoriesTable {
  name: string;
  host_id: string;
  media_host_id: string;
  generation: number;
  password: string;
  created_at_ms: number;
  sealed_at_ms: number | null;
  maintained_at_ms: number | null;
}

export interface PointsTable {
  repository: string;
  snapshot_id: string;
  num: number;
  host_id: string;
  received_at_ms: number;
  plan_id: string | null;
  job_id: string | null;
  schedule_name: string | null;
  files: number | null;
  bytes: number | null;
  removal_asked_at_ms: number | null;
  removed_at_ms: number | null;
}

export interface HostEventsTable {
  spool_id: string;
  host_id: string;
  event: string;
  at_ms: number;
  detail: string;
}

export interface OutboxTable {
  num: number;
  kind: string;
  subject: string;
  body: string;
  created_at_ms: number;
}

export interface AuditTable {
  seq: number;
  at_ms: number;
  category: string;
  act: string;
  actor: string;
  origin: string;
  subject: string;
  outcome: string;
  detail: string;
  mac: string;
}

export interface AuditTilesTable {
  level: number;
  idx: number;
  hashes: string;
}

export interface AuditCheckpointsTable {
  size: number;
  root: string;
  note: string;
  at_ms: number;
}

export interface AuditKeysTable {
  id: string;
  public_key: string;
  sealed: string;
  state: string;
  created_at_ms: number;
}

export interface AuditMergesTable {
  merge_key: string;
  breadth: string;
  act: string;
  actor: string;
  origin: string;
  subject: string;
  code: string;
  reason: string;
  count: number;
  first_at_ms: number;
  last_at_ms: number;
  closes_at_ms: number;
}

export interface ChangeFeedTable {
  seq: number;
  kind: string;
  key: string;
  at_ms: number;
}

export interface WorkersTable {
  id: string;
  instance_id: string;
  started_at_ms: number;
  alive_at_ms: number;
  feed_seq: number;
}

export interface SessionsTable {
  host_id: string;
  worker_id: string;
  epoch: number;
  boot_id: string;
  since_ms: number;
}

export interface LeasesTable {
  name: string;
  worker_id: string;
  epoch: number;
  expires_at_ms: number;
}

export interface AdministratorsTable {
  id: string;
  name: string;
  display_name: string;
  password_hash: string | null;
  totp_sealed: string | null;
  totp_step: number | null;
  oidc_issuer: string | null;
  oidc_subject: string | null;
  created_at_ms: number;
  created_by: string;
  disabled_at_ms: number | null;
  revision: number;
}

export interface AdministratorGrantsTable {
  administrator_id: string;
  role: string;
  group_id: string;
}

export interface SignInLinksTable {
  secret_sha256: string;
  purpose: string;
  administrator_id: string | null;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  used_at_ms: number | null;
}

export interface SpentSignInStepsTable {
  step_sha256: string;
  forget_at_ms: number;
}

export interface AdminSessionsTable {
  id: string;
  secret_sha256: string;
  administrator_id: string;
  method: string;
  origin: string;
  origin_key: string;
  user_agent: string;
  created_at_ms: number;
  used_at_ms: number;
  expires_at_ms: number;
  revoked_at_ms: number | null;
}

export interface ApiKeysTable {
  id: string;
  name: string;
  secret_sha256: string;
  administrator_id: string;
  scopes: string;
  group_id: string;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  used_at_ms: number | null;
  revoked_at_ms: number | null;
}

export interface PasskeysTable {
  credential_id: string;
  administrator_id: string;
  name: string;
  public_key: string;
  sign_count: number;
  transports: string;
  created_at_ms: number;
  used_at_ms: number | null;
}

export interface SignInFailuresTable {
  subject: string;
  failures: number;
  first_at_ms: number;
  last_at_ms: number;
}

export interface IdempotencyKeysTable {
  actor: string;
  idempotency_key: string;
  request_sha256: string;
  status: number | null;
  reply_length: number;
  created_at_ms: number;
  reply: string | null;
}

export interface TasksTable {
  id: string;
  num: number;
  kind: string;
  state: string;
  input: string;
  progress: string | null;
  result: string | null;
  worker_id: string;
  created_at_ms: number;
  created_by: string;
  ended_at_ms: number | null;
}

export interface RotationsTable {
  id: string;
  num: number;
  open_slot: string | null;
  kind: string;
  path: string;
  phase: string;
  direction: string;
  emergency: string | null;
  from_key_id: string;
  to_key_id: string;
  detail: string;
  echo: string;
  accepted: string;
  problem: string | null;
  overlap_ms: number;
  paused_at_ms: number | null;
  phase_since_ms: number;
  unserved_ms: number;
  watched_at_ms: number;
  started_by: string;
  started_at_ms: number;
  ended_at_ms: number | null;
}

export interface RotationServersTable {
  rotation_id: string;
  instance_id: string;
  ordered_key_id: string | null;
  ordered_at_ms: number | null;
  shown_key_id: string | null;
  shown_at_ms: number | null;
}

export interface RotationStepsTable {
  rotation_id: string;
  seq: number;
  step: string;
  actor: string;
  detail: string;
  at_ms: number;
}

export interface ExpiryAlertsTable {
  fingerprint: string;
  days: number;
  at_ms: number;
}

export interface SchemaMigrationsTable {
  version: number;
  name: string;
  checksum: string;
  applied_at_ms: number;
}
