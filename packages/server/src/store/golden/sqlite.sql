CREATE TABLE admin_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  secret_sha256 TEXT NOT NULL UNIQUE,
  administrator_id TEXT NOT NULL REFERENCES administrators (id),
  method TEXT NOT NULL,
  origin TEXT NOT NULL,
  origin_key TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  revoked_at_ms BIGINT
);
CREATE TABLE administrator_grants (
  administrator_id TEXT NOT NULL REFERENCES administrators (id),
  role TEXT NOT NULL,
  group_id TEXT NOT NULL,
  PRIMARY KEY (administrator_id, role, group_id)
);
CREATE TABLE administrators (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  password_hash TEXT,
  totp_sealed TEXT,
  totp_step BIGINT,
  oidc_issuer TEXT,
  oidc_subject TEXT,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  disabled_at_ms BIGINT,
  revision BIGINT NOT NULL,
  UNIQUE (oidc_issuer, oidc_subject)
);
CREATE TABLE api_keys (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL UNIQUE,
  administrator_id TEXT NOT NULL REFERENCES administrators (id),
  scopes TEXT NOT NULL,
  group_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT,
  revoked_at_ms BIGINT
);
CREATE TABLE application_hosts (
  name TEXT NOT NULL REFERENCES application_mappings (name),
  host_id TEXT NOT NULL,
  PRIMARY KEY (name, host_id)
);
CREATE TABLE application_mappings (
  name TEXT NOT NULL PRIMARY KEY,
  application TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at_ms BIGINT NOT NULL
);
CREATE TABLE audit (
  seq BIGINT NOT NULL PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  category TEXT NOT NULL,
  act TEXT NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  mac TEXT NOT NULL
);
CREATE TABLE audit_checkpoints (
  size BIGINT NOT NULL PRIMARY KEY,
  root TEXT NOT NULL,
  note TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE TABLE audit_keys (
  id TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL,
  sealed TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
CREATE TABLE audit_merges (
  merge_key TEXT NOT NULL PRIMARY KEY,
  breadth TEXT NOT NULL,
  act TEXT NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT NOT NULL,
  subject TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  count BIGINT NOT NULL,
  first_at_ms BIGINT NOT NULL,
  last_at_ms BIGINT NOT NULL,
  closes_at_ms BIGINT NOT NULL
);
CREATE TABLE audit_tiles (
  level BIGINT NOT NULL,
  idx BIGINT NOT NULL,
  hashes TEXT NOT NULL,
  PRIMARY KEY (level, idx)
);
CREATE TABLE ca_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  role TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  sealed TEXT,
  certificate TEXT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  chain TEXT,
  created_at_ms BIGINT NOT NULL,
  retired_at_ms BIGINT
);
CREATE TABLE ca_links (
  fingerprint TEXT NOT NULL PRIMARY KEY,
  from_key_id TEXT NOT NULL,
  to_key_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  certificate TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
CREATE TABLE certificates (
  fingerprint TEXT NOT NULL PRIMARY KEY,
  issuer_key_id TEXT NOT NULL,
  serial TEXT NOT NULL,
  host_id TEXT NOT NULL,
  der TEXT NOT NULL,
  not_before_ms BIGINT NOT NULL,
  not_after_ms BIGINT NOT NULL,
  issued_at_ms BIGINT NOT NULL,
  intention_id TEXT NOT NULL,
  replaces TEXT,
  first_used_at_ms BIGINT,
  revoke_due_at_ms BIGINT,
  revoked_at_ms BIGINT,
  revocation_reason TEXT,
  crl_shard BIGINT NOT NULL,
  renew_at_ms BIGINT,
  UNIQUE (issuer_key_id, serial)
);
CREATE TABLE change_feed (
  seq BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE TABLE cluster_nodes (
  cluster TEXT NOT NULL REFERENCES clusters (name),
  node TEXT NOT NULL,
  PRIMARY KEY (cluster, node)
);
CREATE TABLE clusters (
  name TEXT NOT NULL PRIMARY KEY,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE TABLE counters (
  name TEXT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);
CREATE TABLE crl_parts (
  list TEXT NOT NULL,
  part BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  der TEXT NOT NULL,
  PRIMARY KEY (list, part)
);
CREATE TABLE crl_shards (
  issuer_key_id TEXT NOT NULL,
  shard BIGINT NOT NULL,
  uris TEXT NOT NULL,
  certificates BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  opened_at_ms BIGINT NOT NULL,
  closed_at_ms BIGINT,
  PRIMARY KEY (issuer_key_id, shard)
);
CREATE TABLE crls (
  issuer_key_id TEXT NOT NULL,
  shard BIGINT NOT NULL,
  number BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  list TEXT NOT NULL,
  parts BIGINT NOT NULL,
  this_update_ms BIGINT NOT NULL,
  next_update_ms BIGINT NOT NULL,
  PRIMARY KEY (issuer_key_id, shard, number)
);
CREATE TABLE documents (
  type TEXT NOT NULL,
  scope TEXT NOT NULL,
  serial BIGINT NOT NULL,
  content_sha256 TEXT NOT NULL,
  jws TEXT NOT NULL,
  made_at_ms BIGINT NOT NULL,
  PRIMARY KEY (type, scope, serial)
);
CREATE TABLE domain (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  server_id TEXT NOT NULL,
  server_host_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
CREATE TABLE expiry_alerts (
  fingerprint TEXT NOT NULL,
  days BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (fingerprint, days)
);
CREATE TABLE groups (
  id TEXT NOT NULL PRIMARY KEY,
  parent_id TEXT REFERENCES groups (id),
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  locked TEXT NOT NULL,
  own_since_ms BIGINT,
  revision BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  changed_at_ms BIGINT NOT NULL,
  UNIQUE (parent_id, name)
);
CREATE TABLE host_events (
  spool_id TEXT NOT NULL,
  host_id TEXT NOT NULL,
  event TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (host_id, spool_id)
);
CREATE TABLE host_names (
  name TEXT NOT NULL,
  host_id TEXT NOT NULL REFERENCES hosts (id),
  kind TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  last_seen_ms BIGINT,
  PRIMARY KEY (name, host_id)
);
CREATE TABLE host_seen (
  num BIGINT NOT NULL PRIMARY KEY,
  last_seen_ms BIGINT NOT NULL,
  bundle_generation BIGINT NOT NULL,
  list_serial BIGINT NOT NULL,
  assignment_serial BIGINT NOT NULL,
  policy_serial BIGINT NOT NULL,
  crl_number BIGINT NOT NULL,
  heartbeat_seconds BIGINT NOT NULL,
  shown_key BIGINT NOT NULL,
  orphaned_at_s BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,
  version TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  health TEXT NOT NULL,
  capabilities TEXT NOT NULL
);
CREATE TABLE hosts (
  id TEXT NOT NULL PRIMARY KEY,
  num BIGINT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  group_id TEXT NOT NULL REFERENCES groups (id),
  media_since_ms BIGINT,
  media TEXT,
  legacy_since_ms BIGINT,
  secure_since_ms BIGINT,
  reissue_until_ms BIGINT,
  created_at_ms BIGINT NOT NULL
);
CREATE TABLE idempotency_keys (
  actor TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  status BIGINT,
  reply_length BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  reply TEXT,
  PRIMARY KEY (actor, idempotency_key)
);
CREATE TABLE intentions (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  host_id TEXT NOT NULL,
  token_id TEXT,
  request_key TEXT NOT NULL UNIQUE,
  plan TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  fingerprint TEXT,
  finished_at_ms BIGINT,
  failure TEXT
);
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  num BIGINT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  host_id TEXT NOT NULL,
  plan_id TEXT,
  launched_by TEXT NOT NULL,
  schedule_name TEXT,
  scheduled_at_ms BIGINT,
  attempt BIGINT NOT NULL,
  retry_of TEXT,
  state TEXT NOT NULL,
  act TEXT,
  order_expires_at_ms BIGINT,
  cancel_asked_at_ms BIGINT,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  started_at_ms BIGINT,
  ended_at_ms BIGINT,
  repository TEXT,
  snapshot_id TEXT,
  report TEXT
);
CREATE TABLE known_hosts (
  name TEXT NOT NULL PRIMARY KEY,
  registered_at_ms BIGINT NOT NULL,
  registered_by TEXT NOT NULL,
  used_at_ms BIGINT,
  host_id TEXT
);
CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  worker_id TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE TABLE legacy_grants (
  host_id TEXT NOT NULL REFERENCES legacy_hosts (host_id),
  repository TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  granted_at_ms BIGINT NOT NULL,
  granted_by TEXT NOT NULL,
  PRIMARY KEY (host_id, repository)
);
CREATE TABLE legacy_hosts (
  host_id TEXT NOT NULL PRIMARY KEY REFERENCES hosts (id),
  kind TEXT NOT NULL,
  key_sha256 TEXT,
  address TEXT,
  endpoint TEXT,
  version TEXT,
  last_seen_ms BIGINT,
  added_at_ms BIGINT NOT NULL,
  added_by TEXT NOT NULL
);
CREATE TABLE outbox (
  num BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
CREATE TABLE package_files (
  sha256 TEXT NOT NULL PRIMARY KEY,
  platform TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  published_at_ms BIGINT NOT NULL
);
CREATE TABLE package_parts (
  sha256 TEXT NOT NULL,
  part BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (sha256, part)
);
CREATE TABLE passkeys (
  credential_id TEXT NOT NULL PRIMARY KEY,
  administrator_id TEXT NOT NULL REFERENCES administrators (id),
  name TEXT NOT NULL,
  public_key TEXT NOT NULL,
  sign_count BIGINT NOT NULL,
  transports TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT
);
CREATE TABLE pending_names (
  name TEXT NOT NULL,
  host_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  owner_id TEXT,
  asked_by TEXT NOT NULL,
  state TEXT NOT NULL,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  decided_at_ms BIGINT,
  decided_by TEXT,
  PRIMARY KEY (name, host_id)
);
CREATE TABLE plans (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  virtual_name TEXT,
  spec TEXT NOT NULL,
  revision BIGINT NOT NULL,
  enabled_since_ms BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  changed_at_ms BIGINT NOT NULL,
  deleted_at_ms BIGINT
);
CREATE TABLE points (
  repository TEXT NOT NULL,
  snapshot_id TEXT NOT NULL,
  num BIGINT NOT NULL UNIQUE,
  host_id TEXT NOT NULL,
  received_at_ms BIGINT NOT NULL,
  plan_id TEXT,
  job_id TEXT,
  schedule_name TEXT,
  files BIGINT,
  bytes BIGINT,
  removal_asked_at_ms BIGINT,
  removed_at_ms BIGINT,
  PRIMARY KEY (repository, snapshot_id)
);
CREATE TABLE policy_plans (
  group_id TEXT NOT NULL,
  serial BIGINT NOT NULL,
  plan_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (group_id, serial, plan_id)
);
CREATE TABLE repositories (
  name TEXT NOT NULL PRIMARY KEY,
  host_id TEXT NOT NULL,
  media_host_id TEXT NOT NULL,
  generation BIGINT NOT NULL,
  password TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  sealed_at_ms BIGINT,
  maintained_at_ms BIGINT,
  UNIQUE (host_id, generation)
);
CREATE TABLE restore_grants (
  job_id TEXT NOT NULL PRIMARY KEY,
  repository TEXT NOT NULL,
  reader_id TEXT NOT NULL,
  media_host_id TEXT NOT NULL,
  granted_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE TABLE revocations (
  num BIGINT NOT NULL PRIMARY KEY,
  host_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  revoked_by TEXT NOT NULL,
  certificates BIGINT NOT NULL,
  needs TEXT NOT NULL,
  crl_number BIGINT,
  listed_at_ms BIGINT,
  hosts_then BIGINT NOT NULL,
  last_host_num BIGINT NOT NULL,
  confirmed BIGINT NOT NULL,
  half_at_ms BIGINT,
  all_at_ms BIGINT
);
CREATE TABLE rotation_servers (
  rotation_id TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  ordered_key_id TEXT,
  ordered_at_ms BIGINT,
  shown_key_id TEXT,
  shown_at_ms BIGINT,
  PRIMARY KEY (rotation_id, instance_id)
);
CREATE TABLE rotation_steps (
  rotation_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  step TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (rotation_id, seq)
);
CREATE TABLE rotations (
  id TEXT NOT NULL PRIMARY KEY,
  num BIGINT NOT NULL UNIQUE,
  open_slot TEXT UNIQUE,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  phase TEXT NOT NULL,
  direction TEXT NOT NULL,
  emergency TEXT,
  from_key_id TEXT NOT NULL,
  to_key_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  echo TEXT NOT NULL,
  accepted TEXT NOT NULL,
  problem TEXT,
  overlap_ms BIGINT NOT NULL,
  paused_at_ms BIGINT,
  phase_since_ms BIGINT NOT NULL,
  unserved_ms BIGINT NOT NULL,
  watched_at_ms BIGINT NOT NULL,
  started_by TEXT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT
);
CREATE TABLE schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at_ms BIGINT NOT NULL
);
CREATE TABLE server_lists (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  servers TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at_ms BIGINT NOT NULL
);
CREATE TABLE sessions (
  host_id TEXT NOT NULL PRIMARY KEY,
  worker_id TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  boot_id TEXT NOT NULL,
  since_ms BIGINT NOT NULL
);
CREATE TABLE settings (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at_ms BIGINT NOT NULL
);
CREATE TABLE sign_in_failures (
  subject TEXT NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  first_at_ms BIGINT NOT NULL,
  last_at_ms BIGINT NOT NULL
);
CREATE TABLE sign_in_links (
  secret_sha256 TEXT NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL,
  administrator_id TEXT,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT
);
CREATE TABLE signed_requests (
  host_id TEXT NOT NULL PRIMARY KEY REFERENCES hosts (id),
  at_ms BIGINT NOT NULL
);
CREATE TABLE spent_sign_in_steps (
  step_sha256 TEXT NOT NULL PRIMARY KEY,
  forget_at_ms BIGINT NOT NULL
);
CREATE TABLE tasks (
  id TEXT NOT NULL PRIMARY KEY,
  num BIGINT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  input TEXT NOT NULL,
  progress TEXT,
  result TEXT,
  worker_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  ended_at_ms BIGINT
);
CREATE TABLE tokens (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  purpose TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL UNIQUE,
  uses_max BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  host_name TEXT,
  host_id TEXT,
  media_since_ms BIGINT,
  created_at_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  deleted_at_ms BIGINT
);
CREATE TABLE workers (
  id TEXT NOT NULL PRIMARY KEY,
  instance_id TEXT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  alive_at_ms BIGINT NOT NULL,
  feed_seq BIGINT NOT NULL
);
CREATE INDEX admin_sessions_by_administrator ON admin_sessions (administrator_id, created_at_ms);
CREATE INDEX admin_sessions_by_origin ON admin_sessions (administrator_id, origin_key);
CREATE INDEX api_keys_by_administrator ON api_keys (administrator_id, created_at_ms);
CREATE INDEX application_hosts_by_host ON application_hosts (host_id);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_merges_by_breadth ON audit_merges (breadth);
CREATE INDEX audit_merges_by_close ON audit_merges (closes_at_ms);
CREATE INDEX ca_keys_by_role ON ca_keys (role, state);
CREATE INDEX certificates_by_host ON certificates (host_id, issued_at_ms);
CREATE INDEX certificates_due ON certificates (revoke_due_at_ms) WHERE revoke_due_at_ms IS NOT NULL;
CREATE INDEX certificates_renewals ON certificates (host_id) WHERE renew_at_ms IS NOT NULL;
CREATE INDEX certificates_revoked
  ON certificates (issuer_key_id, crl_shard, serial, not_after_ms, revoked_at_ms, revocation_reason)
  WHERE revoked_at_ms IS NOT NULL;
CREATE INDEX host_names_by_host ON host_names (host_id);
CREATE INDEX host_names_by_last_seen ON host_names (last_seen_ms) WHERE kind = 'automatic';
CREATE INDEX hosts_by_group ON hosts (group_id);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at_ms);
CREATE INDEX intentions_open ON intentions (host_id) WHERE finished_at_ms IS NULL;
CREATE INDEX jobs_by_host ON jobs (host_id, state);
CREATE INDEX jobs_by_plan ON jobs (plan_id, host_id, scheduled_at_ms);
CREATE INDEX jobs_by_repository ON jobs (repository, state);
CREATE INDEX jobs_by_snapshot ON jobs (snapshot_id);
CREATE INDEX jobs_by_state ON jobs (state, num);
CREATE INDEX outbox_by_subject ON outbox (subject, created_at_ms);
CREATE INDEX passkeys_by_administrator ON passkeys (administrator_id);
CREATE INDEX pending_names_by_host ON pending_names (host_id);
CREATE INDEX points_by_host ON points (host_id, received_at_ms);
CREATE INDEX points_by_snapshot ON points (snapshot_id);
CREATE INDEX repositories_by_media ON repositories (media_host_id);
CREATE INDEX restore_grants_by_media ON restore_grants (media_host_id);
CREATE INDEX revocations_by_host ON revocations (host_id, num);
CREATE INDEX revocations_open ON revocations (num) WHERE all_at_ms IS NULL;
CREATE INDEX sessions_by_worker ON sessions (worker_id);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at_ms);
CREATE INDEX spent_sign_in_steps_by_time ON spent_sign_in_steps (forget_at_ms);
CREATE INDEX tasks_by_state ON tasks (state, num);
