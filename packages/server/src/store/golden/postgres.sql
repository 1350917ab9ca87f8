admin_sessions.id text not null
admin_sessions.secret_sha256 text not null
admin_sessions.administrator_id text not null
admin_sessions.method text not null
admin_sessions.origin text not null
admin_sessions.origin_key text not null
admin_sessions.user_agent text not null
admin_sessions.created_at_ms bigint not null
admin_sessions.used_at_ms bigint not null
admin_sessions.expires_at_ms bigint not null
admin_sessions.revoked_at_ms bigint
administrator_grants.administrator_id text not null
administrator_grants.role text not null
administrator_grants.group_id text not null
administrators.id text not null
administrators.name text not null
administrators.display_name text not null
administrators.password_hash text
administrators.totp_sealed text
administrators.totp_step bigint
administrators.oidc_issuer text
administrators.oidc_subject text
administrators.created_at_ms bigint not null
administrators.created_by text not null
administrators.disabled_at_ms bigint
administrators.revision bigint not null
api_keys.id text not null
api_keys.name text not null
api_keys.secret_sha256 text not null
api_keys.administrator_id text not null
api_keys.scopes text not null
api_keys.group_id text not null
api_keys.created_at_ms bigint not null
api_keys.created_by text not null
api_keys.expires_at_ms bigint not null
api_keys.used_at_ms bigint
api_keys.revoked_at_ms bigint
application_hosts.name text not null
application_hosts.host_id text not null
application_mappings.name text not null
application_mappings.application text not null
application_mappings.revision bigint not null
application_mappings.created_at_ms bigint not null
application_mappings.created_by text not null
application_mappings.changed_at_ms bigint not null
audit.seq bigint not null
audit.at_ms bigint not null
audit.category text not null
audit.act text not null
audit.actor text not null
audit.origin text not null
audit.subject text not null
audit.outcome text not null
audit.detail text not null
audit.mac text not null
audit_checkpoints.size bigint not null
audit_checkpoints.root text not null
audit_checkpoints.note text not null
audit_checkpoints.at_ms bigint not null
audit_keys.id text not null
audit_keys.public_key text not null
audit_keys.sealed text not null
audit_keys.state text not null
audit_keys.created_at_ms bigint not null
audit_merges.merge_key text not null
audit_merges.breadth text not null
audit_merges.act text not null
audit_merges.actor text not null
audit_merges.origin text not null
audit_merges.subject text not null
audit_merges.code text not null
audit_merges.reason text not null
audit_merges.count bigint not null
audit_merges.first_at_ms bigint not null
audit_merges.last_at_ms bigint not null
audit_merges.closes_at_ms bigint not null
audit_tiles.level bigint not null
audit_tiles.idx bigint not null
audit_tiles.hashes text not null
ca_keys.key_id text not null
ca_keys.role text not null
ca_keys.algorithm text not null
ca_keys.sealed text
ca_keys.certificate text not null
ca_keys.fingerprint text not null
ca_keys.state text not null
ca_keys.chain text
ca_keys.created_at_ms bigint not null
ca_keys.retired_at_ms bigint
ca_links.fingerprint text not null
ca_links.from_key_id text not null
ca_links.to_key_id text not null
ca_links.kind text not null
ca_links.certificate text not null
ca_links.created_at_ms bigint not null
certificates.fingerprint text not null
certificates.issuer_key_id text not null
certificates.serial text not null
certificates.host_id text not null
certificates.der text not null
certificates.not_before_ms bigint not null
certificates.not_after_ms bigint not null
certificates.issued_at_ms bigint not null
certificates.intention_id text not null
certificates.replaces text
certificates.first_used_at_ms bigint
certificates.revoke_due_at_ms bigint
certificates.revoked_at_ms bigint
certificates.revocation_reason text
certificates.crl_shard bigint not null
certificates.renew_at_ms bigint
change_feed.seq bigint not null
change_feed.kind text not null
change_feed.key text not null
change_feed.at_ms bigint not null
cluster_nodes.cluster text not null
cluster_nodes.node text not null
clusters.name text not null
clusters.created_at_ms bigint not null
clusters.created_by text not null
counters.name text not null
counters.value bigint not null
crl_parts.list text not null
crl_parts.part bigint not null
crl_parts.created_at_ms bigint not null
crl_parts.der text not null
crl_shards.issuer_key_id text not null
crl_shards.shard bigint not null
crl_shards.uris text not null
crl_shards.certificates bigint not null
crl_shards.revision bigint not null
crl_shards.opened_at_ms bigint not null
crl_shards.closed_at_ms bigint
crls.issuer_key_id text not null
crls.shard bigint not null
crls.number bigint not null
crls.revision bigint not null
crls.entries bigint not null
crls.list text not null
crls.parts bigint not null
crls.this_update_ms bigint not null
crls.next_update_ms bigint not null
documents.type text not null
documents.scope text not null
documents.serial bigint not null
documents.content_sha256 text not null
documents.jws text not null
documents.made_at_ms bigint not null
domain.id text not null
domain.name text not null
domain.server_id text not null
domain.server_host_id text not null
domain.created_at_ms bigint not null
expiry_alerts.fingerprint text not null
expiry_alerts.days bigint not null
expiry_alerts.at_ms bigint not null
groups.id text not null
groups.parent_id text
groups.name text not null
groups.settings text not null
groups.locked text not null
groups.own_since_ms bigint
groups.revision bigint not null
groups.created_at_ms bigint not null
groups.changed_at_ms bigint not null
host_events.spool_id text not null
host_events.host_id text not null
host_events.event text not null
host_events.at_ms bigint not null
host_events.detail text not null
host_names.name text not null
host_names.host_id text not null
host_names.kind text not null
host_names.created_at_ms bigint not null
host_names.last_seen_ms bigint
host_seen.num bigint not null
host_seen.last_seen_ms bigint not null
host_seen.bundle_generation bigint not null
host_seen.list_serial bigint not null
host_seen.assignment_serial bigint not null
host_seen.policy_serial bigint not null
host_seen.crl_number bigint not null
host_seen.heartbeat_seconds bigint not null
host_seen.shown_key bigint not null
host_seen.orphaned_at_s bigint not null
host_seen.fingerprint text not null
host_seen.version text not null
host_seen.boot_id text not null
host_seen.health text not null
host_seen.capabilities text not null
hosts.id text not null
hosts.num bigint not null
hosts.name text not null
hosts.group_id text not null
hosts.media_since_ms bigint
hosts.media text
hosts.legacy_since_ms bigint
hosts.secure_since_ms bigint
hosts.reissue_until_ms bigint
hosts.created_at_ms bigint not null
idempotency_keys.actor text not null
idempotency_keys.idempotency_key text not null
idempotency_keys.request_sha256 text not null
idempotency_keys.status bigint
idempotency_keys.reply_length bigint not null
idempotency_keys.created_at_ms bigint not null
idempotency_keys.reply text
intentions.id text not null
intentions.kind text not null
intentions.host_id text not null
intentions.token_id text
intentions.request_key text not null
intentions.plan text not null
intentions.created_at_ms bigint not null
intentions.fingerprint text
intentions.finished_at_ms bigint
intentions.failure text
jobs.id text not null
jobs.num bigint not null
jobs.kind text not null
jobs.host_id text not null
jobs.plan_id text
jobs.launched_by text not null
jobs.schedule_name text
jobs.scheduled_at_ms bigint
jobs.attempt bigint not null
jobs.retry_of text
jobs.state text not null
jobs.act text
jobs.order_expires_at_ms bigint
jobs.cancel_asked_at_ms bigint
jobs.created_at_ms bigint not null
jobs.created_by text not null
jobs.started_at_ms bigint
jobs.ended_at_ms bigint
jobs.repository text
jobs.snapshot_id text
jobs.report text
known_hosts.name text not null
known_hosts.registered_at_ms bigint not null
known_hosts.registered_by text not null
known_hosts.used_at_ms bigint
known_hosts.host_id text
leases.name text not null
leases.worker_id text not null
leases.epoch bigint not null
leases.expires_at_ms bigint not null
legacy_grants.host_id text not null
legacy_grants.repository text not null
legacy_grants.expires_at_ms bigint not null
legacy_grants.granted_at_ms bigint not null
legacy_grants.granted_by text not null
legacy_hosts.host_id text not null
legacy_hosts.kind text not null
legacy_hosts.key_sha256 text
legacy_hosts.address text
legacy_hosts.endpoint text
legacy_hosts.version text
legacy_hosts.last_seen_ms bigint
legacy_hosts.added_at_ms bigint not null
legacy_hosts.added_by text not null
outbox.num bigint not null
outbox.kind text not null
outbox.subject text not null
outbox.body text not null
outbox.created_at_ms bigint not null
package_files.sha256 text not null
package_files.platform text not null
package_files.bytes bigint not null
package_files.published_at_ms bigint not null
package_parts.sha256 text not null
package_parts.part bigint not null
package_parts.created_at_ms bigint not null
package_parts.content text not null
passkeys.credential_id text not null
passkeys.administrator_id text not null
passkeys.name text not null
passkeys.public_key text not null
passkeys.sign_count bigint not null
passkeys.transports text not null
passkeys.created_at_ms bigint not null
passkeys.used_at_ms bigint
pending_names.name text not null
pending_names.host_id text not null
pending_names.reason text not null
pending_names.owner_id text
pending_names.asked_by text not null
pending_names.state text not null
pending_names.first_seen_ms bigint not null
pending_names.last_seen_ms bigint not null
pending_names.seen bigint not null
pending_names.decided_at_ms bigint
pending_names.decided_by text
plans.id text not null
plans.name text not null
plans.virtual_name text
plans.spec text not null
plans.revision bigint not null
plans.enabled_since_ms bigint not null
plans.created_at_ms bigint not null
plans.changed_at_ms bigint not null
plans.deleted_at_ms bigint
points.repository text not null
points.snapshot_id text not null
points.num bigint not null
points.host_id text not null
points.received_at_ms bigint not null
points.plan_id text
points.job_id text
points.schedule_name text
points.files bigint
points.bytes bigint
points.removal_asked_at_ms bigint
points.removed_at_ms bigint
policy_plans.group_id text not null
policy_plans.serial bigint not null
policy_plans.plan_id text not null
policy_plans.revision bigint not null
repositories.name text not null
repositories.host_id text not null
repositories.media_host_id text not null
repositories.generation bigint not null
repositories.password text not null
repositories.created_at_ms bigint not null
repositories.sealed_at_ms bigint
repositories.maintained_at_ms bigint
restore_grants.job_id text not null
restore_grants.repository text not null
restore_grants.reader_id text not null
restore_grants.media_host_id text not null
restore_grants.granted_at_ms bigint not null
restore_grants.expires_at_ms bigint not null
revocations.num bigint not null
revocations.host_id text not null
revocations.reason text not null
revocations.at_ms bigint not null
revocations.revoked_by text not null
revocations.certificates bigint not null
revocations.needs text not null
revocations.crl_number bigint
revocations.listed_at_ms bigint
revocations.hosts_then bigint not null
revocations.last_host_num bigint not null
revocations.confirmed bigint not null
revocations.half_at_ms bigint
revocations.all_at_ms bigint
rotation_servers.rotation_id text not null
rotation_servers.instance_id text not null
rotation_servers.ordered_key_id text
rotation_servers.ordered_at_ms bigint
rotation_servers.shown_key_id text
rotation_servers.shown_at_ms bigint
rotation_steps.rotation_id text not null
rotation_steps.seq bigint not null
rotation_steps.step text not null
rotation_steps.actor text not null
rotation_steps.detail text not null
rotation_steps.at_ms bigint not null
rotations.id text not null
rotations.num bigint not null
rotations.open_slot text
rotations.kind text not null
rotations.path text not null
rotations.phase text not null
rotations.direction text not null
rotations.emergency text
rotations.from_key_id text not null
rotations.to_key_id text not null
rotations.detail text not null
rotations.echo text not null
rotations.accepted text not null
rotations.problem text
rotations.overlap_ms bigint not null
rotations.paused_at_ms bigint
rotations.phase_since_ms bigint not null
rotations.unserved_ms bigint not null
rotations.watched_at_ms bigint not null
rotations.started_by text not null
rotations.started_at_ms bigint not null
rotations.ended_at_ms bigint
schema_migrations.version bigint not null
schema_migrations.name text not null
schema_migrations.checksum text not null
schema_migrations.applied_at_ms bigint not null
server_lists.id text not null
server_lists.name text not null
server_lists.servers text not null
server_lists.revision bigint not null
server_lists.created_at_ms bigint not null
server_lists.created_by text not null
server_lists.changed_at_ms bigint not null
sessions.host_id text not null
sessions.worker_id text not null
sessions.epoch bigint not null
sessions.boot_id text not null
sessions.since_ms bigint not null
settings.key text not null
settings.value text not null
settings.changed_at_ms bigint not null
sign_in_failures.subject text not null
sign_in_failures.failures bigint not null
sign_in_failures.first_at_ms bigint not null
sign_in_failures.last_at_ms bigint not null
sign_in_links.secret_sha256 text not null
sign_in_links.purpose text not null
sign_in_links.administrator_id text
sign_in_links.created_at_ms bigint not null
sign_in_links.created_by text not null
sign_in_links.expires_at_ms bigint not null
sign_in_links.used_at_ms bigint
signed_requests.host_id text not null
signed_requests.at_ms bigint not null
spent_sign_in_steps.step_sha256 text not null
spent_sign_in_steps.forget_at_ms bigint not null
tasks.id text not null
tasks.num bigint not null
tasks.kind text not null
tasks.state text not null
tasks.input text not null
tasks.progress text
tasks.result text
tasks.worker_id text not null
tasks.created_at_ms bigint not null
tasks.created_by text not null
tasks.ended_at_ms bigint
tokens.id text not null
tokens.name text not null
tokens.purpose text not null
tokens.secret_sha256 text not null
tokens.uses_max bigint not null
tokens.uses bigint not null
tokens.host_name text
tokens.host_id text
tokens.media_since_ms bigint
tokens.created_at_ms bigint not null
tokens.created_by text not null
tokens.expires_at_ms bigint not null
tokens.deleted_at_ms bigint
workers.id text not null
workers.instance_id text not null
workers.started_at_ms bigint not null
workers.alive_at_ms bigint not null
workers.feed_seq bigint not null
admin_sessions: admin_sessions_administrator_id_fkey FOREIGN KEY (administrator_id) REFERENCES administrators(id)
admin_sessions: admin_sessions_pkey PRIMARY KEY (id)
admin_sessions: admin_sessions_secret_sha256_key UNIQUE (secret_sha256)
administrator_grants: administrator_grants_administrator_id_fkey FOREIGN KEY (administrator_id) REFERENCES administrators(id)
administrator_grants: administrator_grants_pkey PRIMARY KEY (administrator_id, role, group_id)
administrators: administrators_name_key UNIQUE (name)
administrators: administrators_oidc_issuer_oidc_subject_key UNIQUE (oidc_issuer, oidc_subject)
administrators: administrators_pkey PRIMARY KEY (id)
api_keys: api_keys_administrator_id_fkey FOREIGN KEY (administrator_id) REFERENCES administrators(id)
api_keys: api_keys_pkey PRIMARY KEY (id)
api_keys: api_keys_secret_sha256_key UNIQUE (secret_sha256)
application_hosts: application_hosts_name_fkey FOREIGN KEY (name) REFERENCES application_mappings(name)
application_hosts: application_hosts_pkey PRIMARY KEY (name, host_id)
application_mappings: application_mappings_pkey PRIMARY KEY (name)
audit: audit_pkey PRIMARY KEY (seq)
audit_checkpoints: audit_checkpoints_pkey PRIMARY KEY (size)
audit_keys: audit_keys_pkey PRIMARY KEY (id)
audit_merges: audit_merges_pkey PRIMARY KEY (merge_key)
audit_tiles: audit_tiles_pkey PRIMARY KEY (level, idx)
ca_keys: ca_keys_fingerprint_key UNIQUE (fingerprint)
ca_keys: ca_keys_pkey PRIMARY KEY (key_id)
ca_links: ca_links_pkey PRIMARY KEY (fingerprint)
certificates: certificates_issuer_key_id_serial_key UNIQUE (issuer_key_id, serial)
certificates: certificates_pkey PRIMARY KEY (fingerprint)
change_feed: change_feed_pkey PRIMARY KEY (seq)
cluster_nodes: cluster_nodes_cluster_fkey FOREIGN KEY (cluster) REFERENCES clusters(name)
cluster_nodes: cluster_nodes_pkey PRIMARY KEY (cluster, node)
clusters: clusters_pkey PRIMARY KEY (name)
counters: counters_pkey PRIMARY KEY (name)
crl_parts: crl_parts_pkey PRIMARY KEY (list, part)
crl_shards: crl_shards_pkey PRIMARY KEY (issuer_key_id, shard)
crls: crls_pkey PRIMARY KEY (issuer_key_id, shard, number)
documents: documents_pkey PRIMARY KEY (type, scope, serial)
domain: domain_pkey PRIMARY KEY (id)
expiry_alerts: expiry_alerts_pkey PRIMARY KEY (fingerprint, days)
groups: groups_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES groups(id)
groups: groups_parent_id_name_key UNIQUE (parent_id, name)
groups: groups_pkey PRIMARY KEY (id)
host_events: host_events_pkey PRIMARY KEY (host_id, spool_id)
host_names: host_names_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id)
host_names: host_names_pkey PRIMARY KEY (name, host_id)
host_seen: host_seen_pkey PRIMARY KEY (num)
hosts: hosts_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups(id)
hosts: hosts_name_key UNIQUE (name)
hosts: hosts_num_key UNIQUE (num)
hosts: hosts_pkey PRIMARY KEY (id)
idempotency_keys: idempotency_keys_pkey PRIMARY KEY (actor, idempotency_key)
intentions: intentions_pkey PRIMARY KEY (id)
intentions: intentions_request_key_key UNIQUE (request_key)
jobs: jobs_num_key UNIQUE (num)
jobs: jobs_pkey PRIMARY KEY (id)
known_hosts: known_hosts_pkey PRIMARY KEY (name)
leases: leases_pkey PRIMARY KEY (name)
legacy_grants: legacy_grants_host_id_fkey FOREIGN KEY (host_id) REFERENCES legacy_hosts(host_id)
legacy_grants: legacy_grants_pkey PRIMARY KEY (host_id, repository)
legacy_hosts: legacy_hosts_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id)
legacy_hosts: legacy_hosts_pkey PRIMARY KEY (host_id)
outbox: outbox_pkey PRIMARY KEY (num)
package_files: package_files_pkey PRIMARY KEY (sha256)
package_parts: package_parts_pkey PRIMARY KEY (sha256, part)
passkeys: passkeys_administrator_id_fkey FOREIGN KEY (administrator_id) REFERENCES administrators(id)
passkeys: passkeys_pkey PRIMARY KEY (credential_id)
pending_names: pending_names_pkey PRIMARY KEY (name, host_id)
plans: plans_pkey PRIMARY KEY (id)
points: points_num_key UNIQUE (num)
points: points_pkey PRIMARY KEY (repository, snapshot_id)
policy_plans: policy_plans_pkey PRIMARY KEY (group_id, serial, plan_id)
repositories: repositories_host_id_generation_key UNIQUE (host_id, generation)
repositories: repositories_pkey PRIMARY KEY (name)
restore_grants: restore_grants_pkey PRIMARY KEY (job_id)
revocations: revocations_pkey PRIMARY KEY (num)
rotation_servers: rotation_servers_pkey PRIMARY KEY (rotation_id, instance_id)
rotation_steps: rotation_steps_pkey PRIMARY KEY (rotation_id, seq)
rotations: rotations_num_key UNIQUE (num)
rotations: rotations_open_slot_key UNIQUE (open_slot)
rotations: rotations_pkey PRIMARY KEY (id)
schema_migrations: schema_migrations_pkey PRIMARY KEY (version)
server_lists: server_lists_name_key UNIQUE (name)
server_lists: server_lists_pkey PRIMARY KEY (id)
sessions: sessions_pkey PRIMARY KEY (host_id)
settings: settings_pkey PRIMARY KEY (key)
sign_in_failures: sign_in_failures_pkey PRIMARY KEY (subject)
sign_in_links: sign_in_links_pkey PRIMARY KEY (secret_sha256)
signed_requests: signed_requests_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id)
signed_requests: signed_requests_pkey PRIMARY KEY (host_id)
spent_sign_in_steps: spent_sign_in_steps_pkey PRIMARY KEY (step_sha256)
tasks: tasks_num_key UNIQUE (num)
tasks: tasks_pkey PRIMARY KEY (id)
tokens: tokens_pkey PRIMARY KEY (id)
tokens: tokens_secret_sha256_key UNIQUE (secret_sha256)
workers: workers_pkey PRIMARY KEY (id)
CREATE INDEX admin_sessions_by_administrator ON admin_sessions USING btree (administrator_id, created_at_ms);
CREATE INDEX admin_sessions_by_origin ON admin_sessions USING btree (administrator_id, origin_key);
CREATE UNIQUE INDEX admin_sessions_pkey ON admin_sessions USING btree (id);
CREATE UNIQUE INDEX admin_sessions_secret_sha256_key ON admin_sessions USING btree (secret_sha256);
CREATE UNIQUE INDEX administrator_grants_pkey ON administrator_grants USING btree (administrator_id, role, group_id);
CREATE UNIQUE INDEX administrators_name_key ON administrators USING btree (name);
CREATE UNIQUE INDEX administrators_oidc_issuer_oidc_subject_key ON administrators USING btree (oidc_issuer, oidc_subject);
CREATE UNIQUE INDEX administrators_pkey ON administrators USING btree (id);
CREATE INDEX api_keys_by_administrator ON api_keys USING btree (administrator_id, created_at_ms);
CREATE UNIQUE INDEX api_keys_pkey ON api_keys USING btree (id);
CREATE UNIQUE INDEX api_keys_secret_sha256_key ON api_keys USING btree (secret_sha256);
CREATE INDEX application_hosts_by_host ON application_hosts USING btree (host_id);
CREATE UNIQUE INDEX application_hosts_pkey ON application_hosts USING btree (name, host_id);
CREATE UNIQUE INDEX application_mappings_pkey ON application_mappings USING btree (name);
CREATE INDEX audit_by_subject ON audit USING btree (subject, seq);
CREATE UNIQUE INDEX audit_checkpoints_pkey ON audit_checkpoints USING btree (size);
CREATE UNIQUE INDEX audit_keys_pkey ON audit_keys USING btree (id);
CREATE INDEX audit_merges_by_breadth ON audit_merges USING btree (breadth);
CREATE INDEX audit_merges_by_close ON audit_merges USING btree (closes_at_ms);
CREATE UNIQUE INDEX audit_merges_pkey ON audit_merges USING btree (merge_key);
CREATE UNIQUE INDEX audit_pkey ON audit USING btree (seq);
CREATE UNIQUE INDEX audit_tiles_pkey ON audit_tiles USING btree (level, idx);
CREATE INDEX ca_keys_by_role ON ca_keys USING btree (role, state);
CREATE UNIQUE INDEX ca_keys_fingerprint_key ON ca_keys USING btree (fingerprint);
CREATE UNIQUE INDEX ca_keys_pkey ON ca_keys USING btree (key_id);
CREATE UNIQUE INDEX ca_links_pkey ON ca_links USING btree (fingerprint);
CREATE INDEX certificates_by_host ON certificates USING btree (host_id, issued_at_ms);
CREATE INDEX certificates_due ON certificates USING btree (revoke_due_at_ms) WHERE (revoke_due_at_ms IS NOT NULL);
CREATE UNIQUE INDEX certificates_issuer_key_id_serial_key ON certificates USING btree (issuer_key_id, serial);
CREATE UNIQUE INDEX certificates_pkey ON certificates USING btree (fingerprint);
CREATE INDEX certificates_renewals ON certificates USING btree (host_id) WHERE (renew_at_ms IS NOT NULL);
CREATE INDEX certificates_revoked ON certificates USING btree (issuer_key_id, crl_shard, serial, not_after_ms, revoked_at_ms, revocation_reason) WHERE (revoked_at_ms IS NOT NULL);
CREATE UNIQUE INDEX change_feed_pkey ON change_feed USING btree (seq);
CREATE UNIQUE INDEX cluster_nodes_pkey ON cluster_nodes USING btree (cluster, node);
CREATE UNIQUE INDEX clusters_pkey ON clusters USING btree (name);
CREATE UNIQUE INDEX counters_pkey ON counters USING btree (name);
CREATE UNIQUE INDEX crl_parts_pkey ON crl_parts USING btree (list, part);
CREATE UNIQUE INDEX crl_shards_pkey ON crl_shards USING btree (issuer_key_id, shard);
CREATE UNIQUE INDEX crls_pkey ON crls USING btree (issuer_key_id, shard, number);
CREATE UNIQUE INDEX documents_pkey ON documents USING btree (type, scope, serial);
CREATE UNIQUE INDEX domain_pkey ON domain USING btree (id);
CREATE UNIQUE INDEX expiry_alerts_pkey ON expiry_alerts USING btree (fingerprint, days);
CREATE UNIQUE INDEX groups_parent_id_name_key ON groups USING btree (parent_id, name);
CREATE UNIQUE INDEX groups_pkey ON groups USING btree (id);
CREATE UNIQUE INDEX host_events_pkey ON host_events USING btree (host_id, spool_id);
CREATE INDEX host_names_by_host ON host_names USING btree (host_id);
CREATE INDEX host_names_by_last_seen ON host_names USING btree (last_seen_ms) WHERE (kind = 'automatic'::text);
CREATE UNIQUE INDEX host_names_pkey ON host_names USING btree (name, host_id);
CREATE UNIQUE INDEX host_seen_pkey ON host_seen USING btree (num);
CREATE INDEX hosts_by_group ON hosts USING btree (group_id);
CREATE UNIQUE INDEX hosts_name_key ON hosts USING btree (name);
CREATE UNIQUE INDEX hosts_num_key ON hosts USING btree (num);
CREATE UNIQUE INDEX hosts_pkey ON hosts USING btree (id);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys USING btree (created_at_ms);
CREATE UNIQUE INDEX idempotency_keys_pkey ON idempotency_keys USING btree (actor, idempotency_key);
CREATE INDEX intentions_open ON intentions USING btree (host_id) WHERE (finished_at_ms IS NULL);
CREATE UNIQUE INDEX intentions_pkey ON intentions USING btree (id);
CREATE UNIQUE INDEX intentions_request_key_key ON intentions USING btree (request_key);
CREATE INDEX jobs_by_host ON jobs USING btree (host_id, state);
CREATE INDEX jobs_by_plan ON jobs USING btree (plan_id, host_id, scheduled_at_ms);
CREATE INDEX jobs_by_repository ON jobs USING btree (repository, state);
CREATE INDEX jobs_by_snapshot ON jobs USING btree (snapshot_id);
CREATE INDEX jobs_by_state ON jobs USING btree (state, num);
CREATE UNIQUE INDEX jobs_num_key ON jobs USING btree (num);
CREATE UNIQUE INDEX jobs_pkey ON jobs USING btree (id);
CREATE UNIQUE INDEX known_hosts_pkey ON known_hosts USING btree (name);
CREATE UNIQUE INDEX leases_pkey ON leases USING btree (name);
CREATE UNIQUE INDEX legacy_grants_pkey ON legacy_grants USING btree (host_id, repository);
CREATE UNIQUE INDEX legacy_hosts_pkey ON legacy_hosts USING btree (host_id);
CREATE INDEX outbox_by_subject ON outbox USING btree (subject, created_at_ms);
CREATE UNIQUE INDEX outbox_pkey ON outbox USING btree (num);
CREATE UNIQUE INDEX package_files_pkey ON package_files USING btree (sha256);
CREATE UNIQUE INDEX package_parts_pkey ON package_parts USING btree (sha256, part);
CREATE INDEX passkeys_by_administrator ON passkeys USING btree (administrator_id);
CREATE UNIQUE INDEX passkeys_pkey ON passkeys USING btree (credential_id);
CREATE INDEX pending_names_by_host ON pending_names USING btree (host_id);
CREATE UNIQUE INDEX pending_names_pkey ON pending_names USING btree (name, host_id);
CREATE UNIQUE INDEX plans_pkey ON plans USING btree (id);
CREATE INDEX points_by_host ON points USING btree (host_id, received_at_ms);
CREATE INDEX points_by_snapshot ON points USING btree (snapshot_id);
CREATE UNIQUE INDEX points_num_key ON points USING btree (num);
CREATE UNIQUE INDEX points_pkey ON points USING btree (repository, snapshot_id);
CREATE UNIQUE INDEX policy_plans_pkey ON policy_plans USING btree (group_id, serial, plan_id);
CREATE INDEX repositories_by_media ON repositories USING btree (media_host_id);
CREATE UNIQUE INDEX repositories_host_id_generation_key ON repositories USING btree (host_id, generation);
CREATE UNIQUE INDEX repositories_pkey ON repositories USING btree (name);
CREATE INDEX restore_grants_by_media ON restore_grants USING btree (media_host_id);
CREATE UNIQUE INDEX restore_grants_pkey ON restore_grants USING btree (job_id);
CREATE INDEX revocations_by_host ON revocations USING btree (host_id, num);
CREATE INDEX revocations_open ON revocations USING btree (num) WHERE (all_at_ms IS NULL);
CREATE UNIQUE INDEX revocations_pkey ON revocations USING btree (num);
CREATE UNIQUE INDEX rotation_servers_pkey ON rotation_servers USING btree (rotation_id, instance_id);
CREATE UNIQUE INDEX rotation_steps_pkey ON rotation_steps USING btree (rotation_id, seq);
CREATE UNIQUE INDEX rotations_num_key ON rotations USING btree (num);
CREATE UNIQUE INDEX rotations_open_slot_key ON rotations USING btree (open_slot);
CREATE UNIQUE INDEX rotations_pkey ON rotations USING btree (id);
CREATE UNIQUE INDEX schema_migrations_pkey ON schema_migrations USING btree (version);
CREATE UNIQUE INDEX server_lists_name_key ON server_lists USING btree (name);
CREATE UNIQUE INDEX server_lists_pkey ON server_lists USING btree (id);
CREATE INDEX sessions_by_worker ON sessions USING btree (worker_id);
CREATE UNIQUE INDEX sessions_pkey ON sessions USING btree (host_id);
CREATE UNIQUE INDEX settings_pkey ON settings USING btree (key);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures USING btree (last_at_ms);
CREATE UNIQUE INDEX sign_in_failures_pkey ON sign_in_failures USING btree (subject);
CREATE UNIQUE INDEX sign_in_links_pkey ON sign_in_links USING btree (secret_sha256);
CREATE UNIQUE INDEX signed_requests_pkey ON signed_requests USING btree (host_id);
CREATE INDEX spent_sign_in_steps_by_time ON spent_sign_in_steps USING btree (forget_at_ms);
CREATE UNIQUE INDEX spent_sign_in_steps_pkey ON spent_sign_in_steps USING btree (step_sha256);
CREATE INDEX tasks_by_state ON tasks USING btree (state, num);
CREATE UNIQUE INDEX tasks_num_key ON tasks USING btree (num);
CREATE UNIQUE INDEX tasks_pkey ON tasks USING btree (id);
CREATE UNIQUE INDEX tokens_pkey ON tokens USING btree (id);
CREATE UNIQUE INDEX tokens_secret_sha256_key ON tokens USING btree (secret_sha256);
CREATE UNIQUE INDEX workers_pkey ON workers USING btree (id);
